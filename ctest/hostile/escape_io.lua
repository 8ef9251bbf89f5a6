-- Looks for files, pipes and standard streams.
-- expect: ok
assert(io == nil)
assert(not pcall(function() return io.read() end))
assert(not pcall(require, "io"))
