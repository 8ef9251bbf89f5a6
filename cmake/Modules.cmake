# Examples and pages that embed in another library show how they are compiled. What they need is
# taken from there: the modules in `$(pkg-config --cflags --libs <module>...)`.

find_package(PkgConfig QUIET)

# scriptloop_add_shown(<test> <target> <file> <source>): `source` is a program and a CTest case
# that must exit with 0. `file` shows how it is compiled; without a module that it names, the case
# is left out, with a line that says so.
function(scriptloop_add_shown test target file source)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(STRINGS ${file} shown REGEX "pkg-config --cflags --libs " LIMIT_COUNT 1)
  if(shown MATCHES "--libs ([a-z0-9. -]+)")
    separate_arguments(modules UNIX_COMMAND "${CMAKE_MATCH_1}")
    if(PKG_CONFIG_FOUND)
      pkg_check_modules(${target} QUIET IMPORTED_TARGET ${modules})
    endif()
    if(NOT ${target}_FOUND)
      list(JOIN modules " " modules)
      message(STATUS "${test} is left out: pkg-config does not find ${modules}; "
                     "`cargo xtask setup test` installs it")
      return()
    endif()
  endif()
  scriptloop_add_program(${target} ${source})
  if(modules)
    target_link_libraries(${target} PRIVATE PkgConfig::${target})
  endif()
  add_test(NAME ${test} COMMAND ${target})
  set_tests_properties(${test} PROPERTIES TIMEOUT 60 LABELS example)
endfunction()
