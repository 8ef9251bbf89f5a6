# The CTest cases that look at the product instead of running it: the header, the symbols, the
# layout, the quick start of the README.

find_program(GCC_EXECUTABLE gcc)
find_program(CLANG_EXECUTABLE clang)
find_program(ZIG_EXECUTABLE zig HINTS ${PROJECT_SOURCE_DIR}/target/tools/ziglang)

function(scriptloop_add_check name label)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 LABELS ${label})
endfunction()

# header.<standard>.<compiler>: no warning, included twice, with and without the short names.
# layer.<standard>.<mode>.<compiler>: the same for scriptloop.hpp, whose users may have switched off
# what it does not need and on what warns of more; layer.link.<compiler>: two parts of one program.
set(_header_sources ctest/header/plain.c ctest/header/short_names.c)
set(_layer_sources ctest/header/layer.cpp ctest/header/layer_twin.cpp)
set(_layer_modes full no_exceptions no_rtti neither)
set(_layer_full)
set(_layer_no_exceptions -fno-exceptions)
set(_layer_no_rtti -fno-rtti)
set(_layer_neither -fno-exceptions -fno-rtti)
foreach(_compiler gcc clang)
  string(TOUPPER ${_compiler}_EXECUTABLE _executable)
  if(NOT ${_executable})
    message(STATUS "header.*.${_compiler} is left out: there is no ${_compiler}")
    continue()
  endif()
  set(_command ${${_executable}} -Iinclude -Wall -Wextra -Wpedantic -Werror)
  set(_layer ${_command} -Wconversion -Wshadow -Wnon-virtual-dtor ${_layer_sources})
  list(APPEND _command -fsyntax-only)
  foreach(_standard c99 c11 c17)
    scriptloop_add_check(header.${_standard}.${_compiler} header ${_command} -std=${_standard}
                         -Wstrict-prototypes ${_header_sources})
  endforeach()
  foreach(_standard 11 17 20)
    scriptloop_add_check(header.cxx${_standard}.${_compiler} header ${_command}
                         -std=c++${_standard} -x c++ ${_header_sources})
  endforeach()
  foreach(_mode IN LISTS _layer_modes)
    foreach(_standard 17 20)
      scriptloop_add_check(layer.cxx${_standard}.${_mode}.${_compiler} header ${_layer}
                           -fsyntax-only -std=c++${_standard} ${_layer_${_mode}})
    endforeach()
  endforeach()
  scriptloop_add_check(layer.link.${_compiler} header ${_layer} -std=c++17 -shared -fPIC -o
                       ${PROJECT_BINARY_DIR}/layer.${_compiler}.so)
endforeach()

if(ZIG_EXECUTABLE)
  set(_zig ${CMAKE_COMMAND} -E env ZIG_GLOBAL_CACHE_DIR=${PROJECT_BINARY_DIR}/zig
      ZIG_LOCAL_CACHE_DIR=${PROJECT_BINARY_DIR}/zig ${ZIG_EXECUTABLE})
  set(_zig_library -Iinclude -lc -L${_lib_dir} -rpath ${_lib_dir} -lscriptloop)
  scriptloop_add_check(header.zig header ${_zig} build-obj -fno-emit-bin -Iinclude -lc
                       ctest/zig/header.zig)
  scriptloop_add_check(zig.program zig ${_zig} test ctest/zig/program.zig ${_zig_library})
else()
  message(STATUS "header.zig and zig.program are left out: there is no zig; "
                 "`cargo xtask setup test` installs it")
endif()

scriptloop_add_check(abi.layout abi ${CMAKE_C_COMPILER} -std=c11 -fsyntax-only -Iinclude -Wall
                     -Wextra -Werror ctest/abi.c)
scriptloop_add_check(
  abi.symbols abi ${CMAKE_COMMAND} -DLIBRARY=${_library} -DSONAME=${_soname}
  -DHEADER=include/scriptloop.h -DNM=${CMAKE_NM} -DREADELF=${CMAKE_READELF} -P ctest/symbols.cmake)

if(NOT SCRIPTLOOP_PREBUILT)
  scriptloop_add_check(header.fresh header ${CARGO_EXECUTABLE} xtask header --check)
endif()
scriptloop_add_check(
  consumer.quickstart consumer ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR}
  -DBINARY=${PROJECT_BINARY_DIR}/quickstart -DGENERATOR=${CMAKE_GENERATOR} -DPREBUILT=${_library} -P
  ctest/quickstart.cmake)

# unlinked.<case>: the library is loaded at run time and unloaded, by a program without it.
add_executable(unlinked ctest/unlinked.c)
set_target_properties(unlinked PROPERTIES C_STANDARD 11)
target_include_directories(unlinked PRIVATE include)
target_compile_options(unlinked PRIVATE -Wall -Wextra -Werror)
target_link_libraries(unlinked PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
foreach(_case local global busy)
  scriptloop_add_check(unlinked.${_case} abi $<TARGET_FILE:unlinked> ${_library} ${_case})
endforeach()
