-- Runs once in each new state, before any script: adds what scripts speak to the host with, and
-- takes away what could end or corrupt it. Bytecode is refused wherever it could come in, because
-- Lua does not verify it. Every function here costs memory in every state: there are few.
--
-- Returns the function that makes `require` and `package` for the globals of one job.
local write_log, post, debug_library, sandboxed, modules = ...
local error, load, loadfile, pairs, rawget, select = error, load, loadfile, pairs, rawget, select
local setmetatable, tostring, type = setmetatable, tostring, type
local concat, format, math_type, package = table.concat, string.format, math.type, package
local searchpath = package.searchpath

local LEVELS = { error = 1, warn = 2, info = 3, debug = 4, trace = 5 }

local function join(...)
    local texts = { ... }
    for at = 1, select("#", ...) do
        texts[at] = tostring(texts[at])
    end
    return concat(texts, "\t")
end

function print(...)
    write_log(LEVELS.info, join(...))
end

function warn(...)
    local text = concat({ ... })
    if text:sub(1, 1) ~= "@" then
        write_log(LEVELS.warn, text)
    end
end

engine = {}
package.loaded.engine = engine

function engine.log(level, ...)
    local number = LEVELS[level] or math_type(level) == "integer" and level
    if not number or number < 1 or number > 5 then
        error("bad argument #1 to 'log' (error, warn, info, debug, trace or 1 to 5 expected)", 2)
    end
    write_log(number, join(...))
end

function engine.post_to_main_thread(name, data)
    if type(name) ~= "string" then
        local given = type(name)
        error("bad argument #1 to 'post_to_main_thread' (string expected, got " .. given .. ")", 2)
    end
    local problem = post(name, data)
    if problem then
        error(problem, 2)
    end
end

-- What ends the process, is the whole process's, or loads machine code.
os.exit, os.setlocale, package.loadlib = nil, nil, nil

-- A module of the host's, from memory.
local function search_host(name)
    local source = modules[name]
    if not source then
        return format("no module '%s' of the host", name)
    end
    local chunk, problem = load(source, "@" .. name, "t")
    if not chunk then
        error(format("error loading module '%s':\n\t%s", name, problem), 0)
    end
    return chunk, name
end

-- `require` and `package` of a sandbox: modules come from the host, or from package.preload.
local function make_package(globals)
    local preload = {}
    local library = function(_, name)
        if name == "_G" then
            return globals
        end
        local found = globals[name]
        return type(found) == "table" and rawget(package.loaded, name) ~= nil and found or nil
    end
    local loaded = setmetatable({}, { __index = library, __metatable = false })
    local function require(name)
        if type(name) ~= "string" then
            error("bad argument #1 to 'require' (string expected, got " .. type(name) .. ")", 2)
        end
        local found = loaded[name]
        if found ~= nil then
            return found
        end
        local loader, where = preload[name], ":preload:"
        if not loader then
            loader, where = search_host(name)
        end
        if type(loader) ~= "function" then
            error("module '" .. name .. "' not found: " .. tostring(loader), 2)
        end
        found = loader(name, where)
        if found == nil then
            found = rawget(loaded, name)
        end
        if found == nil then
            found = true
        end
        loaded[name] = found
        return found, where
    end
    return require, { loaded = loaded, preload = preload }
end

if not sandboxed then
    function _G.loadfile(name, mode, ...)
        if mode == "b" then
            return nil, "bytecode is not available"
        end
        return loadfile(name, "t", ...)
    end

    function dofile(name)
        local chunk, problem = loadfile(name, "t")
        if not chunk then
            error(problem, 0)
        end
        return chunk()
    end

    local function search_lua(name)
        local path, tried = searchpath(name, package.path)
        if not path then
            return tried
        end
        local chunk, problem = loadfile(path, "t")
        if not chunk then
            error(format("error loading module '%s' from file '%s':\n\t%s", name, path, problem), 0)
        end
        return chunk, path
    end

    package.searchers[2] = search_host
    package.searchers[3] = search_lua
    package.searchers[4] = nil
    package.cpath = ""
    debug = debug_library
    package.loaded.debug = debug
    return make_package
end

-- The sandbox: what is not named here is not there.
local KEPT = {
    _G = true, _VERSION = true, assert = true, collectgarbage = true, error = true,
    getmetatable = true, ipairs = true, load = true, next = true, pairs = true, pcall = true,
    print = true, rawequal = true, rawget = true, rawlen = true, rawset = true, select = true,
    setmetatable = true, tonumber = true, tostring = true, type = true, warn = true,
    xpcall = true, coroutine = true, engine = true, math = true, os = true, string = true,
    table = true, utf8 = true,
}
for name in pairs(_G) do
    if not KEPT[name] then
        _G[name] = nil
    end
end
for name in pairs(package.loaded) do
    if not KEPT[name] then
        package.loaded[name] = nil
    end
end
for name in pairs(os) do
    if name ~= "clock" and name ~= "date" and name ~= "time" and name ~= "difftime" then
        os[name] = nil
    end
end
string.dump = nil
debug = { traceback = debug_library.traceback }
package.loaded.debug = debug
debug_library.getmetatable("").__metatable = false

-- Without isolation all jobs share one `require`.
require, _G.package = make_package(_G)

return make_package
