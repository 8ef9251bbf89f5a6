//! The build directories of CMake below target/, and how they are made.

use std::path::PathBuf;
use std::process::Command;

use crate::shell::{command, target};

/// The directory that tests, examples and demo share.
pub const MAIN: &str = "cmake";

pub fn directory(name: &str) -> PathBuf {
    target().join(name)
}

/// Configures a build directory for what ships: Release, and the library from where
/// `cargo build --release` puts it.
pub fn configure(name: &str, options: &[&str]) -> Command {
    let mut configure = command("cmake");
    configure.args(["-S", ".", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-B"]);
    configure.arg(directory(name));
    configure.arg(format!("-DSCRIPTLOOP_CARGO_TARGET_DIR={}", target().display()));
    configure.args(options);
    configure
}

/// Builds all of a build directory, or one target of it.
pub fn build(name: &str, target: &str) -> Command {
    let mut build = command("cmake");
    build.arg("--build").arg(directory(name)).args(["--target", target]);
    build
}
