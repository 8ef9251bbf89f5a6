-- Good values before a bad one: no result at all comes back.
-- expect: value_error
return 1, "two", { 3 }, print
