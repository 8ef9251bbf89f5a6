-- Waits for another year by asking the date over and over.
-- expect: timeout
local year = os.date("%Y")
while os.date("%Y") == year do end
