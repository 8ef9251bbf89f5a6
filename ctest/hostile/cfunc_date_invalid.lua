-- A conversion that strftime does not have.
-- expect: script_error
return os.date("%Ez")
