-- Counts the characters of a long string, over and over.
-- expect: timeout
-- late: lib
local s = ("\u{10FFFF}"):rep(1 << 19)
while utf8.len(s) do end
