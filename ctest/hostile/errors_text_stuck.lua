-- Making the error's text gets stuck in a C function.
-- expect: timeout
-- late: lib
error(setmetatable({}, { __tostring = function()
    return ("a"):rep(50):match(("a-"):rep(30) .. "b")
end }))
