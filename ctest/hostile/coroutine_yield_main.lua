-- Yields out of the main chunk.
-- expect: script_error
coroutine.yield(1, 2, 3)
