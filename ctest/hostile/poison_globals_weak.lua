-- Makes the globals weak and collects: what only they hold is gone.
-- expect: ok
-- isolation: job
pcall(setmetatable, _G, { __mode = "kv" })
collectgarbage()
collectgarbage()
