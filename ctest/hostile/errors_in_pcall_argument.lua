-- Calls what cannot be called, through pcall, and takes that for granted.
-- expect: ok
for _, value in ipairs({ 1, "x", {}, true }) do assert(not pcall(value)) end
assert(not pcall(nil))
assert(not pcall(pcall))
assert(not xpcall(nil, print))
