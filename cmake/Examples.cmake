# Every examples-c/<name>.c(pp) is a program and the CTest case example.<name>: it must exit with 0.

file(GLOB _examples CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples-c/*.c
     ${PROJECT_SOURCE_DIR}/examples-c/*.cpp)
foreach(_source IN LISTS _examples)
  get_filename_component(_name ${_source} NAME_WE)
  scriptloop_add_program(example_${_name} ${_source})
  add_test(NAME example.${_name} COMMAND example_${_name})
  set_tests_properties(example.${_name} PROPERTIES TIMEOUT 60 LABELS example)
endforeach()
