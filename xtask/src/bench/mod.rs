//! `cargo xtask bench`: builds the benchmarks, runs them one after another, draws the results.
//!
//! Each program measures scriptloop and its peers in one interleaved run and prints its own table
//! (bench/harness.hpp). Here they only get a picture each and, in the end, one list of what was
//! missed. Nothing here fails because something was slow.

mod chart;
mod results;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use crate::cmake;
use crate::setup;
use crate::shell::{command, root, run as run_command};
use results::Results;

const BUILD: &str = "bench";

const USAGE: &str = "\
cargo xtask bench [name]... [option]...

  --quick        fewer rounds of smaller runs: seconds, for a first look
  --rounds <n>   so many rounds
  --seed <n>     the order of an earlier run
  --only <part>  only contenders whose name has this in it
  --case <part>  only cases whose name has this in it
";

struct Options {
    names: Vec<String>,
    /// What the programs understand themselves.
    passed_on: Vec<String>,
}

pub fn run(words: &[&str]) -> Result<()> {
    let known = benchmarks()?;
    let Some(options) = parse(words, &known)? else {
        println!("{USAGE}\nbenchmarks: {}", known.join(", "));
        return Ok(());
    };
    setup::ensure("bench")?;
    build(&options.names)?;
    let count = options.names.len();
    let (mut all, mut failed) = (Vec::new(), Vec::new());
    for (index, name) in options.names.iter().enumerate() {
        println!("\n── {} of {count}: {name} ──", index + 1);
        match measure(name, &options.passed_on) {
            Ok(results) => all.push(results),
            Err(error) => {
                eprintln!("{name}: {error:#}");
                failed.push(name.as_str());
            }
        }
    }
    summary(&all);
    println!("\nthe pictures:");
    for results in &all {
        println!("  {}", relative(&picture(&results.suite)));
    }
    ensure!(failed.is_empty(), "could not be measured: {}", failed.join(", "));
    Ok(())
}

/// The benchmarks, from the one list there is: what CMake builds.
fn benchmarks() -> Result<Vec<String>> {
    let path = root().join("bench/CMakeLists.txt");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let name = |line: &str| {
        let words = line.strip_prefix("add_benchmark(")?;
        words.split([' ', ')']).next().map(str::to_owned)
    };
    Ok(text.lines().filter_map(name).collect())
}

/// None when only help was asked for.
fn parse(words: &[&str], known: &[String]) -> Result<Option<Options>> {
    let mut options = Options { names: Vec::new(), passed_on: Vec::new() };
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        match word {
            "--help" | "-h" => return Ok(None),
            "--quick" => options.passed_on.push(word.to_owned()),
            "--rounds" | "--seed" | "--only" | "--case" => {
                let value = words.next().with_context(|| format!("{word} needs a value"))?;
                options.passed_on.extend([word.to_owned(), (*value).to_owned()]);
            }
            name if known.iter().any(|one| one == name) => options.names.push(name.to_owned()),
            other => bail!("{other}: not a benchmark\n\n{USAGE}\nbenchmarks: {}", known.join(", ")),
        }
    }
    if options.names.is_empty() {
        options.names = known.to_vec();
    }
    Ok(Some(options))
}

fn build(names: &[String]) -> Result<()> {
    let options = [
        "-DSCRIPTLOOP_BUILD_BENCH=ON",
        "-DSCRIPTLOOP_BUILD_TESTS=OFF",
        "-DSCRIPTLOOP_BUILD_EXAMPLES=OFF",
    ];
    println!("building the library and the benchmarks");
    run_command(cmake::configure(BUILD, &options).arg("--log-level=WARNING"))?;
    let targets: Vec<String> = names.iter().map(|name| format!("bench_{name}")).collect();
    run_command(cmake::build(BUILD, &targets[0]).args(&targets[1..]))
}

fn measure(name: &str, options: &[String]) -> Result<Results> {
    let json = cmake::directory(BUILD).join(format!("{name}.jsonl"));
    let program = cmake::directory(BUILD).join("bench").join(name);
    run_command(command(program).args(options).arg("--json").arg(&json))?;
    let results = Results::read(&json)?;
    let path = picture(name);
    fs::write(&path, chart::draw(&results)).with_context(|| path.display().to_string())?;
    Ok(results)
}

fn picture(name: &str) -> PathBuf {
    cmake::directory(BUILD).join(format!("{name}.svg"))
}

fn relative(path: &std::path::Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn summary(all: &[Results]) {
    let goals = || all.iter().flat_map(|results| results.goals());
    let missed = goals().filter(|(_, goal)| !goal.met).count();
    println!("\ngoals: {} met, {missed} missed", goals().count() - missed);
    for results in all {
        for (case, goal) in results.goals().filter(|(_, goal)| !goal.met) {
            println!("  missed: {}, {case}: {}", results.suite, goal.text);
        }
    }
}
