//! `cargo xtask test --sanitizers`: the C tests under AddressSanitizer and ThreadSanitizer.
//!
//! The library, its private Lua and the tests are all instrumented, and all are linked with the
//! one runtime that the Rust toolchain brings: the C compiler's own may be older than what Rust's
//! code calls. Rust offers sanitizers on its nightly channel only; RUSTC_BOOTSTRAP asks the stable
//! compiler for the same.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::shell::{cargo, command, root, run as run_command, target};
use crate::{cmake, setup};

const TRIPLE: &str = "x86_64-unknown-linux-gnu";
/// The tests that run the library in a program of ours.
const LABELS: &str = "^(case|stress|example)$";

struct Campaign {
    name: &'static str,
    /// What compilers call it.
    sanitizer: &'static str,
    rustflags: &'static str,
    c_flags: &'static str,
    options: (&'static str, String),
}

/// Runs both campaigns to their ends; fails when one of them found something.
pub fn run() -> Result<()> {
    setup::ensure("test")?;
    let suppressions = root().join("ctest/tsan.supp");
    let campaigns = [
        Campaign {
            name: "asan",
            sanitizer: "address",
            rustflags: "-Zsanitizer=address",
            c_flags: "",
            options: ("ASAN_OPTIONS", "detect_stack_use_after_return=1".to_owned()),
        },
        Campaign {
            name: "tsan",
            sanitizer: "thread",
            // The standard library is not instrumented: `tsan` lets src/sync.rs avoid what of it
            // ThreadSanitizer would misread, and ctest/tsan.supp names the rest.
            rustflags: "--cfg tsan -Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer",
            // Lua raises errors by longjmp, and the runtime crashes after some ten thousand of
            // them when it has to forget the functions that were left.
            c_flags: "--param tsan-instrument-func-entry-exit=0",
            options: ("TSAN_OPTIONS", format!("suppressions={}", suppressions.display())),
        },
    ];
    let mut failures = Vec::new();
    for campaign in &campaigns {
        println!("== {}Sanitizer", campaign.sanitizer);
        if let Err(error) = campaign.run() {
            failures.push(format!("{}: {error:#}", campaign.name));
        }
    }
    if !failures.is_empty() {
        bail!("{}", failures.join("\n"));
    }
    println!("both sanitizers are silent");
    Ok(())
}

impl Campaign {
    fn run(&self) -> Result<()> {
        let library = self.build_library()?;
        let directory = format!("cmake-{}", self.name);
        let options = [
            format!("-DSCRIPTLOOP_PREBUILT={}", library.display()),
            format!("-DSCRIPTLOOP_SANITIZER={}", self.sanitizer),
            format!("-DSCRIPTLOOP_SANITIZER_RUNTIME={}", runtime(self.name)?.display()),
        ];
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        run_command(&mut cmake::configure(&directory, &options))?;
        run_command(&mut cmake::build(&directory, "all"))?;
        let (variable, value) = &self.options;
        run_command(
            command("ctest")
                .arg("--test-dir")
                .arg(cmake::directory(&directory))
                .args(["-L", LABELS, "-j2", "--output-on-failure", "--no-tests=error"])
                .env(variable, value),
        )
    }

    /// With the assertions of a debug build, and fast enough for the stress tests.
    fn build_library(&self) -> Result<PathBuf> {
        let directory = target().join(self.name);
        let (sanitizer, flags) = (self.sanitizer, self.c_flags);
        let instrument_c = format!("-fsanitize={sanitizer} {flags} -fno-omit-frame-pointer -g");
        run_command(
            cargo()
                .args(["build", "--lib", "--target", TRIPLE, "--target-dir"])
                .arg(&directory)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("RUSTFLAGS", self.rustflags)
                .env("CFLAGS", instrument_c)
                .env("CARGO_PROFILE_DEV_OPT_LEVEL", "1"),
        )?;
        Ok(directory.join(TRIPLE).join("debug/libscriptloop.so"))
    }
}

/// The sanitizer's runtime in the Rust toolchain.
fn runtime(name: &str) -> Result<PathBuf> {
    let output = command("rustc").args(["--print", "target-libdir"]).output()?;
    let directory = String::from_utf8(output.stdout)?;
    let libraries = Path::new(directory.trim());
    let mut found = None;
    for entry in libraries.read_dir().with_context(|| format!("no {}", libraries.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(&format!("_rt.{name}.a")) {
            found = Some(path);
        }
    }
    found.with_context(|| format!("this Rust toolchain has no runtime for {name}"))
}
