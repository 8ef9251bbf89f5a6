set(SCRIPTLOOP_SANITIZER "" CACHE STRING "address or thread: instruments tests and examples")
set(SCRIPTLOOP_SANITIZER_RUNTIME "" CACHE FILEPATH "The runtime library of the sanitizer")

# scriptloop_add_program(<target> <source>...): a C11 or C++17 program that links scriptloop and
# compiles without a warning.

function(scriptloop_add_program target)
  add_executable(${target} ${ARGN})
  set_target_properties(${target} PROPERTIES C_STANDARD 11 CXX_STANDARD 17)
  target_compile_options(
    ${target} PRIVATE -Wall -Wextra -Wpedantic -Werror $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>)
  if(SCRIPTLOOP_SANITIZER)
    target_compile_options(
      ${target} PRIVATE -fsanitize=${SCRIPTLOOP_SANITIZER} -fno-omit-frame-pointer -g)
    # All of the runtime, visible to the library, which brings none itself.
    target_link_options(
      ${target} PRIVATE -rdynamic -Wl,--whole-archive ${SCRIPTLOOP_SANITIZER_RUNTIME}
      -Wl,--no-whole-archive)
    target_link_libraries(${target} PRIVATE m dl)
  endif()
  target_link_libraries(${target} PRIVATE scriptloop::scriptloop Threads::Threads)
endfunction()
