-- A comparator resumes a coroutine that never comes back.
-- expect: timeout
table.sort({ 3, 2, 1 }, coroutine.wrap(function() while true do end end))
