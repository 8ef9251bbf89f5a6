-- The job's own source jumps to where nothing is.
-- expect: load_error
goto nowhere
