-- One text through Penlight: wrapped, its words counted, the commonest of them in a report.
-- Arguments: where modules are, the text, the width. Returns: what was found, the report.
local search_path, text, width = ...
package.path = search_path
local List = require("pl.List")
local pretty = require("pl.pretty")
local stringx = require("pl.stringx")
local tablex = require("pl.tablex")
local template = require("pl.template")

local words = stringx.split(text)
local counts = {}
for word in words:iter() do
    counts[word] = (counts[word] or 0) + 1
end
local commonest = List(tablex.keys(counts)):sort(function(a, b)
    return counts[a] > counts[b] or (counts[a] == counts[b] and a < b)
end)
local top = commonest:slice(1, 10):map(function(word)
    return { word, counts[word] }
end)

-- Wrapping moves words to other lines, and must neither lose nor change one.
local lines = stringx.wrap(text, width)
local rewrapped = stringx.split(lines:join("\n"))

-- What Penlight writes as Lua, Lua reads back.
local again = assert(load("return " .. pretty.write(top), "=written", "t", {}))()
local same = tablex.deepcompare(again, top, true)

local report = assert(template.substitute(
    [[
$(words) words, $(distinct) of them distinct, $(lines) lines of at most $(width) bytes
# for i, entry in ipairs(top) do
$(stringx.rjust(tostring(i), 3)). $(stringx.ljust(entry[1], 24)) $(entry[2])
# end
]],
    {
        words = #words,
        distinct = #commonest,
        lines = #lines,
        width = width,
        top = top,
        stringx = stringx,
        ipairs = ipairs,
        tostring = tostring,
    }
))

return {
    words = #words,
    wrapped = #rewrapped,
    intact = words == rewrapped,
    same = same,
    top = top[1] and top[1][1] or "",
    top_count = top[1] and top[1][2] or 0,
}, report .. lines:join("\n")
