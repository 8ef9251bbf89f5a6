-- A directory tree, given as nested tables, through inspect.lua: printed, read back, compared.
-- Arguments: where modules are, the tree. Returns: what it holds, the printed tree.
local search_path, tree = ...
package.path = search_path
local inspect = require("inspect")
local tablex = require("pl.tablex")

local facts = { files = 0, directories = 0, bytes = 0 }
local function count(directory)
    facts.directories = facts.directories + 1
    for _, entry in ipairs(directory.entries) do
        if entry.entries then
            count(entry)
        else
            facts.files = facts.files + 1
            facts.bytes = facts.bytes + entry.bytes
        end
    end
end
count(tree)

-- For plain data what inspect prints is Lua, so Lua can read it.
local text = inspect(tree)
local again = assert(load("return " .. text, "=inspected", "t", {}))()
facts.same = tablex.deepcompare(tree, again)
return facts, text
