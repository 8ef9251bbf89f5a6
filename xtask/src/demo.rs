//! `cargo xtask demo`: builds the engine of demo/ and runs it.

use anyhow::{Context, Result};

use crate::shell::{command, run as run_command, target};
use crate::{cmake, setup};

/// `options` are the engine's: `--seconds`, `--workers`, `--seed`, `--svg`, `--json`, `--source`.
pub fn run(options: &[&str]) -> Result<()> {
    setup::ensure("demo")?;
    run_command(&mut cmake::configure(cmake::MAIN, &["-DSCRIPTLOOP_BUILD_DEMO=ON"]))?;
    run_command(&mut cmake::build(cmake::MAIN, "scriptloop_demo"))?;
    println!();
    let mut engine = command(cmake::directory(cmake::MAIN).join("demo/scriptloop_demo"));
    engine.arg("--svg").arg(target().join("demo/frames.svg")).args(options);
    run_command(&mut engine).context("the demo found something wrong")
}
