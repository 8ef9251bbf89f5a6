-- A year that no clock reaches.
-- expect: script_error
return os.time({ year = math.maxinteger, month = 1, day = 1 })
