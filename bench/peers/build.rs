//! Passes the versions of the measured crates, as Cargo.lock has them, to the tables of results.

use std::path::Path;
use std::{env, fs};

fn main() {
    let here = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let lock = Path::new(&here).join("../../Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    let text = fs::read_to_string(&lock).unwrap_or_default();
    for name in ["crossbeam-channel", "crossbeam-queue", "mlua"] {
        let head = format!("name = \"{name}\"\nversion = \"");
        let version = text.split_once(&head).and_then(|(_, rest)| rest.split('"').next());
        let variable = name.replace('-', "_").to_uppercase();
        println!("cargo::rustc-env={variable}_VERSION={}", version.unwrap_or("unknown"));
    }
}
