//! Running other programs, and where things are.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The repository, wherever it was moved to since xtask was built.
pub fn root() -> PathBuf {
    let manifest_dir = std::env::var("CARGO_MANIFEST_DIR")
        .unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    let parent = Path::new(&manifest_dir).parent().expect("xtask lies in the repository");
    parent.to_owned()
}

/// Where cargo builds for everything that has no directory of its own.
pub fn target() -> PathBuf {
    root().join("target")
}

/// The zig that `setup` installs.
pub fn zig() -> PathBuf {
    target().join("tools/ziglang/zig")
}

/// A command that runs in the repository. `cargo run` puts its own output directories before
/// everything that programs load; there, they would find another build of the library.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    if let Some(libraries) = std::env::var_os("LD_LIBRARY_PATH") {
        let ours = target();
        let others = std::env::split_paths(&libraries).filter(|path| !path.starts_with(&ours));
        let others = std::env::join_paths(others).expect("it was split at the separators");
        if others.is_empty() {
            command.env_remove("LD_LIBRARY_PATH");
        } else {
            command.env("LD_LIBRARY_PATH", others);
        }
    }
    command
}

/// The cargo that started xtask, without what it put into the environment for xtask alone.
pub fn cargo() -> Command {
    let mut cargo = command(std::env::var("CARGO").unwrap_or("cargo".to_owned()));
    cargo.env_remove("CARGO_MANIFEST_DIR");
    cargo
}

/// Runs a command on the caller's terminal; fails when it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", line(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", line(command));
    }
    Ok(())
}

/// Whether there is a program of this name to start.
pub fn exists(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// The files that git tracks or would track, relative to the repository.
pub fn repository_files() -> Result<Vec<String>> {
    let listing = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
    let output = command("git").args(listing).output().context("cannot start git")?;
    if !output.status.success() {
        bail!("git ls-files failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
    let mut files: Vec<String> = text.split('\0').map(str::to_owned).collect();
    files.retain(|file| root().join(file).is_file());
    files.sort();
    files.dedup();
    Ok(files)
}

/// A command as one would type it.
pub fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|word| word.to_string_lossy()));
    words.join(" ")
}
