-- Raises the coroutine that the job runs in.
-- expect: script_error
error((coroutine.running()))
