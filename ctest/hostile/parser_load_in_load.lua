-- A source that compiles and runs itself, and keeps all that it compiled on the stack.
-- expect: memory
-- limits: deadline_ms=5000
local source = "local source = ... return 1 + load(source)(source)"
local n = load(source)(source)
return n
