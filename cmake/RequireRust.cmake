# Finds cargo and stops with advice when Rust is absent or older than Cargo.toml's rust-version.

find_program(CARGO_EXECUTABLE cargo HINTS "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin")
if(NOT CARGO_EXECUTABLE)
  message(FATAL_ERROR "scriptloop is built with cargo, which was not found. "
                      "Install Rust from https://rustup.rs, or set SCRIPTLOOP_PREBUILT.")
endif()

file(STRINGS ${PROJECT_SOURCE_DIR}/Cargo.toml _needed REGEX "^rust-version = \"" LIMIT_COUNT 1)
string(REGEX MATCH "[0-9]+\\.[0-9]+" _needed "${_needed}")
# The project's directory counts: rustup may choose another toolchain for it.
execute_process(
  COMMAND ${CARGO_EXECUTABLE} --version WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
  OUTPUT_VARIABLE _found ERROR_VARIABLE _error)
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" _found "${_found}")
if(NOT _found)
  message(FATAL_ERROR "${CARGO_EXECUTABLE} --version failed: ${_error}")
elseif(_found VERSION_LESS _needed)
  message(FATAL_ERROR "scriptloop needs Rust ${_needed} or newer; this is ${_found}, "
                      "at ${CARGO_EXECUTABLE}. Run `rustup update`, or set SCRIPTLOOP_PREBUILT.")
endif()
