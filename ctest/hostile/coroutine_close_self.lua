-- Closes the coroutine that the job itself runs in.
-- expect: script_error
coroutine.close(coroutine.running())
