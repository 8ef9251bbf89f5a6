//! The commands of this repository; what CI runs is one of them.

mod bench;
mod cmake;
mod demo;
mod fuzz;
mod header;
mod sanitizers;
mod setup;
mod shell;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask <command>

  demo                 builds the engine and runs it for a few seconds
  test                 everything that CI checks; ends with the counts of tests
    --only <step>      one step of it
    --sanitizers       the C tests under AddressSanitizer and ThreadSanitizer instead
  fuzz [target]...     random input for the boundary, ten minutes for each target
    --minutes <n>      that long for each instead
  bench [name]...      measures against the peers, side by side
  header [--check]     writes include/scriptloop.h from src/ffi; or fails when it is stale
  tidy                 the rules that no compiler checks
  setup [demo|test|bench]...
                       installs what these commands need and this machine lacks
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match dispatch(&words) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(words: &[&str]) -> Result<ExitCode> {
    match words {
        ["test"] => test::run(None),
        ["test", "--only", step] => test::run(Some(step)),
        other => simple(other).map(|()| ExitCode::SUCCESS),
    }
}

/// The commands that either work or say why not.
fn simple(words: &[&str]) -> Result<()> {
    match words {
        ["demo", options @ ..] => demo::run(options),
        ["test", "--sanitizers"] => sanitizers::run(),
        ["fuzz", options @ ..] => fuzz::run(options),
        ["bench", options @ ..] => bench::run(options),
        ["header"] => header::write(),
        ["header", "--check"] => header::check(),
        ["tidy"] => tidy::run(),
        ["setup", commands @ ..] => setup::run(commands),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        other => bail!("no such command: {}\n\n{USAGE}", other.join(" ")),
    }
}
