-- A generic for whose iterator is yield itself, in the main chunk.
-- expect: script_error
for _ in coroutine.yield do end
