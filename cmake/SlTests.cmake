# Every ctest/test_<noun>.c(pp) and ctest/stress_<what>.c is a program, and every line of it that
# opens with SL_TEST( is a CTest case, <noun>.<case>, in a process of its own. The sources are the
# only list. Those of the C++ layer are test_cpp_<what>.cpp.

if(SCRIPTLOOP_SANITIZER)
  set(_patience 10) # everything is that much slower
else()
  set(_patience 1)
endif()

# The names of the cases in a source.
function(scriptloop_cases source out)
  file(STRINGS ${source} lines REGEX "^SL_TEST\\(")
  string(REGEX MATCHALL "SL_TEST\\([A-Za-z0-9_]+" cases "${lines}")
  if(NOT cases)
    message(FATAL_ERROR "${source} has no line that opens with SL_TEST(")
  endif()
  list(TRANSFORM cases REPLACE "SL_TEST\\(" "")
  set(${out} ${cases} PARENT_SCOPE)
endfunction()

function(scriptloop_add_test source timeout label)
  get_filename_component(name ${source} NAME_WE)
  string(REGEX REPLACE "^test_" "" noun ${name})
  math(EXPR timeout "${timeout} * ${_patience}")
  scriptloop_add_program(${name} ${source})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/ctest)

  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  scriptloop_cases(${source} cases)
  foreach(case IN LISTS cases)
    add_test(NAME ${noun}.${case} COMMAND ${name} ${case})
    set_tests_properties(${noun}.${case} PROPERTIES TIMEOUT ${timeout} LABELS ${label})
  endforeach()
endfunction()

file(GLOB _tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/ctest/test_*.c
     ${PROJECT_SOURCE_DIR}/ctest/test_*.cpp)
foreach(_source IN LISTS _tests)
  scriptloop_add_test(${_source} 30 case)
endforeach()
target_compile_options(test_cpp_no_exceptions PRIVATE -fno-exceptions -fno-rtti)

file(GLOB _tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/ctest/stress_*.c
     ${PROJECT_SOURCE_DIR}/ctest/stress_*.cpp)
foreach(_source IN LISTS _tests)
  scriptloop_add_test(${_source} 120 stress)
endforeach()

# contract.<backend>.<clock>.<case>: the same cases for each; libuv's are in HostUv.
scriptloop_add_program(contract ${PROJECT_SOURCE_DIR}/ctest/contract.c)
target_include_directories(contract PRIVATE ${PROJECT_SOURCE_DIR}/ctest)
function(scriptloop_add_contract backend program)
  set(source ${PROJECT_SOURCE_DIR}/ctest/contract.c)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  scriptloop_cases(${source} cases)
  foreach(clock system virtual)
    foreach(case IN LISTS cases)
      set(name contract.${backend}.${clock}.${case})
      add_test(NAME ${name} COMMAND ${program} ${case})
      set_tests_properties(${name} PROPERTIES TIMEOUT 30 LABELS contract ENVIRONMENT
                           "SL_TEST_BACKEND=${backend};SL_TEST_CLOCK=${clock}")
    endforeach()
  endforeach()
endfunction()
scriptloop_add_contract(default contract)

# Every ctest/hostile/<script>.lua is a CTest case, hostile.<script>: what it says of itself holds,
# and the next job is healthy.
scriptloop_add_program(hostile ${PROJECT_SOURCE_DIR}/ctest/hostile.c)
target_include_directories(hostile PRIVATE ${PROJECT_SOURCE_DIR}/ctest)
math(EXPR _timeout "60 * ${_patience}")
file(GLOB _scripts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/ctest/hostile/*.lua)
list(REMOVE_ITEM _scripts ${PROJECT_SOURCE_DIR}/ctest/hostile/canary.lua)
foreach(_script IN LISTS _scripts)
  get_filename_component(_name ${_script} NAME_WE)
  add_test(NAME hostile.${_name} COMMAND hostile ${_script})
  set_tests_properties(hostile.${_name} PROPERTIES TIMEOUT ${_timeout} LABELS hostile)
endforeach()

# It brings a malloc of its own, and so do sanitizers.
if(NOT SCRIPTLOOP_SANITIZER)
  scriptloop_add_test(${PROJECT_SOURCE_DIR}/ctest/no_memory.c 30 case)
endif()
