-- Unpacks a million values of no length: there is no room for them.
-- expect: script_error
-- limits: memory_kib=262144, deadline_ms=5000
return string.unpack(("c0"):rep(1500000), "")
