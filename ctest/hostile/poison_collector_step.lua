-- Asks the collector for steps of extreme sizes, which would leave it a debt.
-- expect: ok
for _, size in ipairs({ math.mininteger, -1, 0, 1 << 31, 1 << 53 }) do
    pcall(collectgarbage, "step", size)
end
