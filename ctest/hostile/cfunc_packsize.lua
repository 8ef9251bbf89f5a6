-- The size of the format does not fit into an integer.
-- expect: script_error
return string.packsize(("c2147483647"):rep(100))
