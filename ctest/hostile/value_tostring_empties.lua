-- Making the text of the result changes the result, which has been read already.
-- expect: ok
local t = { 1, 2, 3 }
return setmetatable(t, { __tostring = function()
    for i = 1, 3 do t[i] = print end
    return "emptied"
end })
