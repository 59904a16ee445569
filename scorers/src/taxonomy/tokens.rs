//! Words of a text, with their places, their stems, and what stands between them.
//!
//! A run of letters and digits is a word; `C++`, `C#` and `.NET` keep their signs. Scripts without blanks
//! (Chinese, Japanese, Korean) end where another script begins: `使用Python开发` is three words. What
//! stands before a word ([`Gap`]) decides whether a phrase may run across it and whether words are items of a list.

/// What stands between a word and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// Blank space on one line, or an ampersand between blanks.
    Space,
    /// A line break and nothing else: a phrase may be wrapped here.
    Line,
    /// A sign without blanks: `Node.js`, `CI/CD`, `scikit-learn`, `driver's`.
    Joint,
    /// A separator of list items: comma, semicolon, bar, bullet, bracket, colon, dash, slash, tab.
    List,
    /// The end of a sentence, or the start of the text.
    Stop,
}

/// One word of a text.
#[derive(Debug, Clone)]
pub struct Token<'t> {
    /// The word as it stands.
    pub text: &'t str,
    /// Lower case, without plural and verb endings.
    pub stem: String,
    /// First byte in the text.
    pub from: usize,
    /// First scalar in the text.
    pub start: u32,
    /// One past its last scalar.
    pub end: u32,
    /// Which line of the text it is on, from 0.
    pub line: u32,
    /// What stands before it.
    pub gap: Gap,
    /// Whether a colon or a bracket is in that gap: `Java: none`, `Java (never used)`.
    pub colon: bool,
}

impl Token<'_> {
    /// One past the last byte.
    pub fn to(&self) -> usize {
        self.from + self.text.len()
    }

    /// Whether it begins with a capital.
    pub fn capitalised(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }
}

/// Splits a text into words. Linear in the text's length.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut out = Vec::with_capacity(text.len() / 6);
    let mut chars = text.char_indices().zip(0u32..).peekable();
    let (mut line, mut gap_from) = (0u32, 0usize);
    while let Some(((from, c), start)) = chars.next() {
        if !c.is_alphanumeric() {
            line += u32::from(c == '\n');
            continue;
        }
        let (mut to, mut end) = (from + c.len_utf8(), start + 1);
        let unspaced = is_unspaced(c);
        while let Some(&((i, c), at)) = chars.peek() {
            let sign = matches!(c, '+' | '#') && end - start <= 3 && !starts_with_digit(text, from);
            let inside = c.is_alphanumeric() || is_combining(c);
            let other = inside && !is_combining(c) && is_unspaced(c) != unspaced;
            if !(inside || sign) || other {
                break;
            }
            (to, end) = (i + c.len_utf8(), at + 1);
            chars.next();
        }
        let (mut from, mut start) = (from, start);
        let word = text.get(from..to).unwrap_or_default();
        if word.eq_ignore_ascii_case("net")
            && text.get(gap_from..from).is_some_and(|g| g.ends_with('.'))
        {
            (from, start) = (from - 1, start - 1);
        }
        let word = text.get(from..to).unwrap_or_default();
        let between = text.get(gap_from..from).unwrap_or_default();
        let gap = if out.is_empty() { Gap::Stop } else { gap_of(between) };
        let colon = between.contains([':', '(']);
        out.push(Token {
            text: word,
            stem: stem(&word.to_lowercase()),
            from,
            start,
            end,
            line,
            gap,
            colon,
        });
        gap_from = to;
    }
    out
}

fn starts_with_digit(text: &str, from: usize) -> bool {
    text.as_bytes().get(from).is_some_and(u8::is_ascii_digit)
}

/// Whether a character is of a script that is written without blanks between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}')
}

/// Stands for each scalar of what was masked. Not a blank and not a letter: it ends a phrase, and how
/// many of them there are never matters.
pub const MASK: char = '\u{fffc}';

fn gap_of(between: &str) -> Gap {
    if between == " " {
        return Gap::Space;
    }
    if between.contains(MASK) {
        return Gap::List;
    }
    let blank = between.chars().any(char::is_whitespace);
    let signs = between.trim();
    if signs.is_empty() {
        if between.contains('\n') {
            Gap::Line
        } else if between.contains('\t') || between.len() > 3 {
            Gap::List // a column's gutter
        } else {
            Gap::Space
        }
    } else if !blank
        && signs
            .chars()
            .all(|c| matches!(c, '.' | '-' | '/' | '&' | '\'' | '’' | '_' | '\u{ad}' | '‐' | '‑'))
    {
        Gap::Joint
    } else if signs == "&" {
        Gap::Space
    } else if signs.chars().all(|c| matches!(c, '.' | '!' | '?' | '"' | '”' | '“' | '\'' | '’'))
    {
        if signs.contains(['.', '!', '?']) { Gap::Stop } else { Gap::Space }
    } else {
        Gap::List
    }
}

/// A word without its plural and verb endings. The word must be in lower case.
///
/// Deliberately light: it brings `cooking`, `cooked` and `cooks` together and leaves short words,
/// words with digits and names of tools alone.
pub fn stem(word: &str) -> String {
    let mut w = word.strip_suffix("'s").unwrap_or(word).to_owned();
    if w.len() <= 3 || !w.bytes().all(|b| b.is_ascii_lowercase()) {
        return w;
    }
    if w.ends_with("ies") && w.len() > 4 {
        w.truncate(w.len() - 3);
        w.push('y');
    } else if (w.ends_with("sses")
        || w.ends_with("shes")
        || w.ends_with("ches")
        || w.ends_with("xes"))
        && w.len() > 5
    {
        w.truncate(w.len() - 2);
    } else if w.ends_with('s') && !w.ends_with("ss") && !w.ends_with("us") && !w.ends_with("is") {
        w.pop();
    }
    for ending in ["ing", "ed"] {
        if let Some(base) = w.strip_suffix(ending)
            && base.len() >= 3
            && base.bytes().any(|b| b"aeiouy".contains(&b))
        {
            w.truncate(base.len());
            let b = w.as_bytes();
            if let [.., x, y] = b
                && x == y
                && !b"lsz".contains(y)
            {
                w.pop();
            }
            break;
        }
    }
    if w.len() > 3 && w.ends_with('e') {
        w.pop();
    }
    w
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_belong_to_a_name_stay_with_it() {
        let words: Vec<&str> =
            tokens("C++, C#; ASP.NET 5+ years R&D").iter().map(|t| t.text).collect();
        assert_eq!(words, ["C++", "C#", "ASP", ".NET", "5", "years", "R", "D"]);
    }

    #[test]
    fn a_word_ends_where_another_script_begins() {
        let of = |text| tokens(text).into_iter().map(|t| t.text.to_owned()).collect::<Vec<_>>();
        assert_eq!(of("使用Python和C++开发"), ["使用", "Python", "和", "C++", "开发"]);
        assert_eq!(of("Kubernetesを運用"), ["Kubernetes", "を運用"]);
        assert_eq!(of("naïve Café Nguyễn Ärger"), ["naïve", "Café", "Nguyễn", "Ärger"]);
        let places: Vec<(u32, u32)> =
            tokens("用Go写").into_iter().map(|t| (t.start, t.end)).collect();
        assert_eq!(places, [(0, 1), (1, 3), (3, 4)]);
    }

    #[test]
    fn gaps_tell_lists_from_prose() {
        let found = tokens("Java, Go\nlang. Node.js • CI/CD");
        let gaps: Vec<Gap> = found.iter().map(|t| t.gap).collect();
        use Gap::{Joint, Line, List, Stop};
        assert_eq!(gaps, [Stop, List, Line, Stop, Joint, List, Joint]);
    }

    #[test]
    fn forms_of_a_word_share_a_stem() {
        for words in
            [["cooking", "cooks"], ["baked", "baking"], ["planned", "plans"], ["recipes", "recipe"]]
        {
            assert_eq!(stem(words[0]), stem(words[1]));
        }
        assert_eq!(stem("aws"), "aws");
        assert_ne!(stem("business"), stem("busy"));
    }

    #[test]
    fn offsets_count_scalars() {
        let found = tokens("Zoë ☕ Rust");
        assert_eq!((found[1].text, found[1].start, found[1].end), ("Rust", 6, 10));
    }
}
