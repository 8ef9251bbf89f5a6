-- Walks over text that is no UTF-8.
-- expect: script_error
for _ in utf8.codes("a\xffb") do end
