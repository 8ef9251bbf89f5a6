-- A loop made of a label and a jump, without any loop statement.
-- expect: timeout
::again::
goto again
