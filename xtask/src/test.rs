//! `cargo xtask test`: everything that CI checks, cheapest first, and the counts of tests.

use std::fs;
use std::io::Write;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Result, anyhow, bail};

use crate::shell::{cargo, command, line, repository_files, target};
use crate::{cmake, header, setup, tidy};

/// How many tests ran; a step that is one check counts as one.
#[derive(Clone, Copy, Default)]
struct Counts {
    passed: usize,
    failed: usize,
}

struct Step {
    name: &'static str,
    run: fn(&mut Log) -> Result<Counts>,
}

const STEPS: [Step; 8] = [
    Step { name: "fmt", run: fmt },
    Step { name: "tidy", run: |_| check(tidy::run()) },
    Step { name: "header", run: |_| check(header::check()) },
    Step { name: "clippy", run: clippy },
    Step { name: "rust", run: rust },
    Step { name: "loom", run: loom },
    Step { name: "build", run: build },
    Step { name: "ctest", run: ctest },
];

/// The crate that is no member of the workspace.
const FUZZ: [&str; 2] = ["--manifest-path", "fuzz/Cargo.toml"];

/// Runs all steps, or the one of this name, also after one has failed. The counts come last.
pub fn run(only: Option<&str>) -> Result<ExitCode> {
    let steps: Vec<&Step> =
        STEPS.iter().filter(|step| only.is_none_or(|name| name == step.name)).collect();
    if steps.is_empty() {
        bail!("the steps are {}", STEPS.map(|step| step.name).join(", "));
    }
    setup::ensure("test")?;
    let results: Vec<_> = steps.iter().map(|step| (step.name, run_step(step))).collect();
    println!();
    let mut sum = Counts::default();
    for (name, counts) in results {
        println!("{name:8}{:5} passed,{:4} failed", counts.passed, counts.failed);
        sum.passed += counts.passed;
        sum.failed += counts.failed;
    }
    println!("{} passed, {} failed", sum.passed, sum.failed);
    Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[expect(clippy::disallowed_methods, reason = "the time that a step took, for people to read")]
fn run_step(step: &Step) -> Counts {
    print!("{:8}", step.name);
    std::io::stdout().flush().ok();
    let start = Instant::now();
    let mut log = Log::default();
    let result = (step.run)(&mut log);
    let seconds = start.elapsed().as_secs_f64();
    match result {
        Ok(counts) if counts.failed == 0 => {
            println!("ok      {seconds:6.1} s  {}", log.remark);
            counts
        }
        Ok(counts) => {
            println!("FAILED  {seconds:6.1} s\n{}", log.output);
            counts
        }
        Err(error) => {
            println!("FAILED  {seconds:6.1} s\n{}{error:#}\n", log.output);
            Counts { failed: 1, ..Counts::default() }
        }
    }
}

/// What the commands of a step wrote; shown when the step fails.
#[derive(Default)]
struct Log {
    output: String,
    remark: &'static str,
}

impl Log {
    /// Runs a command and returns what it wrote; its failure is not an error here.
    fn capture(&mut self, command: &mut Command) -> Result<(bool, String)> {
        let path = target().join("xtask.log");
        fs::create_dir_all(target())?;
        // One file for both streams keeps their lines in order.
        let file = fs::File::create(&path)?;
        let status = command.stdout(file.try_clone()?).stderr(file).status();
        let status = status.map_err(|error| anyhow!("cannot start {}: {error}", line(command)))?;
        let output = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        self.output.push_str(&output);
        Ok((status.success(), output))
    }

    /// Runs a command that has to succeed.
    fn run(&mut self, command: &mut Command) -> Result<()> {
        match self.capture(command)? {
            (true, _) => Ok(()),
            (false, _) => bail!("{} failed", line(command)),
        }
    }

    /// Runs tests and counts them with `count`. Tests that end without counts are a failure.
    fn tests(&mut self, tests: &mut Command, count: fn(&str) -> Counts) -> Result<Counts> {
        let (success, output) = self.capture(tests)?;
        let counts = count(&output);
        if counts.passed + counts.failed == 0 || success != (counts.failed == 0) {
            bail!("{} failed", line(tests));
        }
        Ok(counts)
    }
}

fn check(result: Result<()>) -> Result<Counts> {
    result.map(|()| Counts { passed: 1, failed: 0 })
}

fn fmt(log: &mut Log) -> Result<Counts> {
    let mut rust = Ok(());
    if cargo_has("fmt") {
        rust = log.run(cargo().args(["fmt", "--all", "--check"]));
        rust = rust.and(log.run(cargo().args(["fmt", FUZZ[0], FUZZ[1], "--check"])));
    } else {
        log.remark = "Rust left out: this toolchain has no rustfmt";
    }
    let c_sources = repository_files()?.into_iter().filter(|file| {
        let extension = file.rsplit('.').next().expect("a split has a last part");
        matches!(extension, "c" | "h" | "cpp" | "hpp") && file != "include/scriptloop.h"
    });
    let c = log.run(command("clang-format").args(["--dry-run", "-Werror"]).args(c_sources));
    check(rust.and(c))
}

fn clippy(log: &mut Log) -> Result<Counts> {
    if !cargo_has("clippy") {
        log.remark = "left out: this toolchain has no clippy";
        return Ok(Counts::default());
    }
    let warnings_are_errors = ["--", "-D", "warnings"];
    let all = ["clippy", "--workspace", "--all-targets"];
    let workspace = log.run(cargo().args(all).args(warnings_are_errors));
    let mut fuzz = cargo();
    fuzz.args(["clippy", "--bins", FUZZ[0], FUZZ[1], "--target-dir"]).arg(target());
    check(workspace.and(log.run(fuzz.args(warnings_are_errors))))
}

fn cargo_has(subcommand: &str) -> bool {
    cargo().args([subcommand, "--version"]).output().is_ok_and(|it| it.status.success())
}

fn rust(log: &mut Log) -> Result<Counts> {
    let tests = ["test", "--package", "scriptloop", "--package", "xtask", "--no-fail-fast"];
    log.tests(cargo().args(tests), count_rust)
}

/// The models run optimised, in a target directory of their own since they change every crate's
/// flags. Linking is the slow part of a release build and buys nothing here.
fn loom(log: &mut Log) -> Result<Counts> {
    let mut models = cargo();
    models
        .args(["test", "--profile", "model", "--test", "loom_*", "--no-fail-fast", "--target-dir"])
        .arg(target().join("loom"))
        .env("RUSTFLAGS", "--cfg loom")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true");
    log.tests(&mut models, count_rust)
}

/// The counts of all `test result:` lines.
fn count_rust(output: &str) -> Counts {
    let number = |line: &str, what: &str| {
        let before = line.split(what).next().and_then(|text| text.split_whitespace().next_back());
        before.and_then(|word| word.parse::<usize>().ok()).unwrap_or(0)
    };
    let mut counts = Counts::default();
    for line in output.lines().filter(|line| line.starts_with("test result:")) {
        counts.passed += number(line, " passed;");
        counts.failed += number(line, " failed;");
    }
    counts
}

fn build(log: &mut Log) -> Result<Counts> {
    log.run(&mut cmake::configure(cmake::MAIN, &["-DSCRIPTLOOP_BUILD_DEMO=ON"]))?;
    check(log.run(&mut cmake::build(cmake::MAIN, "all")))
}

fn ctest(log: &mut Log) -> Result<Counts> {
    let mut tests = command("ctest");
    tests.arg("--test-dir").arg(cmake::directory(cmake::MAIN));
    tests.args(["-j2", "--output-on-failure", "--no-tests=error"]);
    log.tests(&mut tests, count_ctest)
}

/// The counts of the line `99% tests passed, 2 tests failed out of 300`.
fn count_ctest(output: &str) -> Counts {
    let line = output.lines().find(|line| line.contains("tests failed out of")).unwrap_or("");
    let numbers: Vec<usize> =
        line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [failed, all] => Counts { passed: all - failed, failed },
        _ => Counts::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_results_add_up() {
        let output = "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured\n…\n\
                      test result: FAILED. 7 passed; 2 failed; 0 ignored; 0 measured\n";
        let counts = count_rust(output);
        assert_eq!((counts.passed, counts.failed), (12, 2));
    }

    #[test]
    fn ctest_results_are_read_from_the_summary() {
        let counts = count_ctest("23% tests passed, 20 tests failed out of 26\n");
        assert_eq!((counts.passed, counts.failed), (6, 20));
    }
}
