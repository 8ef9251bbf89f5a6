-- Names of thousands of characters in the message and the traceback.
-- expect: script_error
local name = ("n"):rep(100000)
local f = load("local t = ... t." .. name .. "()", "=" .. name)
f({})
