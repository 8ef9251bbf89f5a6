-- Joins a range that begins at the smallest integer: there is nothing.
-- expect: script_error
return table.concat({}, ",", math.mininteger, math.maxinteger)
