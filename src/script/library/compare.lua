-- Compares the library's functions with Lua's own, on arguments made at random.
local own = {
    find = string.find, match = string.match, gmatch = string.gmatch, gsub = string.gsub,
    rep = string.rep, concat = table.concat, insert = table.insert, remove = table.remove,
    move = table.move, sort = table.sort, load = load,
}

local random, format = math.random, string.format

local ATOMS = {
    "a", "b", "c", ".", "%a", "%d", "%s", "%w", "%x", "%p", "%l", "%u", "%c", "%g", "%A", "%D",
    "%S", "[ab]", "[^ab]", "[a-c]", "[%a_]", "[]]", "[^]]", "[a-]", "[%]]", "%.", "%%", "%1",
    "%2", "%b()", "%bab", "%f[a]", "%f[^a]", "(", ")", "()", "^", "$", "[", "]", "%", "%0", "%9",
    "-", "*", "+", "?", "[a", "[^", "%b", "%f", "\0", "\255", "x", " ",
}
local REPEATS = { "", "", "", "*", "+", "-", "?" }
local CHARS = { "a", "b", "c", "A", "1", " ", "(", ")", ".", "_", "%", "\0", "\255", "]", "x" }

local function pick(list)
    return list[random(#list)]
end

local function make(list, most, second)
    local parts = {}
    for at = 1, random(0, most) do
        parts[at] = pick(list) .. (second and pick(second) or "")
    end
    return table.concat(parts)
end

local function show(...)
    local shown = {}
    for at, value in ipairs(table.pack(...)) do
        shown[at] = type(value) == "string" and format("%q", value) or tostring(value)
    end
    return table.concat(shown, ", ")
end

-- Calls both and compares; the texts of errors may name another function.
local function same(name, mine, theirs, ...)
    local a = table.pack(pcall(mine, ...))
    local b = table.pack(pcall(theirs, ...))
    local equal = a.n == b.n
    for at = 1, a.n do
        -- Lua finds the name of a function by where it is, and its own are not there any
        -- more; and the two are called in two lines.
        local x, y = a[at], b[at]
        if not a[1] and type(x) == "string" then
            x, y = own.gsub(x, "to '.-'", ""), own.gsub(tostring(y), "to '.-'", "")
            x, y = own.gsub(x, "^compare:%d+: ", ""), own.gsub(y, "^compare:%d+: ", "")
        end
        equal = equal and (x == y)
    end
    if not equal then
        error(format("%s(%s): %s instead of %s", name, show(...), show(table.unpack(a, 1, a.n)),
            show(table.unpack(b, 1, b.n))), 0)
    end
end

local function all(iterate, ...)
    local found = {}
    for a, b in iterate(...) do
        found[#found + 1] = tostring(a) .. ":" .. tostring(b)
        if #found > 50 then break end
    end
    return table.concat(found, ";")
end

local TEMPLATES = { "", "x", "%0", "%1", "<%0%1>", "%2", "%%", "%", "%x", "a%9" }
local TABLE = { a = "1", b = 2, c = false, x = {}, [1] = "one" }

local function replacement()
    local kind = random(5)
    if kind == 1 then return pick(TEMPLATES) end
    if kind == 2 then return TABLE end
    if kind == 3 then return function(...) return (...) end end
    if kind == 4 then return function(a) if a == "a" then return nil end return "<>" end end
    return pick({ 1, 2.5, true, "%0%0" })
end

local function compare_strings()
    local subject, pattern = make(CHARS, 12), make(ATOMS, 5, REPEATS)
    local init = pick({ nil, 1, 0, -1, -3, 2, 5, 100, -100 })
    same("find", string.find, own.find, subject, pattern, init)
    same("find", string.find, own.find, subject, pattern, init, true)
    same("match", string.match, own.match, subject, pattern, init)
    same("gmatch", function(...) return all(string.gmatch, ...) end,
        function(...) return all(own.gmatch, ...) end, subject, pattern, init)
    same("gsub", string.gsub, own.gsub, subject, pattern, replacement(), pick({ nil, 0, 1, 2, -1 }))
    same("rep", string.rep, own.rep, subject, random(-2, 40), pick({ nil, "", ",", "ab" }))
end

-- Longer than what `rep` adds in one step, and parts that no step is a multiple of.
local function compare_long_strings()
    for _, part in ipairs({ "x", "abc", ("long"):rep(7001), ("longer"):rep(20000) }) do
        for _, separator in ipairs({ "", ",", ("-"):rep(70001) }) do
            for _, count in ipairs({ 1, 2, 3, 7, 70000 // (#part + #separator) + 2 }) do
                same("rep", string.rep, own.rep, part, count, separator)
            end
        end
    end
end

-- Also what lies behind a hole.
local function contents(list)
    local shown = {}
    for at = -1, 45 do
        shown[#shown + 1] = tostring(list[at])
    end
    return own.concat(shown, ",")
end

local function copy(list)
    return own.move(list, 1, #list, 1, {})
end

local function compare_lists(name, mine, theirs, list, ...)
    local a, b = copy(list), copy(list)
    same(name, function(...) local r = mine(a, ...) return r == a and "itself" or r end,
        function(...) local r = theirs(b, ...) return r == b and "itself" or r end, ...)
    local shown_a, shown_b = contents(a), contents(b)
    if shown_a ~= shown_b then
        error(format("%s(%s): {%s} instead of {%s}", name, show(...), shown_a, shown_b), 0)
    end
end

local function compare_tables()
    local list = {}
    for at = 1, random(0, 30) do
        list[at] = random(20)
    end
    local place = random(-1, #list + 2)
    compare_lists("insert", table.insert, own.insert, list, place, 99)
    compare_lists("insert", table.insert, own.insert, list, 99)
    compare_lists("remove", table.remove, own.remove, list, place)
    compare_lists("remove", table.remove, own.remove, list)
    compare_lists("move", table.move, own.move, list, random(-1, 5), random(0, 10), random(1, 20))
    compare_lists("concat", table.concat, own.concat, list, pick({ nil, "", ", " }),
        pick({ nil, 1, 3 }), pick({ nil, #list, 2, #list + 1 }))
    compare_lists("sort", table.sort, own.sort, list)
    compare_lists("sort", table.sort, own.sort, list, function(a, b) return a > b end)
    compare_lists("sort", table.sort, own.sort, list, function() return true end)
end

local function compare_load()
    local source = pick({ "return 1", "return ...", "x(", "return x", "", "\27Lua" })
    local env = pick({ nil, { x = 7 } })
    local function run(with)
        return function(...)
            local chunk, problem = with(...)
            if not chunk then return problem end
            return chunk(3)
        end
    end
    same("load", run(load), run(own.load), source, "=name", "t", env)
    same("load", run(load), run(own.load), source, pick({ nil, "@file" }), "t")
    local function pieces()
        local at = 0
        return function()
            at = at + 1
            return source:sub(at, at) ~= "" and source:sub(at, at) or nil
        end
    end
    same("load", function() return run(load)(pieces(), "=p", "t") end,
        function() return run(own.load)(pieces(), "=p", "t") end)
end

local function compare_errors()
    for _, arguments in ipairs({ {}, { 1 }, { {} }, { "x" }, { {}, {} }, { "x", "x", {} } }) do
        for _, name in ipairs({ "find", "match", "gmatch", "gsub", "rep" }) do
            same(name, string[name], own[name], table.unpack(arguments))
        end
        for _, name in ipairs({ "concat", "insert", "remove", "move", "sort" }) do
            same(name, table[name], own[name], table.unpack(arguments))
        end
    end
    same("concat", table.concat, own.concat, { 1, {}, 3 })
    same("rep", string.rep, own.rep, "xx", math.maxinteger)
    same("move", table.move, own.move, {}, 1, math.maxinteger, 2)
    same("move", table.move, own.move, {}, -1, math.maxinteger, 2)
    same("sort", table.sort, own.sort, { 1, "x" })
end

return function(rounds)
    math.randomseed(42)
    compare_errors()
    compare_long_strings()
    for _ = 1, rounds do
        compare_strings()
        compare_tables()
        compare_load()
    end
end
