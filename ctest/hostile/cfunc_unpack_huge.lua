-- Unpacks more values than a stack can hold.
-- expect: script_error
return table.unpack({}, 1, 10000000)
