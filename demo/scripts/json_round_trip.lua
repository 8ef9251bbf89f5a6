-- One JSON document through dkjson: decoded, encoded with sorted keys, decoded again, compared.
-- Arguments: where modules are, the document. Returns: what it holds, the new text.
local search_path, document = ...
package.path = search_path
local dkjson = require("dkjson")
local tablex = require("pl.tablex")

local facts = { objects = 0, arrays = 0, keys = 0, strings = 0 }
local key_order, key_known = {}, {}

local function count(value)
    if type(value) == "string" then
        facts.strings = facts.strings + 1
    elseif type(value) == "table" and value ~= dkjson.null then
        local is_object = getmetatable(value).__jsontype == "object"
        local kind = is_object and "objects" or "arrays"
        facts[kind] = facts[kind] + 1
        for key, inner in pairs(value) do
            if is_object then
                facts.keys = facts.keys + 1
                if not key_known[key] then
                    key_known[key] = true
                    key_order[#key_order + 1] = key
                end
            end
            count(inner)
        end
    end
end

local value, _, problem = dkjson.decode(document, 1, dkjson.null)
assert(not problem, problem)
count(value)
-- The order of pairs differs from state to state; sorted keys make every state write the same.
table.sort(key_order)
local text = dkjson.encode(value, { indent = true, keyorder = key_order })
local again = dkjson.decode(text, 1, dkjson.null)
facts.same = tablex.deepcompare(value, again)
return facts, text
