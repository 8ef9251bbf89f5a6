-- A loaded chunk sees no more than the script that loads it.
-- expect: ok
assert(load("return io")() == nil)
assert(load("return os.exit")() == nil)
assert((load("return _ENV", "=env", "t", nil)() or {}).io == nil)
assert(load("local a = ... return _G", "=env")().io == nil)
