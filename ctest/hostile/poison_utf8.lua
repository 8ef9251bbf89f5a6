-- Changes the pattern for characters.
-- expect: ok
-- isolation: job
pcall(function() utf8.charpattern = "%" end)
