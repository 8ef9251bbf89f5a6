# wall_clock.<case>: the cases of ctest/wall_clock.c, with libfaketime between them and the clock.

find_file(FAKETIME_LIBRARY libfaketimeMT.so.1 PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/faketime
          /usr/lib/faketime /usr/lib64/faketime /usr/local/lib/faketime)
if(NOT FAKETIME_LIBRARY)
  message(STATUS "wall_clock.* is left out: there is no libfaketime; "
                 "`cargo xtask setup test` installs it")
elseif(NOT SCRIPTLOOP_SANITIZER) # both want to come first
  set(_source ${PROJECT_SOURCE_DIR}/ctest/wall_clock.c)
  scriptloop_add_test(${_source} 30 clock)
  scriptloop_cases(${_source} _cases)
  foreach(_case IN LISTS _cases)
    # What the wall clock says is in the file; the monotonic clock is the system's.
    set_tests_properties(
      wall_clock.${_case}
      PROPERTIES ENVIRONMENT
                 "LD_PRELOAD=${FAKETIME_LIBRARY};FAKETIME_DONT_FAKE_MONOTONIC=1;\
FAKETIME_NO_CACHE=1;FAKETIME_TIMESTAMP_FILE=${PROJECT_BINARY_DIR}/wall_clock.${_case}")
  endforeach()
endif()
