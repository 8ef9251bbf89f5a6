-- Changes the locale of the whole process.
-- expect: ok
assert(not pcall(function() os.setlocale("C.UTF-8") end))
assert(not pcall(function() os.setlocale("de_DE", "numeric") end))
