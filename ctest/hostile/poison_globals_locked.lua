-- Lets no global be written any more, and protects the metatable that does so.
-- expect: ok
-- isolation: job
pcall(setmetatable, _G, { __newindex = function() error("locked") end, __metatable = "locked" })
