-- Lets debug.traceback, a C function, handle what ends it.
-- expect: timeout
while true do xpcall(function() while true do end end, debug.traceback) end
