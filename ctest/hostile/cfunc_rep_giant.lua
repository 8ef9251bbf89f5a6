-- Asks for a terabyte, which Lua refuses before it asks for memory.
-- expect: script_error|memory
return ("x"):rep(1 << 40)
