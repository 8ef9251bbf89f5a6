//! Rules about size, and the list of those that break them. The list may only shrink: an entry
//! that is larger than what it excuses is a finding.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use proc_macro2::LineColumn;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::{Findings, Source};
use crate::shell::root;

const LIST: &str = "xtask/tidy-exceptions.txt";
const FILE_MAX: usize = 400;
const FUNCTION_MAX: usize = 70;

/// A file or a function that is too long: its name in the list, where it is, how long it is.
struct TooLong {
    name: String,
    path: String,
    line: usize,
    lines: usize,
    max: usize,
}

pub fn check(sources: &[Source], findings: &mut Findings) -> Result<()> {
    let mut list = read_list()?;
    for long in sources.iter().filter(|source| source.is_code()).flat_map(too_long) {
        match list.remove(&long.name) {
            Some((_, excused)) if excused == long.lines => {}
            Some((entry, excused)) if excused > long.lines => {
                let what = format!("{} has {} lines now: lower its entry", long.name, long.lines);
                findings.add(LIST, entry, what);
            }
            _ => {
                let TooLong { name, lines, max, .. } = &long;
                let what = format!("{name} has {lines} lines, {max} are enough: split it");
                findings.add(&long.path, long.line, what);
            }
        }
    }
    for (name, (entry, _)) in list {
        findings.add(LIST, entry, format!("{name} is short enough now: remove its entry"));
    }
    Ok(())
}

/// Entries `<path> <lines>` and `<path>::<function> <lines>`, with the line that holds them.
fn read_list() -> Result<BTreeMap<String, (usize, usize)>> {
    let text = fs::read_to_string(root().join(LIST)).with_context(|| format!("no {LIST}"))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
    let entry = |(index, line): (usize, &str)| {
        let (name, lines) = line.split_once(' ')?;
        Some((name.to_owned(), (index + 1, lines.parse().ok()?)))
    };
    lines
        .map(|line| entry(line).with_context(|| format!("{LIST}: not an entry: {}", line.1)))
        .collect()
}

fn too_long(source: &Source) -> Vec<TooLong> {
    let mut long = functions(source);
    long.retain(|function| function.lines > FUNCTION_MAX);
    let lines = source.text.lines().filter(|line| !is_header_text(source, line)).count();
    if lines > FILE_MAX {
        let path = source.path.clone();
        long.push(TooLong { name: path.clone(), path, line: 1, lines, max: FILE_MAX });
    }
    long
}

/// The doc comments of src/ffi are the text of the header, which is one file and long.
fn is_header_text(source: &Source, line: &str) -> bool {
    source.path.starts_with("src/ffi/") && line.trim_start().starts_with("///")
}

fn functions(source: &Source) -> Vec<TooLong> {
    let spans = match source.extension() {
        "rs" => rust_functions(&source.text),
        _ if source.is_c() => c_functions(source),
        _ => Vec::new(),
    };
    let entry = |(name, first, last): (String, usize, usize)| TooLong {
        name: format!("{}::{name}", source.path),
        path: source.path.clone(),
        line: first,
        lines: last + 1 - first,
        max: FUNCTION_MAX,
    };
    spans.into_iter().map(entry).collect()
}

/// Name, first and last line of each function; without its comment and attributes.
fn rust_functions(text: &str) -> Vec<(String, usize, usize)> {
    #[derive(Default)]
    struct Functions(Vec<(String, usize, usize)>);

    impl Functions {
        fn add(&mut self, signature: &syn::Signature, body: &syn::Block) {
            let LineColumn { line: first, .. } = signature.span().start();
            let LineColumn { line: last, .. } = body.span().end();
            self.0.push((signature.ident.to_string(), first, last));
        }
    }

    impl<'ast> Visit<'ast> for Functions {
        fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
            self.add(&function.sig, &function.block);
            visit::visit_item_fn(self, function);
        }

        fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
            self.add(&function.sig, &function.block);
            visit::visit_impl_item_fn(self, function);
        }
    }

    let mut functions = Functions::default();
    // What does not parse fails to compile, which says it better.
    if let Ok(file) = syn::parse_file(text) {
        functions.visit_file(&file);
    }
    functions.0
}

/// The same for C and C++, from the layout that clang-format gives: a body ends with a brace in the
/// first column.
fn c_functions(source: &Source) -> Vec<(String, usize, usize)> {
    let mut functions = Vec::new();
    let mut open: Option<(String, usize)> = None;
    for (number, line) in source.lines() {
        let at_start = line.starts_with(|letter: char| letter.is_ascii_alphabetic());
        if at_start && !line.starts_with("namespace") && !line.starts_with("extern \"C\"") {
            if let Some((head, _)) = line.split_once('(') {
                let letter = |letter: char| letter.is_alphanumeric() || letter == '_';
                let name = head.rsplit(|next| !letter(next)).next();
                let name = name.expect("a split has a first part").to_owned();
                let case = line.strip_prefix("SL_TEST(").and_then(|rest| rest.split(')').next());
                open = Some((case.map_or(name, str::to_owned), number));
            }
            if line.ends_with(';') {
                open = None;
            }
        } else if line == "}"
            && let Some((name, first)) = open.take()
        {
            functions.push((name, first, number));
        }
    }
    functions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_c_are_measured_from_head_to_brace() {
        let text = "static int sum(int a,\n               int b) {\n    return a + b;\n}\n\
                    int declared(void);\nSL_TEST(a_case) {\n    SL_CHECK(true);\n}\n";
        let source = Source { path: "a.c".to_owned(), text: text.to_owned() };
        let expected = vec![("sum".to_owned(), 1, 4), ("a_case".to_owned(), 6, 8)];
        assert_eq!(c_functions(&source), expected);
    }

    #[test]
    fn functions_of_rust_are_measured_without_their_comments() {
        let text = "/// Doc.\n#[inline]\npub fn a() {\n    b()\n}\nimpl A {\n    fn b() {}\n}\n";
        let expected = vec![("a".to_owned(), 3, 5), ("b".to_owned(), 7, 7)];
        assert_eq!(rust_functions(text), expected);
    }
}
