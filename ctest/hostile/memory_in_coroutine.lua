-- The memory is used up inside a coroutine, and resume only reports it.
-- expect: memory
-- limits: deadline_ms=5000
local co = coroutine.create(function() local s = "x" while true do s = s .. s end end)
return coroutine.resume(co)
