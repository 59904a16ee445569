//! Wording of rationales: one or two plain sentences, the gist first.

/// Longest rationale, in characters.
pub(super) const LONGEST: usize = 220;

/// Clauses joined with semicolons; the first always stands, later ones as far as they fit.
pub(super) fn sentence(clauses: &[String]) -> String {
    let mut said = String::new();
    for clause in clauses.iter().filter(|c| !c.is_empty()) {
        if said.is_empty() {
            said.push_str(clause);
        } else if said.chars().count() + clause.chars().count() + 3 <= LONGEST {
            said.push_str("; ");
            said.push_str(clause);
        }
    }
    capitalised(&said) + "."
}

/// "a, b and 3 more": at most `most` names.
pub(super) fn names(all: &[&str], most: usize) -> String {
    let shown = all.get(..most.min(all.len())).unwrap_or_default();
    match all.len() - shown.len() {
        0 => match shown {
            [] => String::new(),
            [only] => (*only).to_owned(),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        },
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// "1 job", "2 jobs".
pub(super) fn counted(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_people_write_them() {
        assert_eq!(names(&["Go"], 3), "Go");
        assert_eq!(names(&["Go", "Rust", "SQL"], 3), "Go, Rust and SQL");
        assert_eq!(names(&["Go", "Rust", "SQL"], 2), "Go, Rust and 1 more");
        assert_eq!(counted(2, "job"), "2 jobs");
    }

    #[test]
    fn clauses_that_do_not_fit_are_left_out() {
        let long = "x".repeat(LONGEST);
        assert_eq!(sentence(&["two of 3".into(), long, "more".into()]), "Two of 3; more.");
    }
}
