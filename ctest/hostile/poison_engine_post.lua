-- Wraps the host's function so that later messages would be changed.
-- expect: ok
-- isolation: job
local post = engine.post_to_main_thread
pcall(function()
    engine.post_to_main_thread = function(name) return post("stolen " .. name, 0) end
end)
