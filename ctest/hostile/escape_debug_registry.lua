-- Reaches into the registry.
-- expect: script_error
return debug.getregistry()
