-- Unpacks as many values as there are integers.
-- expect: script_error
return table.unpack({}, math.mininteger, math.maxinteger)
