-- Posts, and then fails: the message came before the result.
-- expect: script_error
engine.post_to_main_thread("before", { 1, 2, 3 })
error("after")
