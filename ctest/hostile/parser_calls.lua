-- A call of a call of a call, which needs no stack: it may compile.
-- expect: ok
-- limits: deadline_ms=5000
local f = load("return f" .. ("()"):rep(20000), "=calls", "t", {})
if f then assert(not pcall(f)) end
