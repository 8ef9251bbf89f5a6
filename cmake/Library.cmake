# scriptloop::scriptloop: the shared library, built by cargo or given as SCRIPTLOOP_PREBUILT, under
# the names that its SONAME asks for.

if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(_so_version ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}) # before 1.0 each minor differs
else()
  set(_so_version ${PROJECT_VERSION_MAJOR})
endif()
set(_soname libscriptloop.so.${_so_version})
set(_lib_dir "${PROJECT_BINARY_DIR}/lib")
set(_library "${_lib_dir}/libscriptloop.so.${PROJECT_VERSION}")

if(SCRIPTLOOP_PREBUILT)
  if(NOT EXISTS "${SCRIPTLOOP_PREBUILT}")
    message(FATAL_ERROR "SCRIPTLOOP_PREBUILT names ${SCRIPTLOOP_PREBUILT}, which does not exist")
  endif()
  set(_cargo_build)
  set(_built "${SCRIPTLOOP_PREBUILT}")
else()
  include(RequireRust)
  set(_cargo_build
      COMMAND ${CMAKE_COMMAND} -E env SCRIPTLOOP_SONAME=${_soname} ${CARGO_EXECUTABLE} build --lib
              --profile $<IF:$<CONFIG:Debug>,dev,release> --manifest-path
              ${PROJECT_SOURCE_DIR}/Cargo.toml --target-dir ${SCRIPTLOOP_CARGO_TARGET_DIR})
  set(_built "${SCRIPTLOOP_CARGO_TARGET_DIR}/$<IF:$<CONFIG:Debug>,debug,release>/libscriptloop.so")
endif()

# Always run: cargo knows best whether there is something to do (0.1 s when not), and what depends
# on the library is linked again only when the library did change.
add_custom_target(
  scriptloop_library ALL
  ${_cargo_build}
  COMMAND ${CMAKE_COMMAND} -E copy_if_different ${_built} ${_library}
  BYPRODUCTS ${_library}
  COMMENT "Building ${_soname}"
  USES_TERMINAL VERBATIM)

# Cargo writes one file; the loader looks for the SONAME and the linker for the plain name.
file(MAKE_DIRECTORY ${_lib_dir})
file(CREATE_LINK libscriptloop.so.${PROJECT_VERSION} ${_lib_dir}/${_soname} SYMBOLIC)
file(CREATE_LINK ${_soname} ${_lib_dir}/libscriptloop.so SYMBOLIC)

add_library(scriptloop SHARED IMPORTED GLOBAL)
set_target_properties(
  scriptloop PROPERTIES IMPORTED_LOCATION ${_library} IMPORTED_SONAME ${_soname}
                        INTERFACE_INCLUDE_DIRECTORIES ${PROJECT_SOURCE_DIR}/include)
add_dependencies(scriptloop scriptloop_library)
add_library(scriptloop::scriptloop ALIAS scriptloop)
