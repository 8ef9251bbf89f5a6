-- Returns a string of four megabytes, which is allowed.
-- expect: ok
-- limits: deadline_ms=5000
return ("x"):rep(4 << 20)
