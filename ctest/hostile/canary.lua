-- Runs after each hostile script: whether everything that a healthy job needs is there and works.
-- Gets "job" or "none": the isolation that it runs under.
local isolation = ...
local KNOWN = [[ _G _VERSION assert collectgarbage coroutine debug dofile engine error getmetatable
    ipairs load loadfile math next os package pairs pcall print rawequal rawget rawlen rawset
    require select setmetatable string table tonumber tostring type utf8 warn xpcall ]]

-- Strings, by the library and by methods.
assert(("ab"):rep(3, "-") == "ab-ab-ab" and string.rep("x", 2) == "xx")
assert(("%5.2f|%d|%s|%q"):format(1.5, 7, true, "a\n") == ' 1.50|7|true|"a\\\n"')
assert(("hello world"):find("o w") == 5 and ("a.b"):find(".", 1, true) == 2)
assert(("key = value"):match("^(%w+)%s*=%s*(%w+)$") == "key")
assert(("hello"):gsub("l", { l = "L" }) == "heLLo" and select(2, ("aaa"):gsub("a", "%0%0")) == 3)
assert(("abc"):upper():lower():reverse() == "cba" and ("abc"):sub(-2) == "bc" and #"abc" == 3)
assert(("A"):byte() == 65 and string.char(72, 105) == "Hi" and ("abc"):len() == 3)
assert(string.unpack("<i4", string.pack("<i4", -2)) == -2 and string.packsize("i4") == 4)
local words = {}
for word in ("one two three"):gmatch("%a+") do words[#words + 1] = word end
assert(#words == 3 and words[3] == "three")
assert("10" + 5 == 15 and 1 .. "" == "1" and "a" < "b")
assert(not getmetatable("") or getmetatable("").__index == string)

-- Tables.
local t = { 3, 1, 2 }
table.sort(t)
assert(table.concat(t, ",") == "1,2,3")
table.sort(t, function(a, b) return a > b end)
table.insert(t, 0)
table.insert(t, 1, 4)
assert(table.concat(t) == "43210" and table.remove(t) == 0 and table.remove(t, 1) == 4)
assert(table.unpack(table.move({ 1, 2 }, 1, 2, 2), 3) == 2 and table.pack(1, nil).n == 2)
local sum = 0
for k, v in pairs({ 1, 2, x = 3 }) do sum = sum + v assert(k) end
for i, v in ipairs({ 4, 5 }) do sum = sum + i * v end
assert(sum == 20 and next({}) == nil and select("#", 1, 2) == 2)

-- Numbers and text.
assert(math.floor(2.5) == 2 and math.max(1, 3, 2) == 3 and math.type(1) == "integer")
assert(math.pi > 3.14 and math.pi < 3.15 and math.huge > math.maxinteger)
assert(math.tointeger(3.0) == 3)
assert(math.random(5) <= 5 and math.sqrt(16) == 4 and math.abs(math.mininteger + 1) > 0)
assert(utf8.len("äöü") == 3 and utf8.char(228) == "ä" and utf8.codepoint("ä") == 228)
assert(("aä"):match("^" .. utf8.charpattern) == "a" and utf8.offset("äb", 2) == 3)
assert(tonumber("0x10") == 16 and tostring(1.0) == "1.0" and type(nil) == "nil")

-- Coroutines.
local co = coroutine.create(function(a) return coroutine.yield(a + 1) end)
assert(select(2, coroutine.resume(co, 1)) == 2 and select(2, coroutine.resume(co, "end")) == "end")
assert(coroutine.status(co) == "dead" and not coroutine.resume(co) and coroutine.close(co))
local n = 0
for i in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) do n = n + i end
assert(n == 6 and type(coroutine.running()) == "thread")

-- Errors.
local ok, why = pcall(error, { code = 7 })
assert(not ok and why.code == 7)
assert(select(2, xpcall(error, function(e) return e .. "!" end, "x")) == "x!")
assert(select(2, pcall(error, "plain", 0)) == "plain" and not pcall(error))
assert(debug.traceback("here"):find("^here\nstack traceback:"))
local closed
do local _ <close> = setmetatable({}, { __close = function() closed = true end }) end
assert(closed)

-- Metatables and chunks.
local point = setmetatable({ 1 }, {
    __index = { y = 2 },
    __add = function(a, b) return a[1] + b end,
    __call = function() return 3 end,
    __tostring = function() return "point" end,
    __len = function() return 9 end,
})
assert(point + 1 == 2 and point.y == 2 and point() == 3 and #point == 9)
assert(tostring(point) == "point")
assert(rawlen(point) == 1 and rawget(point, "y") == nil and rawequal(point, point))
assert(load("return 1 + ...")(2) == 3 and not load("return return") and not load("\27Lua"))
local env = {}
load("x = 1", "=env", "t", env)()
assert(env.x == 1 and _ENV.x == nil or isolation == "none")

-- The host and its clock.
assert(os.time() > 1600000000 and os.clock() >= 0 and #os.date("%Y") == 4)
assert(os.time({ year = 2020, month = 1, day = 2, hour = 12 }) > 0 and os.difftime(2, 1) == 1)
assert(collectgarbage("count") > 0 and collectgarbage("step", 0) ~= nil)
assert(type(print) == "function" and type(engine.log) == "function")
assert(require("string") == string and _G.string == string and _VERSION == "Lua 5.4")
if isolation == "job" then
    for name in next, _G do
        assert(type(name) == "string" and KNOWN:find("%f[%w_]" .. name .. "%f[^%w_]"), name)
    end
    assert(getmetatable(_G) == nil or pcall(function() return _G.no_such_name end))
    assert(_G.no_such_name == nil)
end
return "healthy"
