//! `cargo xtask header`: include/scriptloop.h from src/ffi, in sections by noun.
//!
//! cbindgen by itself gives all types and then all functions. Here it runs once for each file of
//! src/ffi, in the order of the `mod` lines of src/ffi/mod.rs, and the `//!` text of the file
//! becomes the banner of its section. What a section mentions stands in it or above it.

mod layout;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use syn::{Attribute, Expr, Item, Lit, Meta, Type, Visibility};

use crate::shell::root;

const HEADER: &str = "include/scriptloop.h";
const TOP: &str = include_str!("top.h.in");
const END: &str = include_str!("end.h.in");

/// Writes the header; leaves its time alone when nothing changed, so nothing is compiled again.
pub fn write() -> Result<()> {
    let path = root().join(HEADER);
    let text = generate()?;
    if fs::read_to_string(&path).ok().as_deref() != Some(&text) {
        fs::create_dir_all(path.parent().expect("a file has a directory"))?;
        fs::write(&path, text).with_context(|| format!("cannot write {HEADER}"))?;
        println!("{HEADER} is new");
    }
    Ok(())
}

/// Fails when the header is not what `write` would write.
pub fn check() -> Result<()> {
    let found = fs::read_to_string(root().join(HEADER)).unwrap_or_default();
    let text = generate()?;
    if found == text {
        return Ok(());
    }
    let same = found.lines().zip(text.lines()).take_while(|(old, new)| old == new).count();
    bail!(
        "{HEADER} is stale from line {}: run `cargo xtask header`\n  found:    {}\n  expected: {}",
        same + 1,
        found.lines().nth(same).unwrap_or("(end of file)"),
        text.lines().nth(same).unwrap_or("(end of file)"),
    )
}

/// One section of the header: the file src/ffi/`noun`.rs.
pub struct Section {
    pub noun: String,
    pub text: String,
}

fn generate() -> Result<String> {
    let version = package_version()?;
    let numbers: Vec<&str> = version.split('.').collect();
    let [major, minor, patch] = numbers[..] else { bail!("{version} is not MAJOR.MINOR.PATCH") };
    let mut text = TOP
        .replace("@MAJOR@", major)
        .replace("@MINOR@", minor)
        .replace("@PATCH@", patch)
        .replace("@VERSION@", &version);
    for section in sections()? {
        text.push_str(&section.text);
    }
    text.push_str(END);
    Ok(text)
}

/// The sections in their order; files that show nothing to C have none.
pub fn sections() -> Result<Vec<Section>> {
    let mut sections = Vec::new();
    let mut known = HashSet::new();
    for noun in modules()? {
        let path = root().join(format!("src/ffi/{noun}.rs"));
        let source = parse(&path)?;
        let declarations = declare(&path, &source, &mut known)?;
        if !declarations.is_empty() {
            let text = format!("{}\n{declarations}\n\n", banner(&module_docs(&source.attrs)));
            sections.push(Section { noun, text });
        }
    }
    Ok(sections)
}

/// The `mod` lines of src/ffi/mod.rs.
fn modules() -> Result<Vec<String>> {
    let items = parse(&root().join("src/ffi/mod.rs"))?.items.into_iter();
    Ok(items
        .filter_map(|item| match item {
            Item::Mod(module) if module.content.is_none() => Some(module.ident.to_string()),
            _ => None,
        })
        .collect())
}

fn parse(path: &Path) -> Result<syn::File> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {path:?}"))?;
    syn::parse_file(&text).with_context(|| format!("cannot parse {path:?}"))
}

/// What cbindgen makes of one file.
fn declare(path: &Path, source: &syn::File, known: &mut HashSet<String>) -> Result<String> {
    let mut config = cbindgen::Config::from_root_or_default(root());
    // cbindgen drops what no function of this file mentions: another section may. It writes what
    // a type mentions before the type, through pointers too; where pointers make a circle, only
    // beginning with the type that holds the others makes the order right.
    let mut public: Vec<&Item> =
        source.items.iter().filter(|it| public_name(it).is_some()).collect();
    public.sort_by_key(|item| std::cmp::Reverse(depth(item, &source.items)));
    config.export.include = public.into_iter().filter_map(public_name).collect();
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(path)
        .generate()
        .with_context(|| format!("cbindgen cannot read {path:?}"))?;
    let mut bytes = Vec::new();
    bindings.write(&mut bytes);
    let text = String::from_utf8(bytes)?;
    Ok(layout::tidy_up(&text, known))
}

/// The name of a public item that is C's; other public items are public for Rust.
fn public_name(item: &Item) -> Option<String> {
    let (visibility, name) = match item {
        Item::Struct(item) => (&item.vis, &item.ident),
        Item::Enum(item) => (&item.vis, &item.ident),
        Item::Union(item) => (&item.vis, &item.ident),
        Item::Type(item) => (&item.vis, &item.ident),
        Item::Const(item) => (&item.vis, &item.ident),
        _ => return None,
    };
    let name = name.to_string();
    let ours = name.starts_with("sl_") || name.starts_with("SL_");
    (ours && matches!(visibility, Visibility::Public(_))).then_some(name)
}

/// How many types deep a struct or union holds other types of its file.
fn depth(item: &Item, items: &[Item]) -> usize {
    let fields = match item {
        Item::Struct(item) => item.fields.iter().collect(),
        Item::Union(item) => item.fields.named.iter().collect(),
        _ => Vec::new(),
    };
    let held = fields.iter().filter_map(|field| match &field.ty {
        Type::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
    });
    let depths = held.filter_map(|name| {
        let found = items.iter().find(|item| public_name(item).as_ref() == Some(&name))?;
        Some(1 + depth(found, items))
    });
    depths.max().unwrap_or(0)
}

/// The `//!` text of a file, one string for each line.
fn module_docs(attributes: &[Attribute]) -> Vec<String> {
    let text = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    let lines = attributes.iter().filter_map(text);
    // A link for rustdoc is a plain name in C.
    lines.map(|line| line.replace("[`", "`").replace("`]", "`").trim_end().to_owned()).collect()
}

fn banner(lines: &[String]) -> String {
    let rule = "=".repeat(94);
    let mut text = format!("/* {rule}\n");
    for line in lines {
        text.push_str(&format!(" *{line}\n"));
    }
    text.push_str(&format!(" * {rule} */\n"));
    text
}

/// The version stands in the root's Cargo.toml and nowhere else.
fn package_version() -> Result<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    let line = manifest.lines().find_map(|line| line.strip_prefix("version = \""));
    let version = line.and_then(|line| line.strip_suffix('"'));
    version.map(str::to_owned).context("Cargo.toml has no line `version = \"…\"`")
}
