-- The well-known way to trim a string, on a long run of spaces before a letter.
-- expect: timeout
-- late: lib
local s = (" "):rep(200000) .. "x" .. (" "):rep(200000) .. "y"
return s:match("^(.-)%s*$")
