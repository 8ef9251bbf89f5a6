-- Returns strings with NULs and bytes that are no UTF-8, also as keys.
-- expect: ok
return "a\0b", "\xff\xfe", { ["\0"] = "\0", ["\xc3"] = "\x80" }, ""
