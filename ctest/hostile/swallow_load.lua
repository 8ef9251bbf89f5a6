-- Each round runs in a chunk that was compiled for it.
-- expect: timeout
while true do pcall(load("while true do end")) end
