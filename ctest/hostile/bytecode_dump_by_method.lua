-- Looks for dump where strings have their methods.
-- expect: ok
local dump = ("").dump
local ok, code = pcall(dump or error, load("return 1"))
assert(not ok or not load(code, "x", "bt"))
