-- A width that no buffer of the formatter could hold.
-- expect: script_error
return ("%1000000000d"):format(1)
