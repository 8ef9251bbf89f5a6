-- Posts under a name that is no string.
-- expect: script_error
engine.post_to_main_thread({}, 1)
