-- Asks for a number from an empty range.
-- expect: script_error
return math.random(2, 1)
