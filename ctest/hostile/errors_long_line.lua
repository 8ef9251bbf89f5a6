-- The chunk's name holds line breaks and directives, and its lines go on for ever.
-- expect: script_error
load(("\n"):rep(100000) .. "error('far down')", "@%s\n%n\0x")()
