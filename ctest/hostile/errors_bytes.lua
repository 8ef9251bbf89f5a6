-- A message with NULs, invalid UTF-8 and half of a character.
-- expect: script_error
error("a\0b\xff\xfe\xed\xa0\x80\xc3")
