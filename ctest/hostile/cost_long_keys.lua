-- One access compares and hashes a key of two megabytes.
-- expect: timeout
local a, b = ("k"):rep(2 << 20), ("kk"):rep(1 << 20)
local t = { [a] = true }
while t[b] do end
