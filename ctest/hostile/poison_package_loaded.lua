-- Replaces modules where require looks for them.
-- expect: ok
-- isolation: job
pcall(function()
    package.loaded.string = { rep = error }
    package.loaded._G = {}
    package.loaded.engine = false
end)
