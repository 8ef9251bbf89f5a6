-- A __pairs that gives something that cannot be called.
-- expect: script_error
for _ in pairs(setmetatable({}, { __pairs = function() return 42 end })) do end
