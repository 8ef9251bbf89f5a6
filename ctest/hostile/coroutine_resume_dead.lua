-- Resumes a dead coroutine for ever, without an error that would end it.
-- expect: timeout
local co = coroutine.create(function() end)
while true do coroutine.resume(co) end
