-- Removes and renames files, and asks for names of temporary ones.
-- expect: ok
for _, name in ipairs({ "remove", "rename", "tmpname" }) do assert(os[name] == nil) end
