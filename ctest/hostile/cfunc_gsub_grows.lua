-- Each character is replaced by ten thousand.
-- expect: memory
-- limits: deadline_ms=5000
return ("x"):rep(100000):gsub(".", ("y"):rep(10000))
