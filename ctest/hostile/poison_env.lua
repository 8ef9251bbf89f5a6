-- Replaces the environment of its own chunk, which others do not share.
-- expect: ok
local assert, marker = assert, {}
_ENV = { marker = marker }
string = nil
assert(marker == _ENV.marker)
