//! Rules about the boundary: what a function that C calls looks like and says, and where unsafe
//! code may stand.

use anyhow::{Context, Result};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Item, ItemFn, Lit, Meta, ReturnType, Stmt};

use super::{Findings, Source};

/// The closed list of words after `@thread`.
const THREADS: [&str; 4] = ["any", "owner", "main", "worker"];

pub fn check(sources: &[Source], findings: &mut Findings) -> Result<()> {
    let library = |source: &&Source| {
        let crates = source.path.starts_with("src/") || source.path.starts_with("tests/");
        crates && source.extension() == "rs"
    };
    for source in sources.iter().filter(library) {
        let file = syn::parse_file(&source.text)
            .with_context(|| format!("cannot parse {}", source.path))?;
        for item in &file.items {
            check_item(&source.path, item, findings);
        }
        let mut visitor = FirstUnsafe::default();
        visitor.visit_file(&file);
        if let Some(line) = visitor.line
            && !may_be_unsafe(&source.path, sources)
        {
            let what = "unsafe code belongs into src/ffi, or into a module that opens with \
                        #![expect(unsafe_code, reason = …)]";
            findings.add(&source.path, line, what);
        }
    }
    Ok(())
}

/// Whether the file, or a module that it is part of, is marked as a place for unsafe code.
fn may_be_unsafe(path: &str, sources: &[Source]) -> bool {
    let marked = |path: &str| {
        let source = sources.iter().find(|source| source.path == path);
        let file = source.and_then(|source| syn::parse_file(&source.text).ok());
        file.is_some_and(|file| expects_unsafe(&file.attrs))
    };
    let modules = path.match_indices('/').map(|(at, _)| &path[..at]);
    path.starts_with("src/ffi/")
        || marked(path)
        || modules
            .into_iter()
            .any(|it| marked(&format!("{it}/mod.rs")) || marked(&format!("{it}.rs")))
}

fn check_item(path: &str, item: &Item, findings: &mut Findings) {
    match item {
        Item::Fn(function) if is_exported(&function.attrs) => {
            check_function(path, function, findings);
        }
        Item::Type(alias) if alias.ident.to_string().ends_with("_fn") => {
            let line = alias.ident.span().start().line;
            check_thread(path, line, &alias.ident.to_string(), &docs(&alias.attrs), findings);
        }
        _ => {}
    }
}

fn check_function(path: &str, function: &ItemFn, findings: &mut Findings) {
    let name = function.sig.ident.to_string();
    let line = function.sig.ident.span().start().line;
    let mut add = |what: &str| findings.add(path, line, format!("{name} {what}"));
    if !path.starts_with("src/ffi/") {
        add("is exported outside src/ffi: move it there");
    }
    if !is_guarded(&function.block.stmts) {
        add("must be one call of guard or guard_or, so that no panic leaves it");
    }
    let docs = docs(&function.attrs);
    if !docs.iter().any(|line| line.starts_with("@since ")) {
        add("does not say since when it exists: add `@since`");
    }
    let returns = matches!(function.sig.output, ReturnType::Type(..));
    if returns && !docs.iter().any(|line| line.starts_with("@return ")) {
        add("does not say what it returns: add `@return`");
    }
    check_thread(path, line, &name, &docs, findings);
}

fn check_thread(path: &str, line: usize, name: &str, docs: &[String], findings: &mut Findings) {
    let word = docs.iter().find_map(|line| line.strip_prefix("@thread"));
    let word =
        word.and_then(|rest| rest.split([' ', ',', ';', ':', '.']).find(|it| !it.is_empty()));
    let known = THREADS.join(", ");
    match word {
        Some(word) if THREADS.contains(&word) => {}
        Some(word) => {
            let what = format!("{name}: {word} is no word for @thread, which takes {known}");
            findings.add(path, line, what);
        }
        None => {
            let what = format!("{name} does not say on which thread: add `@thread` and {known}");
            findings.add(path, line, what);
        }
    }
}

fn is_exported(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        // `#[unsafe(no_mangle)]`
        Meta::List(list) => list.path.is_ident("unsafe") && names_symbol(&list.tokens.to_string()),
        Meta::Path(path) => path.is_ident("no_mangle"),
        Meta::NameValue(pair) => pair.path.is_ident("export_name"),
    })
}

fn names_symbol(tokens: &str) -> bool {
    tokens == "no_mangle" || tokens.starts_with("export_name")
}

/// One call of `guard` or `guard_or`, or nothing but a constant.
fn is_guarded(body: &[Stmt]) -> bool {
    let statements: Vec<&Stmt> =
        body.iter().filter(|it| !matches!(it, Stmt::Item(Item::Const(_)))).collect();
    let [Stmt::Expr(expression, _)] = statements[..] else { return false };
    if let Expr::Call(call) = expression
        && let Expr::Path(callee) = &*call.func
    {
        let last = callee.path.segments.last();
        return last.is_some_and(|name| name.ident == "guard" || name.ident == "guard_or");
    }
    is_constant(expression)
}

fn is_constant(expression: &Expr) -> bool {
    match expression {
        Expr::Lit(_) => true,
        Expr::Macro(call) => ["env", "concat"].iter().any(|name| call.mac.path.is_ident(name)),
        Expr::Path(path) => path.path.segments.last().is_some_and(|name| {
            let name = name.ident.to_string();
            name == name.to_uppercase()
        }),
        Expr::Cast(cast) => is_constant(&cast.expr),
        Expr::Paren(inner) => is_constant(&inner.expr),
        Expr::Binary(binary) => is_constant(&binary.left) && is_constant(&binary.right),
        Expr::MethodCall(call) => {
            let pure = call.method == "as_ptr" || call.method == "cast";
            pure && call.args.is_empty() && is_constant(&call.receiver)
        }
        _ => false,
    }
}

/// The lines of a doc comment.
fn docs(attributes: &[Attribute]) -> Vec<String> {
    let text = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    };
    attributes.iter().filter_map(text).map(|line| line.trim().to_owned()).collect()
}

/// Whether the file opens with `#![expect(unsafe_code, reason = …)]`.
fn expects_unsafe(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => {
            let tokens = list.tokens.to_string();
            let unsafe_code = tokens.contains("unsafe_code") && tokens.contains("reason");
            list.path.is_ident("expect") && unsafe_code
        }
        _ => false,
    })
}

/// The line of the first unsafe code in a file.
#[derive(Default)]
struct FirstUnsafe {
    line: Option<usize>,
}

impl FirstUnsafe {
    fn found(&mut self, at: proc_macro2::Span) {
        self.line.get_or_insert(at.start().line);
    }
}

impl<'ast> Visit<'ast> for FirstUnsafe {
    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        self.found(block.span());
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if item.unsafety.is_some() {
            self.found(item.impl_token.span);
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if signature.unsafety.is_some() {
            self.found(signature.span());
        }
        visit::visit_signature(self, signature);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<String> {
        let source = Source { path: "src/ffi/a.rs".to_owned(), text: text.to_owned() };
        let mut findings = Findings::default();
        check(&[source], &mut findings).expect("it parses");
        findings.0
    }

    const TAGS: &str = "/// @return a\n/// @thread any, also inside callbacks\n/// @since  0.1.0\n";

    #[test]
    fn one_guard_with_all_tags_is_right() {
        let body = "#[unsafe(no_mangle)] pub extern \"C\" fn f() -> i32 { guard(|| Ok(())) }";
        assert_eq!(findings(&format!("{TAGS}{body}")), [""; 0]);
        let constant = "#[unsafe(no_mangle)] extern \"C\" fn f() -> u32 { super::SL_ABI }";
        assert_eq!(findings(&format!("{TAGS}{constant}")), [""; 0]);
    }

    #[test]
    fn logic_at_the_boundary_and_missing_tags_are_found() {
        let found = findings("#[unsafe(no_mangle)] extern \"C\" fn f(a: i32) -> i32 { a }");
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn an_unknown_thread_is_found() {
        let found = findings("/// @thread render\npub type sl_a_fn = fn();");
        assert!(found[0].contains("render is no word for @thread"), "{found:?}");
    }

    #[test]
    fn unsafe_code_stands_only_in_modules_that_expect_it() {
        let source =
            |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
        let marked = "#![expect(unsafe_code, reason = \"a\")] mod c;";
        let block = "fn f() { unsafe { g() } }";
        let sources = [
            source("src/a.rs", block),
            source("src/b/mod.rs", marked),
            source("src/b/c.rs", block),
        ];
        let mut found = Findings::default();
        check(&sources, &mut found).expect("it parses");
        assert_eq!(found.0.len(), 1);
        assert!(found.0[0].starts_with("src/a.rs:1:"));
    }
}
