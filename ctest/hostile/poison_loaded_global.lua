-- A chunk that was loaded without an environment writes globals.
-- expect: ok
-- isolation: job
load("stray_of_load = 1; string = nil")()
