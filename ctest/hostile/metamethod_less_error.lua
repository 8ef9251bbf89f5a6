-- A sort whose items cannot be compared.
-- expect: script_error
table.sort({ {}, {}, {} })
