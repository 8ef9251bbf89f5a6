-- Posts to the main thread as fast as it can, whatever the queue says to that.
-- expect: timeout
while true do pcall(engine.post_to_main_thread, "flood", 1) end
