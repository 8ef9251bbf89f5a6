# The tests of the libuv backend.
#
#     contract.uv.*             the contract in libuv, of which the host sees nothing
#     contract.own.*, .lent.*   in a uv_loop_t of the host's libuv, and in the host's own
#     uv.<noun>.<case>          a case of ctest/test_*.c whose loops wait in libuv: one contract
#     uv_<kind>.<noun>.<case>   a case of ctest/uv/test_*.c in a host with a libuv of its own:
#                               shared, static and hidden, or static and shown to all

find_path(UV_INCLUDE uv.h)
find_library(UV_SHARED uv)
find_library(UV_STATIC libuv_a.a)
if(NOT UV_INCLUDE OR NOT UV_SHARED OR NOT UV_STATIC)
  message(STATUS "uv.* and uv_*.* are left out: there is no libuv1-dev; "
                 "`cargo xtask setup test` installs it")
  return()
endif()

# The sources whose cases say what a loop is, on whatever it waits.
file(GLOB _sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/ctest/test_loop*.c
     ${PROJECT_SOURCE_DIR}/ctest/test_post*.c ${PROJECT_SOURCE_DIR}/ctest/test_timer*.c
     ${PROJECT_SOURCE_DIR}/ctest/test_drive*.c ${PROJECT_SOURCE_DIR}/ctest/test_action_attach.c
     ${PROJECT_SOURCE_DIR}/ctest/test_embed.c ${PROJECT_SOURCE_DIR}/ctest/test_wake_hook.c)
# Ten thousand of them need more descriptors than a process has: libuv takes some for each.
list(REMOVE_ITEM _sources ${PROJECT_SOURCE_DIR}/ctest/test_loop_many.c)
foreach(_source IN LISTS _sources)
  get_filename_component(_name ${_source} NAME_WE)
  string(REGEX REPLACE "^test_" "" _noun ${_name})
  scriptloop_cases(${_source} _cases)
  foreach(_case IN LISTS _cases)
    add_test(NAME uv.${_noun}.${_case} COMMAND ${_name} ${_case})
    set_tests_properties(uv.${_noun}.${_case} PROPERTIES TIMEOUT ${_timeout} LABELS uv ENVIRONMENT
                                                         SL_TEST_BACKEND=uv)
  endforeach()
endforeach()

scriptloop_add_contract(uv contract)
scriptloop_add_program(contract_hosts_uv ${PROJECT_SOURCE_DIR}/ctest/contract.c)
target_compile_definitions(contract_hosts_uv PRIVATE SL_TEST_HOSTS_UV)
target_include_directories(contract_hosts_uv SYSTEM PRIVATE ${UV_INCLUDE})
target_include_directories(contract_hosts_uv PRIVATE ${PROJECT_SOURCE_DIR}/ctest)
target_link_libraries(contract_hosts_uv PRIVATE ${UV_SHARED})
scriptloop_add_contract(own contract_hosts_uv)
scriptloop_add_contract(lent contract_hosts_uv)

set(_uv_shared ${UV_SHARED})
set(_uv_hidden ${UV_STATIC} dl -Wl,--exclude-libs,libuv_a.a)
set(_uv_shown -Wl,--whole-archive ${UV_STATIC} -Wl,--no-whole-archive dl)
file(GLOB _sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/ctest/uv/test_*.c)
foreach(_kind shared hidden shown)
  foreach(_source IN LISTS _sources)
    get_filename_component(_name ${_source} NAME_WE)
    string(REGEX REPLACE "^test_" "" _noun ${_name})
    set(_target uv_${_kind}_${_noun})
    scriptloop_add_program(${_target} ${_source})
    target_include_directories(${_target} SYSTEM PRIVATE ${UV_INCLUDE})
    target_include_directories(${_target} PRIVATE ${PROJECT_SOURCE_DIR}/ctest)
    target_link_libraries(${_target} PRIVATE ${_uv_${_kind}})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${_source})
    scriptloop_cases(${_source} _cases)
    foreach(_case IN LISTS _cases)
      add_test(NAME uv_${_kind}.${_noun}.${_case} COMMAND ${_target} ${_case})
      set_tests_properties(uv_${_kind}.${_noun}.${_case} PROPERTIES TIMEOUT ${_timeout} LABELS uv)
    endforeach()
  endforeach()
endforeach()
set_target_properties(uv_shown_own uv_shown_lent PROPERTIES ENABLE_EXPORTS ON)

# uv_header.<standard>.<compiler>: no warning, also when it is included twice. libuv's own header
# needs POSIX to be asked for.
foreach(_compiler gcc clang)
  string(TOUPPER ${_compiler}_EXECUTABLE _executable)
  if(${_executable})
    set(_command ${${_executable}} -fsyntax-only -Iinclude -isystem ${UV_INCLUDE} -Wall -Wextra
        -Wpedantic -Werror -D_POSIX_C_SOURCE=200809L)
    scriptloop_add_check(uv_header.c99.${_compiler} header ${_command} -std=c99
                         -Wstrict-prototypes ctest/header/uv.c)
    scriptloop_add_check(uv_header.cxx11.${_compiler} header ${_command} -std=c++11 -x c++
                         ctest/header/uv.c)
  endif()
endforeach()
