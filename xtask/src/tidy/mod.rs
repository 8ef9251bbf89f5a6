//! `cargo xtask tidy`: the rules that no compiler checks. A rule is a check or it is a wish.

mod exceptions;
mod exports;
mod lists;
mod text;

use std::fs;

use anyhow::{Result, bail};

use crate::shell::{repository_files, root};

/// A file of the repository that is text.
pub struct Source {
    /// Relative to the repository.
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn extension(&self) -> &str {
        let name = self.path.rsplit('/').next().expect("a split has a last part");
        name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Code that people write, as opposed to prose and what tools write.
    pub fn is_code(&self) -> bool {
        let code = ["rs", "c", "h", "cpp", "hpp", "zig", "lua", "cmake", "in"];
        let generated = self.path == "include/scriptloop.h";
        !generated && (code.contains(&self.extension()) || self.path.ends_with("CMakeLists.txt"))
    }

    pub fn is_c(&self) -> bool {
        matches!(self.extension(), "c" | "h" | "cpp" | "hpp")
    }

    /// The lines with their numbers, from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

/// What is wrong, and what to do about it.
#[derive(Default)]
pub struct Findings(Vec<String>);

impl Findings {
    pub fn add(&mut self, path: &str, line: usize, what: impl std::fmt::Display) {
        self.0.push(format!("{path}:{line}: {what}"));
    }
}

/// Checks every rule on every file; fails with all findings.
pub fn run() -> Result<()> {
    let mut sources = Vec::new();
    for path in repository_files()? {
        // What is no text is no business of these rules.
        if let Ok(text) = String::from_utf8(fs::read(root().join(&path))?) {
            sources.push(Source { path, text });
        }
    }
    let mut findings = Findings::default();
    for source in &sources {
        text::check(source, &mut findings);
    }
    exceptions::check(&sources, &mut findings)?;
    exports::check(&sources, &mut findings)?;
    lists::check(&sources, &mut findings)?;
    if findings.0.is_empty() {
        return Ok(());
    }
    bail!("{}\n{} findings", findings.0.join("\n"), findings.0.len())
}
