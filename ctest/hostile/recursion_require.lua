-- Asks for a module that is not there, within its own error handler.
-- expect: ok
assert(not xpcall(require, function() return require("nothing") end, "nothing"))
