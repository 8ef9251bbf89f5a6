# docs.cpp: what docs/cpp.md shows is one program, told in parts. Its blocks of C++, one after
# another, compile without a warning and run to their end.

set(_page ${PROJECT_SOURCE_DIR}/docs/cpp.md)
set(_program ${PROJECT_BINARY_DIR}/docs_cpp.cpp)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${_page})
file(READ ${_page} _rest)
set(_text)
string(FIND "${_rest}" "```cpp\n" _opening)
while(NOT _opening EQUAL -1)
  math(EXPR _opening "${_opening} + 7")
  string(SUBSTRING "${_rest}" ${_opening} -1 _rest)
  string(FIND "${_rest}" "\n```" _closing)
  math(EXPR _closing "${_closing} + 1")
  string(SUBSTRING "${_rest}" 0 ${_closing} _block)
  string(APPEND _text "${_block}\n")
  string(SUBSTRING "${_rest}" ${_closing} -1 _rest)
  string(FIND "${_rest}" "```cpp\n" _opening)
endwhile()
file(GENERATE OUTPUT ${_program} CONTENT "${_text}")

scriptloop_add_program(docs_cpp ${_program})
add_test(NAME docs.cpp COMMAND docs_cpp)
set_tests_properties(docs.cpp PROPERTIES TIMEOUT 60 LABELS example)
