-- Deeper parentheses than the parser's own stack.
-- expect: ok
assert(not load("return " .. ("("):rep(100000) .. "1" .. (")"):rep(100000)))
