-- Reads the environment of the process, where secrets may be.
-- expect: ok
assert(os.getenv == nil)
assert(os.setlocale == nil)
