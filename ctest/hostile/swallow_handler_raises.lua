-- The handler of an error raises errors, whose handler is itself.
-- expect: timeout
while true do xpcall(error, function(e) error(e) end) end
