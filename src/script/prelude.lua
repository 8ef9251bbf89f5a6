-- Runs once in each new state, before any script: takes away what could end or corrupt the host,
-- and adds what scripts speak to it with. Bytecode is refused wherever it could come in, because
-- Lua does not verify it. Every function here costs memory in every state: there are few.
local write_log, post, debug_library = ...
local error, load, loadfile, select, tostring, type = error, load, loadfile, select, tostring, type
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

function _G.load(chunk, name, mode, ...)
    if mode == "b" then
        return nil, "bytecode is not available"
    end
    return load(chunk, name, "t", ...)
end

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

package.searchers[2] = search_lua
package.searchers[3] = nil
package.searchers[4] = nil
package.cpath = ""

-- What ends the process, is the whole process's, or loads machine code.
os.exit, os.setlocale, package.loadlib = nil, nil, nil

debug = { getinfo = debug_library.getinfo, traceback = debug_library.traceback }
package.loaded.debug = debug
