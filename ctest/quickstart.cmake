# The quick start of the README, as a reader would do it: its two files in a fresh directory beside
# a copy of this repository, configured, built and run. Called with SOURCE, BINARY, GENERATOR and
# PREBUILT.
cmake_minimum_required(VERSION 3.18)

# The text of the fenced block that follows <!-- quickstart:<name> --> in the README.
function(read_block name out)
  file(READ ${SOURCE}/README.md readme)
  set(marker "<!-- quickstart:${name} -->")
  string(FIND "${readme}" "${marker}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "README.md has no ${marker}")
  endif()
  string(SUBSTRING "${readme}" ${at} -1 rest)
  string(FIND "${rest}" "```" opening)
  string(SUBSTRING "${rest}" ${opening} -1 rest)
  string(FIND "${rest}" "\n" first_line)
  math(EXPR first_line "${first_line} + 1")
  string(SUBSTRING "${rest}" ${first_line} -1 rest)
  string(FIND "${rest}" "\n```" closing)
  math(EXPR closing "${closing} + 1")
  string(SUBSTRING "${rest}" 0 ${closing} block)
  set(${out} "${block}" PARENT_SCOPE)
endfunction()

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${BINARY} RESULT_VARIABLE rc)
  if(NOT rc EQUAL 0)
    message(FATAL_ERROR "${ARGN} ended with ${rc}")
  endif()
endfunction()

file(REMOVE_RECURSE ${BINARY})
file(MAKE_DIRECTORY ${BINARY})
foreach(name CMakeLists.txt main.cpp)
  read_block(${name} text)
  file(WRITE ${BINARY}/${name} "${text}")
endforeach()
file(CREATE_LINK ${SOURCE} ${BINARY}/scriptloop SYMBOLIC)

run(${CMAKE_COMMAND} -S . -B build -G ${GENERATOR} -DCMAKE_BUILD_TYPE=Release
    -DSCRIPTLOOP_PREBUILT=${PREBUILT})
run(${CMAKE_COMMAND} --build build)
file(READ ${BINARY}/CMakeLists.txt listfile)
if(NOT listfile MATCHES "add_executable\\([ \n]*([A-Za-z0-9_-]+)")
  message(FATAL_ERROR "the quick start's CMakeLists.txt adds no executable")
endif()
run(build/${CMAKE_MATCH_1})
