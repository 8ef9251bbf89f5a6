-- Protection within protection: pcall in a coroutine in pcall in a coroutine.
-- expect: timeout
local function forever() while true do end end
local function inner() while true do pcall(forever) end end
local function outer() while true do coroutine.resume(coroutine.create(inner)) end end
while true do pcall(coroutine.wrap(outer)) end
