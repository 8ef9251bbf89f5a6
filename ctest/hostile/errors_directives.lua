-- A message that means something to printf.
-- expect: script_error
error("%s%s%s%n%999999d", 0)
