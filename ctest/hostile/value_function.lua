-- Returns a function.
-- expect: value_error
return function() end
