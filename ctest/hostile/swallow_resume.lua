-- A coroutine that is ended from outside is replaced by the next one.
-- expect: timeout
while true do
    coroutine.resume(coroutine.create(function() while true do end end))
end
