-- Catches the error and tries again for ever.
-- expect: memory
-- limits: deadline_ms=5000
while true do
    pcall(function()
        local s = "x"
        while true do s = s .. s end
    end)
end
