-- Errors of the library's own functions are plain strings, no handles of the host.
-- expect: ok
for _, f in ipairs({ engine.log, engine.post_to_main_thread, setmetatable, load, string.rep }) do
    local ok, why = pcall(f)
    assert(not ok and type(why) == "string")
end
