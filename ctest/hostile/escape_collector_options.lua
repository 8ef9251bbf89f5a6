-- Tries every option of the collector except those that are allowed.
-- expect: ok
for _, option in ipairs({ "stop", "restart", "setpause", "setstepmul", "generational",
    "incremental", "nothing", "" }) do
    assert(not pcall(collectgarbage, option, 0), option)
end
assert(collectgarbage("count") > 0)
assert(collectgarbage("collect") and collectgarbage() and collectgarbage("step") ~= nil)
