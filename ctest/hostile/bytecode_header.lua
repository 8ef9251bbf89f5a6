-- Loads what begins like bytecode.
-- expect: ok
assert(not load("\27Lua"))
assert(not load("\27Lua\x54\0\x19\x93\r\n\x1a\n" .. ("\0"):rep(200)))
