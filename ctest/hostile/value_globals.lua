-- Returns everything it can see.
-- expect: value_error
return _G
