//! `cargo xtask fuzz`: random input for the boundary, with AddressSanitizer, guided by coverage of
//! the library and of its Lua.
//!
//! Rust offers the instrumentation on its nightly channel only; RUSTC_BOOTSTRAP asks the stable
//! compiler for the same. Lua is compiled by clang, which knows libFuzzer's form of coverage.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::setup;
use crate::shell::{cargo, exists, line, root, run as run_command, target};

/// The targets, and the seeds that the repository has for them.
const TARGETS: [(&str, Option<&str>); 3] =
    [("script_source", Some("ctest/hostile")), ("script_values", None), ("script_sequence", None)];

const MINUTES: u32 = 10;
const COVERAGE: &str = "-fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp";

/// `cargo xtask fuzz [target]... [--minutes N]`
pub fn run(options: &[&str]) -> Result<()> {
    let (mut wanted, mut minutes) = (Vec::new(), MINUTES);
    let mut options = options.iter();
    while let Some(&option) = options.next() {
        if option == "--minutes" {
            let number = options.next().context("--minutes needs a number")?;
            minutes = number.parse().with_context(|| format!("{number} is no number"))?;
        } else if TARGETS.iter().any(|(name, _)| *name == option) {
            wanted.push(option);
        } else {
            let names = TARGETS.map(|(name, _)| name).join(", ");
            bail!("there is no target {option}: {names}");
        }
    }
    setup::ensure("test")?;
    install()?;
    for (name, seeds) in TARGETS {
        if wanted.is_empty() || wanted.contains(&name) {
            fuzz(name, seeds, minutes)?;
        }
    }
    Ok(())
}

fn install() -> Result<()> {
    if exists("cargo-fuzz") {
        return Ok(());
    }
    println!("installing cargo-fuzz, about a minute; once");
    run_command(cargo().args(["install", "cargo-fuzz", "--locked"]))
}

fn fuzz(name: &str, seeds: Option<&str>, minutes: u32) -> Result<()> {
    let corpus = format!("fuzz/corpus/{name}");
    fs::create_dir_all(root().join(&corpus))?;
    run_command(&mut cargo_fuzz("build", name))?;
    let mut fuzz = cargo_fuzz("run", name);
    fuzz.arg(&corpus).args(seeds);
    fuzz.args(["--", "-max_len=4096", "-timeout=30", "-print_final_stats=1"]);
    fuzz.arg(format!("-max_total_time={}", minutes * 60));
    println!("== {name}, for {minutes} minutes\n+ {}", line(&fuzz));
    let status = fuzz.status().context("cannot start cargo fuzz")?;
    ensure!(
        status.success(),
        "{name}: a finding. Its input lies in fuzz/artifacts/{name}; with that file's name after \
         the target's, `cargo fuzz run` shows it again"
    );
    Ok(())
}

fn cargo_fuzz(verb: &str, name: &str) -> Command {
    let mut fuzz = cargo();
    fuzz.args(["fuzz", verb, name, "--target-dir"]).arg(target().join("fuzz"));
    fuzz.env("RUSTC_BOOTSTRAP", "1").env("CC", "clang");
    fuzz.env("CFLAGS", format!("-fsanitize=address {COVERAGE} -fno-omit-frame-pointer -g"));
    fuzz
}
