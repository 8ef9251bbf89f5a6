-- Goes on from a key that the table does not have.
-- expect: script_error
return next({}, "nowhere")
