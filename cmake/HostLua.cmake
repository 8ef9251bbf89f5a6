# The tests of scriptloop_lua.h: each program and script of ctest/lua, against each Lua that is
# here, which the program links statically and exports, as many engines do.
#
#     lua54.callbacks.<case>    a case of ctest/lua/test_callbacks.c
#     lua54.<file>.lua.<test>   a function test.<test> of ctest/lua/<file>.lua

file(GLOB _lua_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/ctest/lua/test_*.c)
file(GLOB _lua_scripts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/ctest/lua/*.lua)

function(scriptloop_add_lua_program name lua source)
  scriptloop_add_program(${name} ${source})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/ctest ${${lua}_INCLUDE})
  # All of it, and visible: the library must not take a symbol from here.
  target_link_libraries(${name} PRIVATE -Wl,--whole-archive ${${lua}_LIBRARY}
                                        -Wl,--no-whole-archive m dl)
  set_target_properties(${name} PROPERTIES ENABLE_EXPORTS ON)
endfunction()

# The tests against the Lua with this header and this static library.
function(scriptloop_test_lua lua include library)
  set(${lua}_INCLUDE ${include})
  set(${lua}_LIBRARY ${library})
  foreach(source IN LISTS _lua_tests)
    get_filename_component(noun ${source} NAME_WE)
    string(REGEX REPLACE "^test_" "" noun ${noun})
    scriptloop_add_lua_program(${lua}_${noun} ${lua} ${source})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    scriptloop_cases(${source} cases)
    foreach(case IN LISTS cases)
      add_test(NAME ${lua}.${noun}.${case} COMMAND ${lua}_${noun} ${case})
      set_tests_properties(${lua}.${noun}.${case} PROPERTIES TIMEOUT ${_timeout} LABELS lua)
    endforeach()
  endforeach()

  scriptloop_add_lua_program(${lua}_script ${lua} ${PROJECT_SOURCE_DIR}/ctest/lua/script.c)
  foreach(script IN LISTS _lua_scripts)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${script})
    get_filename_component(file ${script} NAME)
    file(STRINGS ${script} lines REGEX "^function test\\.")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "^function test\\.([a-z0-9_]+).*" "\\1" test ${line})
      add_test(NAME ${lua}.${file}.${test} COMMAND ${lua}_script ${script} ${test})
      set_tests_properties(${lua}.${file}.${test} PROPERTIES TIMEOUT ${_timeout} LABELS lua)
    endforeach()
  endforeach()
endfunction()

set(_luas)
function(scriptloop_find_lua lua directory library)
  find_path(${lua}_DIRECTORY lua.h PATHS /usr/include/${directory} NO_DEFAULT_PATH)
  find_library(${lua}_ARCHIVE ${library})
  if(${lua}_DIRECTORY AND ${lua}_ARCHIVE)
    scriptloop_test_lua(${lua} ${${lua}_DIRECTORY} ${${lua}_ARCHIVE})
    set(_luas ${_luas} ${lua} PARENT_SCOPE)
  else()
    message(STATUS "${lua}.* is left out: there is no ${library}; "
                   "`cargo xtask setup test` installs it")
  endif()
endfunction()

scriptloop_find_lua(lua54 lua5.4 liblua5.4.a)
scriptloop_find_lua(lua53 lua5.3 liblua5.3.a)
scriptloop_find_lua(lua51 lua5.1 liblua5.1.a)
scriptloop_find_lua(luajit luajit-2.1 libluajit-5.1.a)

# No Debian package has Lua 5.5; the crate that the library's own Lua comes from has its source.
if(DEFINED ENV{CARGO_HOME})
  set(_cargo_home $ENV{CARGO_HOME})
else()
  set(_cargo_home $ENV{HOME}/.cargo)
endif()
file(GLOB _lua55 ${_cargo_home}/registry/src/*/lua-src-*/lua-5.5.*)
if(_lua55)
  list(GET _lua55 -1 lua55_DIRECTORY)
  file(GLOB _lua55_sources ${lua55_DIRECTORY}/*.c)
  add_library(lua55_host STATIC ${_lua55_sources})
  target_compile_definitions(lua55_host PRIVATE LUA_USE_LINUX)
  scriptloop_test_lua(lua55 ${lua55_DIRECTORY} lua55_host)
  list(APPEND _luas lua55)
else()
  message(STATUS "lua55.* is left out: cargo has not fetched lua-src")
endif()

# lua_header.<standard>.<compiler>.<lua>: no warning, also when it is included twice.
foreach(_lua IN LISTS _luas)
  foreach(_compiler gcc clang)
    string(TOUPPER ${_compiler}_EXECUTABLE _executable)
    if(NOT ${_executable})
      continue()
    endif()
    set(_command ${${_executable}} -fsyntax-only -Iinclude -isystem ${${_lua}_DIRECTORY} -Wall
        -Wextra -Wpedantic -Werror)
    scriptloop_add_check(lua_header.c99.${_compiler}.${_lua} header ${_command} -std=c99
                         -Wstrict-prototypes ctest/header/lua.c)
    scriptloop_add_check(lua_header.cxx17.${_compiler}.${_lua} header ${_command} -std=c++17 -x c++
                         ctest/header/lua.c)
  endforeach()
endforeach()
