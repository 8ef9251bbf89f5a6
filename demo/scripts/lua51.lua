-- Loads a module that was written for Lua 5.1 and calls setfenv to keep its globals to itself.
-- Later versions have neither setfenv nor unpack: the module gets them from its environment.
local function load51(name)
    local globals = setmetatable({ unpack = table.unpack }, { __index = _G })
    globals._G = globals
    -- The environment holds nothing: it leads to `globals`, and after setfenv to the new one.
    -- The second call, which such modules end with, is not for the functions made before it.
    local leads = { __index = globals, __newindex = globals }
    function globals.setfenv(_, environment)
        if leads.__index == globals then
            leads.__index, leads.__newindex = environment, environment
        end
    end
    local path = assert(package.searchpath(name, package.path))
    return assert(loadfile(path, "t", setmetatable({}, leads)))(name)
end

local loaded = {}
return function(name)
    loaded[name] = loaded[name] or load51(name)
    return loaded[name]
end
