-- Returns a coroutine that never ends.
-- expect: value_error
return coroutine.create(function() while true do end end)
