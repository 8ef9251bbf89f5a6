//! Rules about lists that are taken from the files: what is written is registered, and what is
//! promised is tested.

use std::collections::HashSet;

use anyhow::Result;

use super::{Findings, Source};
use crate::header;

/// Sections of the header whose tests stand in the file of another noun.
const TESTED_WITH: [(&str, &str); 8] = [
    ("status", "version"),
    ("callback", "loop"),
    ("step", "loop"),
    ("event_loop", "loop"),
    ("action", "action_queue"),
    ("script_job", "script_runner"),
    ("script_result", "script_runner"),
    ("job_result", "jobs"),
];

pub fn check(sources: &[Source], findings: &mut Findings) -> Result<()> {
    for source in sources {
        if source.path.starts_with("ctest/") && source.is_c() && source.path != "ctest/sl_test.h" {
            check_cases(source, findings);
        }
        if source.path.starts_with("examples-c/") {
            check_example(source, findings);
        }
    }
    check_sections(sources, findings)
}

/// CMake registers the lines that open with `SL_TEST(`; a name is a case of its own.
fn check_cases(source: &Source, findings: &mut Findings) {
    let mut names = HashSet::new();
    for (number, line) in source.lines() {
        let mut add = |what: &str| findings.add(&source.path, number, what);
        if let Some(rest) = line.strip_prefix("SL_TEST(") {
            let name = rest.split(')').next().expect("a split has a first part");
            if !names.insert(name.to_owned()) {
                add("there is a case of this name already: each name is one sentence");
            }
        } else if line.trim_start().starts_with("SL_TEST") {
            add("SL_TEST( opens its line, or CMake does not see it");
        }
    }
}

/// An example is a file, or a directory where the file with `main` stands for all.
fn check_example(source: &Source, findings: &mut Findings) {
    let is_part = source.path.matches('/').count() > 1 && !source.text.contains("int main(");
    if is_part && source.is_c() {
        return;
    }
    let mut add = |what: &str| findings.add(&source.path, 1, what);
    if !matches!(source.extension(), "c" | "cpp") {
        add("CTest takes *.c and *.cpp from examples-c: this file is never run");
        return;
    }
    let opening: String = source.lines().take(20).map(|(_, line)| format!("{line}\n")).collect();
    if !opening.contains("cmake --build") {
        add("an example opens with the commands that build and run it");
    }
}

fn check_sections(sources: &[Source], findings: &mut Findings) -> Result<()> {
    for section in header::sections()? {
        let with = TESTED_WITH.iter().find(|(noun, _)| *noun == section.noun);
        let noun = with.map_or(section.noun.as_str(), |(_, with)| *with);
        let tested = sources.iter().any(|source| {
            let name = source.path.strip_prefix("ctest/test_");
            name == Some(&format!("{noun}.c")) || name == Some(&format!("{noun}.cpp"))
        });
        if !tested {
            let path = format!("src/ffi/{}.rs", section.noun);
            let what = format!("this section of the header has no ctest/test_{noun}.c: write it");
            findings.add(&path, 1, what);
        }
    }
    Ok(())
}
