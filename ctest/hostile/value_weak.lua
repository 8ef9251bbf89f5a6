-- Returns a weak table whose items nobody else holds.
-- expect: ok|script_error
return setmetatable({ {}, {}, { {} } }, { __mode = "v" })
