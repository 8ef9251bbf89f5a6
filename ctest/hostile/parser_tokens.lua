-- Sources of random tokens, which come further than random bytes.
-- expect: ok
-- limits: deadline_ms=5000
math.randomseed(11)
local tokens = { "if", "then", "end", "(", ")", "{", "}", "a", "=", "local", "function", "..", ",",
    "...", "::", "goto", "for", "in", "do", "<close>", "1", "'s'", "[", "]", "return", "-", "~=" }
for _ = 1, 2000 do
    local source = {}
    for i = 1, 30 do source[i] = tokens[math.random(#tokens)] end
    load(table.concat(source, " "))
end
