-- The job's own source ends in the middle of a string.
-- expect: load_error
return "no end
