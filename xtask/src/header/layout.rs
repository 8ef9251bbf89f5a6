//! The last touch on what cbindgen writes: the same declarations in fewer and plainer lines.

use std::collections::HashSet;

const WIDTH: usize = 100;

/// Lays out one section. `known` are the type names declared so far, here and above.
pub fn tidy_up(text: &str, known: &mut HashSet<String>) -> String {
    let text = without_extern_c(text);
    let mut lines: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
    lines = plain_enums(lines);
    lines = short_comments(lines);
    lines = plain_names(lines, known);
    lines = filled_functions(lines);
    lines.dedup_by(|line, previous| line.is_empty() && previous.is_empty());
    lines.join("\n").trim().to_owned()
}

/// One `extern "C"` spans the whole header; cbindgen writes one for each section.
fn without_extern_c(text: &str) -> String {
    text.replace("#ifdef __cplusplus\nextern \"C\" {\n#endif // __cplusplus\n", "")
        .replace("#ifdef __cplusplus\n}  // extern \"C\"\n#endif  // __cplusplus\n", "")
}

/// An integer of fixed size and its constants, the same in C and C++: `typedef int32_t sl_status;
/// enum { … };` instead of three cases by language and standard.
fn plain_enums(lines: Vec<String>) -> Vec<String> {
    let mut result = Vec::new();
    let mut lines = lines.into_iter().peekable();
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix("enum ").filter(|name| !name.contains(' ')) else {
            result.push(line);
            continue;
        };
        let size = lines.by_ref().find_map(|line| line.strip_prefix("  : ").map(str::to_owned));
        let size = size.expect("cbindgen writes the size of an enum in C++");
        result.push(format!("typedef {size} {name};"));
        result.push("enum {".to_owned());
        let body = lines.by_ref().skip_while(|line| line != " {").skip(1);
        let (small, large) = split_large(body.take_while(|line| line != "};").collect());
        result.extend(small);
        result.push("};".to_owned());
        result.extend(large);
        let end = "#endif // __cplusplus";
        lines.by_ref().find(|line| line == end).expect("cbindgen closes the typedef of an enum");
    }
    result
}

/// Takes the constants that are no `int`, which C wants of an enum, out of its body; they become
/// macros.
fn split_large(body: Vec<String>) -> (Vec<String>, Vec<String>) {
    let mut small = Vec::new();
    let mut large = Vec::new();
    let mut comment = Vec::new();
    for line in body {
        let constant = line.trim().strip_suffix(',').and_then(|line| line.split_once(" = "));
        let Some((name, value)) = constant else {
            comment.push(line);
            continue;
        };
        match value.parse::<u32>() {
            Ok(number) if i32::try_from(number).is_err() => {
                large.extend(comment.drain(..).map(unindented));
                large.push(format!("#define {name} {number:#X}u"));
            }
            _ => {
                small.append(&mut comment);
                small.push(line);
            }
        }
    }
    small.append(&mut comment);
    (small, large)
}

fn unindented(line: String) -> String {
    line.strip_prefix("    ").map(str::to_owned).unwrap_or(line)
}

/// A comment of one line stands on one line.
fn short_comments(lines: Vec<String>) -> Vec<String> {
    let mut result: Vec<String> = Vec::new();
    for line in lines {
        let closes = line.trim_start() == "*/" && result.len() >= 2;
        let opens = closes && result[result.len() - 2].trim_start() == "/**";
        if opens && result[result.len() - 1].len() + " */".len() < WIDTH {
            let text = result.pop().expect("there are two lines");
            let opening = result.pop().expect("there are two lines");
            let text = text.trim_start().trim_start_matches('*');
            result.push(format!("{opening}{text} */"));
        } else {
            result.push(line);
        }
    }
    result
}

/// `sl_loop` instead of `struct sl_loop` wherever the name is declared already.
fn plain_names(lines: Vec<String>, known: &mut HashSet<String>) -> Vec<String> {
    let mut result = Vec::new();
    for mut line in lines {
        if !line.trim_start().starts_with('*') {
            for keyword in ["struct ", "union "] {
                for name in known.iter() {
                    line = replace_word(&line, &format!("{keyword}{name}"), name);
                }
            }
        }
        let closed = line.strip_prefix("} ").or(line.strip_prefix("typedef struct "));
        if let Some(name) = closed.and_then(|rest| rest.strip_suffix(';')) {
            let name = name.split(' ').next_back().expect("a split has a last part");
            known.insert(name.to_owned());
        }
        result.push(line);
    }
    result
}

fn replace_word(line: &str, word: &str, by: &str) -> String {
    let mut result = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(word) {
        let after = &rest[at + word.len()..];
        let whole = !after.starts_with(|next: char| next.is_alphanumeric() || next == '_');
        result.push_str(&rest[..at]);
        result.push_str(if whole { by } else { word });
        rest = after;
    }
    result + rest
}

/// Each function on one line, or filled to the width with its parameters below each other.
fn filled_functions(lines: Vec<String>) -> Vec<String> {
    let mut result = Vec::new();
    let mut lines = lines.into_iter();
    while let Some(mut line) = lines.next() {
        if line.starts_with("SL_API") {
            while !line.ends_with(';') {
                let next = lines.next().expect("a declaration ends with a semicolon");
                line = format!("{} {}", line, next.trim());
            }
            result.extend(fill(&line));
        } else {
            result.push(line);
        }
    }
    result
}

fn fill(declaration: &str) -> Vec<String> {
    let open = declaration.find('(').expect("a function has a parameter list") + 1;
    let mut lines = Vec::new();
    let mut line = declaration[..open].to_owned();
    for parameter in declaration[open..].split_inclusive(", ") {
        if line.len() + parameter.trim_end().len() > WIDTH {
            lines.push(line.trim_end().to_owned());
            line = " ".repeat(open);
        }
        line.push_str(parameter);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(text: &str) -> String {
        tidy_up(text, &mut HashSet::from(["sl_loop".to_owned()]))
    }

    #[test]
    fn an_enum_is_an_integer_and_constants() {
        let cbindgen = "/**\n * Doc.\n */\nenum sl_clock\n\
             #if defined(__cplusplus) || __STDC_VERSION__ >= 202311L\n\
             \x20 : uint32_t\n#endif // …\n {\n    \
             SL_CLOCK_SYSTEM = 0,\n};\n#ifndef __cplusplus\n#if __STDC_VERSION__ >= 202311L\n\
             typedef enum sl_clock sl_clock;\n#else\ntypedef uint32_t sl_clock;\n\
             #endif // __STDC_VERSION__ >= 202311L\n#endif // __cplusplus\n";
        let plain = "/** Doc. */\ntypedef uint32_t sl_clock;\nenum {\n    SL_CLOCK_SYSTEM = 0,\n};";
        assert_eq!(laid_out(cbindgen), plain);
    }

    #[test]
    fn a_constant_that_is_no_int_is_a_macro() {
        let body = ["    /**", "     * Last.", "     */", "    SL_A = 4294967295,"];
        let (small, large) = split_large(body.map(str::to_owned).to_vec());
        assert_eq!(small, [""; 0]);
        assert_eq!(large, ["/**", " * Last.", " */", "#define SL_A 0xFFFFFFFFu"]);
    }

    #[test]
    fn a_declared_struct_needs_no_keyword_and_an_undeclared_one_keeps_it() {
        let text = "SL_API int f(struct sl_loop *a, struct sl_loop_config *b);";
        assert_eq!(laid_out(text), "SL_API int f(sl_loop *a, struct sl_loop_config *b);");
    }

    #[test]
    fn a_long_declaration_is_filled_to_the_width() {
        let text = format!("SL_API\nint f(int a,\n      int {});", "b".repeat(90));
        let expected = format!("SL_API int f(int a,\n{}int {});", " ".repeat(13), "b".repeat(90));
        assert_eq!(laid_out(&text), expected);
    }
}
