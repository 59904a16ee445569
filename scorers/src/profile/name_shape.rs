//! The shape of a name on a line: its words, the titles and degrees about it, labels before it.

/// Length of a label such as "Name:" or "Curriculum Vitae of", and whether there is one.
pub(super) fn after_label(text: &str) -> (usize, bool) {
    let lower = text.to_lowercase();
    if lower.len() != text.len() {
        return (0, false);
    }
    for label in
        ["full name", "name", "candidate name", "candidate", "姓名", "氏名", "nombre", "nom"]
    {
        if let Some(rest) = lower.strip_prefix(label)
            && let Some(sign) =
                rest.trim_start().chars().next().filter(|c| matches!(c, ':' | '：' | '-'))
        {
            let at = lower.find(sign).map_or(0, |i| i + sign.len_utf8());
            return (at, true);
        }
    }
    for label in [
        "curriculum vitae of ",
        "curriculum vitae - ",
        "curriculum vitae: ",
        "curriculum vitae – ",
        "resume of ",
        "resume - ",
        "resume: ",
        "résumé of ",
        "cv of ",
        "cv - ",
        "cv: ",
    ] {
        if lower.starts_with(label) {
            return (label.len(), true);
        }
    }
    (0, false)
}

/// Length of Markdown's signs before a line's words: "# ", "**", "__".
pub(super) fn markup(text: &str) -> usize {
    text.len() - text.trim_start_matches(['#', '*', '_', ' ']).len()
}

/// The parts of a line between separators, with their byte offsets.
pub(super) fn separated(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    let bytes = text.as_bytes();
    for (i, c) in text.char_indices() {
        let next = i + c.len_utf8();
        let wide = c == ' ' && bytes.get(next) == Some(&b' ');
        let dash = matches!(c, '-' | '–' | '—') && i > 0 && bytes.get(i - 1) == Some(&b' ');
        if matches!(
            c,
            '|' | '·' | '•' | ',' | ';' | '\t' | '(' | ')' | '[' | '/' | ':' | '●' | '⋄' | '◦'
        ) || wide
            || dash
            || c.is_control()
            || is_private(c)
        {
            found.push((from, text.get(from..i).unwrap_or_default()));
            from = next;
        }
    }
    found.push((from, text.get(from..).unwrap_or_default()));
    found.retain(|(_, p)| !p.trim().is_empty());
    found
}

/// Icon fonts put their signs here.
fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{2190}'..='\u{2bff}')
}

/// Small words inside a name.
pub(super) const PARTICLES: &[&str] = &[
    "de", "da", "del", "della", "der", "den", "van", "von", "di", "la", "le", "el", "al", "bin",
    "ibn", "bint", "ter", "dos", "das", "do", "du", "y", "e", "st", "abu", "ben", "zu", "af",
];
/// Titles before a name.
const HONORIFICS: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "dr",
    "prof",
    "sir",
    "madam",
    "mx",
    "herr",
    "frau",
    "er",
    "shri",
    "smt",
    "ing",
    "dipl.-ing",
    "mag",
    "mudr",
    "professor",
    "doctor",
    "rev",
    "capt",
    "dame",
    "lord",
];
/// Degrees and generations after a name.
pub(super) const SUFFIXES: &[&str] = &[
    "phd", "ph.d", "ph.d.", "md", "m.d.", "mba", "jr", "jr.", "sr", "sr.", "ii", "iii", "iv",
    "cpa", "rn", "bsn", "esq", "esq.", "pmp", "pe", "cfa", "m.sc", "m.sc.", "msc", "bsc", "mph",
    "dds", "lcsw", "phr", "sphr", "csm", "msw", "ba", "bs", "ms", "ma", "m.a.", "b.a.", "dvm",
    "np", "pa-c", "llb", "llm", "llb.", "beng", "meng", "dphil", "mphil", "frcs", "mrcp", "acca",
    "aca", "cima", "fca", "rgn", "msn", "dnp", "fnp", "edd", "jd", "ll.m.", "b.sc.", "b.sc",
    "b.tech", "btech", "m.tech", "mtech", "obe", "mbe", "hons", "(hons)", "v", "crna", "ccrn",
    "faan", "psyd", "cissp",
];

/// If a piece has the shape of a name: how many scalars stand before it, its words, its length in scalars.
pub(super) fn name_shape(piece: &str) -> Option<(u32, Vec<String>, u32)> {
    let mut words: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    for word in piece.split(' ') {
        if !word.trim().is_empty() {
            words.push((at, word));
        }
        at += word.len() + 1;
    }
    let bare = |w: &str| w.trim_end_matches('.').to_lowercase();
    while words.first().is_some_and(|(_, w)| HONORIFICS.contains(&bare(w).as_str()))
        && words.len() > 1
    {
        words.remove(0);
    }
    while words.len() > 2
        && words.last().is_some_and(|(_, w)| SUFFIXES.contains(&w.to_lowercase().as_str()))
    {
        words.pop();
    }
    let (first, last) = (words.first()?, words.last()?);
    let slice = piece.get(first.0..last.0 + last.1.len())?;
    if is_cjk(slice) {
        let count = slice.chars().filter(|c| !c.is_whitespace()).count();
        return (2..=6).contains(&count).then(|| {
            (
                piece.get(..first.0).map_or(0, |s| s.chars().count()) as u32,
                vec![slice.to_owned()],
                slice.chars().count() as u32,
            )
        });
    }
    let small = words.iter().skip(1).filter(|(_, w)| PARTICLES.contains(&bare(w).as_str())).count();
    if words.len() - small > 5
        || small > 4
        || !words.iter().enumerate().all(|(i, (_, w))| word_of_name(w, i))
    {
        return None;
    }
    let full =
        words.iter().filter(|(_, w)| w.chars().filter(|c| c.is_alphabetic()).count() >= 2).count();
    if full == 0 || words.len() > 1 && full < 2 && words.len() - full > 2 {
        return None;
    }
    let lead = piece.get(..first.0)?.chars().count() as u32;
    Some((lead, words.iter().map(|(_, w)| (*w).to_owned()).collect(), slice.chars().count() as u32))
}

fn word_of_name(word: &str, at: usize) -> bool {
    const NEVER: &[&str] = &["of", "and", "the", "for", "in", "to", "with", "at", "or"];
    if NEVER.contains(&word.to_lowercase().as_str()) {
        return false;
    }
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let shape = word.chars().all(|c| {
        c.is_alphabetic()
            || matches!(c, '\'' | '’' | '-' | '.' | '`' | '‑')
            || ('\u{300}'..='\u{36f}').contains(&c)
            || is_mark(c)
    });
    let dot_ok = !word.trim_end_matches('.').contains('.') || letters <= 3;
    let ends_with_dot = word.ends_with('.') && letters > 3;
    let opens = word.chars().next().is_some_and(|c| c.is_alphabetic() && !c.is_lowercase());
    let particle = at > 0 && PARTICLES.contains(&word.to_lowercase().as_str());
    (1..=22).contains(&letters) && shape && dot_ok && !ends_with_dot && (opens || particle)
}

/// Vowel signs of Indic, Thai and Arabic scripts, which are not letters of their own.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{dff}' | '\u{e31}'..='\u{e4e}' | '\u{610}'..='\u{65f}' | '\u{5b0}'..='\u{5c7}')
}

/// Whether a text is of Chinese, Japanese or Korean characters alone.
pub(super) fn is_cjk(text: &str) -> bool {
    let cjk = |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}');
    text.chars().any(cjk) && text.chars().all(|c| cjk(c) || c.is_whitespace() || c == '・')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_names_are_told_from_others() {
        for text in [
            "Ana",
            "J. R. Smith",
            "O'Neil Ngũgĩ",
            "Ludwig van der Rohe",
            "王小明",
            "María José García-López",
            "Ana María de la Cruz y Gómez",
        ] {
            assert!(name_shape(text).is_some(), "{text}");
        }
        for text in [
            "Built in 2019",
            "john smith",
            "A. B. C. D. E. F.",
            "Led teams of cooks",
            "王",
            "C++ Developer",
        ] {
            assert!(name_shape(text).is_none(), "{text}");
        }
        assert_eq!(
            name_shape("Dr. John Doe PhD").map(|(lead, words, count)| (lead, words.len(), count)),
            Some((4, 2, 8))
        );
    }

    #[test]
    fn labels_before_a_name_are_left_out() {
        assert_eq!(after_label("Name: Ana"), (5, true));
        assert_eq!(after_label("Curriculum Vitae of Ana"), (20, true));
        assert_eq!(after_label("Names of cooks"), (0, false));
    }
}
