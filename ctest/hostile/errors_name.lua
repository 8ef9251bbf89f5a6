-- Raises a table whose __name has bytes that break lines, terminals and C strings.
-- expect: script_error
error(setmetatable({}, { __name = "a\0b\27[2J\n\xff%s%n" }))
