-- A reader gives the escape character first and the rest in pieces.
-- expect: ok
local pieces = { "\27", "Lua", "\x54\0", "\x19\x93\r\n\x1a\n" }
local function reader() return table.remove(pieces, 1) end
local ok, f = pcall(load, reader, "x", "bt")
assert(not ok or not f)
