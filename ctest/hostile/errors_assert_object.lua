-- Asserts with a message that is a table with a looping metamethod, and catches it.
-- expect: ok
local odd = setmetatable({}, { __tostring = function() while true do end end })
local ok, why = pcall(assert, false, odd)
assert(not ok and rawequal(why, odd))
