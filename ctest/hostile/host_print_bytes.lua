-- Prints NULs, invalid UTF-8, directives of printf and terminal codes.
-- expect: ok
print("a\0b", "\xff\xfe\xc0\x80", "%s%n%d", "\27[2J\27]0;title\7", ("line\n"):rep(10))
