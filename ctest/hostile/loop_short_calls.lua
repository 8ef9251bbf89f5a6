-- Nothing but short calls of methods, as game code makes them.
-- expect: timeout
local enemy = { health = 0 }
function enemy:heal(by) self.health = self.health + by end
while true do enemy:heal(1) end
