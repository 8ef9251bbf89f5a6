-- Calls itself twice under pcall: 2^190 calls, none of which lets an error out.
-- expect: timeout
local function tree() pcall(tree) pcall(tree) end
tree()
