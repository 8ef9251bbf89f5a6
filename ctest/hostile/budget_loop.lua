-- Uses up its instructions in the plainest loop.
-- expect: instructions
-- limits: instructions=100000
while true do end
