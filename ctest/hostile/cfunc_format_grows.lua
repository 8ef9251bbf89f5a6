-- One long argument is shown a hundred times.
-- expect: memory
local s = ("x"):rep(1 << 20)
local args = {}
for i = 1, 100 do args[i] = s end
return ("%s"):rep(100):format(table.unpack(args))
