//! Rules about lines: their width, what must not be left in them, and the paths they name.

use super::{Findings, Source};
use crate::shell::root;

const WIDTH: usize = 100;

/// Marks of unfinished work. Put together here, so that this file may name them.
const UNFINISHED: [&str; 5] = [
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("TO", "DO"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
];

/// Directories of one machine, which mean nothing on another.
const MACHINE: [&str; 3] = [concat!("/", "work"), concat!("/", "root"), concat!("/", "home")];

/// Calls that wait for time instead of for what they wait for.
const SLEEPS: [&str; 4] = ["usleep(", "nanosleep(", " sleep(", "sleep_for("];

pub fn check(source: &Source, findings: &mut Findings) {
    for (number, line) in source.lines() {
        let mut add = |what: String| findings.add(&source.path, number, what);
        let width = line.chars().count();
        if source.is_code() && width > WIDTH {
            add(format!("the line has {width} columns: break it at {WIDTH}"));
        }
        for word in UNFINISHED {
            if has_word(line, word) {
                add(format!("{word} is left in the line: finish it, or open an issue"));
            }
        }
        for path in MACHINE {
            if has_word(line, path) {
                add(format!("{path} exists on one machine: name the path from the repository"));
            }
        }
        if source.path.starts_with("ctest/")
            && let Some(call) = SLEEPS.iter().find(|call| line.contains(*call))
        {
            add(format!("{}) is no synchronisation: wait for the event itself", call.trim()));
        }
    }
    if source.extension() == "md" {
        check_paths(source, findings);
    }
}

/// Whether `word` stands in the line with nothing before or after it that would make it longer.
fn has_word(line: &str, word: &str) -> bool {
    let longer = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let in_path = word.starts_with('/') && before.is_some_and(|it| ".-}".contains(it));
        !in_path
            && !before.is_some_and(longer)
            && (word.ends_with('(') || !after.is_some_and(longer))
    })
}

/// Links, and words in backquotes that open with a directory of the repository, must exist.
fn check_paths(source: &Source, findings: &mut Findings) {
    let directory = source.path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let mut fenced = false;
    for (number, line) in source.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        for link in between(line, "](", ")") {
            let path = link.split('#').next().expect("a split has a first part");
            let elsewhere = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
            if !elsewhere && !root().join(directory).join(path).exists() {
                findings.add(&source.path, number, format!("the link to {path} leads nowhere"));
            }
        }
        for word in between(line, "`", "`").filter(|word| is_path(word)) {
            if !root().join(word).exists() {
                findings.add(&source.path, number, format!("there is no {word}"));
            }
        }
    }
}

fn is_path(word: &str) -> bool {
    let letters = |letter: char| letter.is_ascii_alphanumeric() || "_-./".contains(letter);
    let first = word.split('/').next().expect("a split has a first part");
    word.contains('/')
        && word.chars().all(letters)
        && !matches!(first, "" | "." | ".." | "target" | "build")
        && root().join(first).is_dir()
}

/// What stands between each pair of `open` and `close`.
fn between<'a>(line: &'a str, open: &'a str, close: &'a str) -> impl Iterator<Item = &'a str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let start = rest.find(open)? + open.len();
        let length = rest[start..].find(close)?;
        let found = &rest[start..start + length];
        rest = &rest[start + length + close.len()..];
        Some(found)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_inside_a_longer_one_is_another_word() {
        let [machine, ..] = MACHINE;
        assert!(has_word(&format!("at {machine}/main"), machine));
        assert!(has_word(machine, machine));
        assert!(!has_word(&format!("src{machine}/main"), machine));
        assert!(!has_word(&format!("{machine}er_threads"), machine));
    }

    #[test]
    fn all_pairs_are_found() {
        let words: Vec<_> = between("`a` and `b/c`, `open", "`", "`").collect();
        assert_eq!(words, ["a", "b/c"]);
    }
}
