-- Fills a string with a terabyte of zeroes, one by one.
-- expect: memory|script_error
-- limits: deadline_ms=5000
return string.pack("c1000000000000", "")
