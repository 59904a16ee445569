//! Lines of visible text, with the empty ones folded.

/// Folds empty lines: no more than one in a row, none at the ends. `trim` says what of a line's own
/// blanks goes: all of them where a page's layout put them there, those at its end where the
/// indentation is the writer's.
pub(super) fn fold(text: &str, trim: impl Fn(&str) -> &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = false;
    for line in text.lines().map(trim) {
        if line.is_empty() {
            empty = true;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if empty { "\n\n" } else { "\n" });
        }
        empty = false;
        out.push_str(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn empty_lines_are_folded_and_indentation_is_kept_where_asked() {
        let text = "\n \n  Jane \nDoe\n\n\t\n\n   - Rust  \n\n";
        assert_eq!(fold(text, str::trim), "Jane\nDoe\n\n- Rust");
        assert_eq!(fold(text, str::trim_end), "  Jane\nDoe\n\n   - Rust");
        assert_eq!(fold(" \n\t\n", str::trim_end), "");
    }
}
