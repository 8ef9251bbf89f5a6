# Every examples-c/<name>.c(pp) is a program and the CTest case example.<name>: it must exit with 0.

file(GLOB _examples CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples-c/*.c
     ${PROJECT_SOURCE_DIR}/examples-c/*.cpp)
foreach(_source IN LISTS _examples)
  get_filename_component(_name ${_source} NAME_WE)
  scriptloop_add_shown(example.${_name} example_${_name} ${_source} ${_source})
endforeach()

# The same program without what it shows: then nothing moves, and it checks that.
if(TARGET example_drive_fetch)
  add_test(NAME example.drive_fetch_no_drive COMMAND example_drive_fetch no-drive)
  set_tests_properties(example.drive_fetch_no_drive PROPERTIES TIMEOUT 60 LABELS example)
endif()

# Those in a directory are of several files and have a Lua of their own.
find_path(EXAMPLES_LUA_INCLUDE lua.h PATHS /usr/include/lua5.4 NO_DEFAULT_PATH)
find_library(EXAMPLES_LUA_LIBRARY liblua5.4.a)
if(EXAMPLES_LUA_INCLUDE AND EXAMPLES_LUA_LIBRARY)
  file(GLOB _sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples-c/engine_callbacks/*.cpp)
  scriptloop_add_program(example_engine_callbacks ${_sources})
  target_include_directories(example_engine_callbacks PRIVATE ${EXAMPLES_LUA_INCLUDE})
  target_link_libraries(example_engine_callbacks PRIVATE ${EXAMPLES_LUA_LIBRARY} m ${CMAKE_DL_LIBS})
  # As engines do that load C modules of Lua: the library must not take a symbol from here.
  set_target_properties(example_engine_callbacks PROPERTIES ENABLE_EXPORTS ON)
  add_test(NAME example.engine_callbacks COMMAND example_engine_callbacks)
  set_tests_properties(example.engine_callbacks PROPERTIES TIMEOUT 60 LABELS example)
else()
  message(STATUS "example.engine_callbacks is left out: there is no liblua5.4.a; "
                 "`cargo xtask setup test` installs it")
endif()
