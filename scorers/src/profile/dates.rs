//! Dates and date ranges in a text: "March 2014 to May 2015", "01/2016 – Present", "Jul. '12".

use crate::taxonomy::Token;

/// A month, or a year whose month is not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    /// Year, 1950 to 2049.
    pub year: u16,
    /// 1 to 12.
    pub month: Option<u8>,
}

impl Month {
    /// Months since the year 0, taking `default` where the month is not said.
    pub fn index(self, default: u8) -> u32 {
        u32::from(self.year) * 12 + u32::from(self.month.unwrap_or(default)) - 1
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.month {
            Some(month) => write!(f, "{:04}-{month:02}", self.year),
            None => write!(f, "{:04}", self.year),
        }
    }
}

/// A date, or a range of two, and the words it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    /// The first date.
    pub start: Month,
    /// The second one, unless there is none or it is "present".
    pub end: Option<Month>,
    /// Whether it ends in "present", "current", "till date".
    pub current: bool,
    /// Whether it is a range ("2014 - 2016", "2014 to date") and not one date.
    pub range: bool,
    /// Index of its first word.
    pub first: usize,
    /// One past its last word.
    pub last: usize,
}

/// Every date and range in the words of `text`, in order.
pub fn dates(text: &str, words: &[Token<'_>]) -> Vec<Dated> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match range(text, words, at) {
            Some(dated) => {
                at = dated.last;
                found.push(dated);
            }
            None => at += 1,
        }
    }
    found
}

fn range(text: &str, words: &[Token<'_>], at: usize) -> Option<Dated> {
    if is(words, at, &["since"])
        && let Some((start, last)) = point(text, words, at + 1)
    {
        return Some(Dated { start, end: None, current: true, range: true, first: at, last });
    }
    let (start, next) = point(text, words, at)?;
    let single = Dated { start, end: None, current: false, range: false, first: at, last: next };
    // "2021年5月至今": scripts without blanks have "to now" in the same word.
    if words.get(next - 1).is_some_and(|w| w.text.ends_with("至今")) {
        return Some(Dated { current: true, range: true, ..single });
    }
    let Some(joint) = between(text, words, next) else { return Some(single) };
    let dash = joint.contains([
        '-', '–', '—', '−', '\u{ad}', '~', '～', '→', '‐', '‑', 'ï', '\u{2012}', '\u{2015}',
    ]);
    let worded =
        is(words, next, &["to", "until", "till", "through", "thru", "bis", "à", "upto", "and"])
            && joint.chars().count() < 4;
    // "Jul 2020to Apr 2021": the blank was lost.
    let glued = words.get(next - 1).is_some_and(|w| unglued(w.text).len() < w.text.len());
    let to = if worded && !glued { next + 1 } else { next };
    let worded = worded || glued;
    if !(worded || dash && joint.chars().filter(|c| !c.is_whitespace()).count() <= 3) {
        return Some(single);
    }
    let till = is(words, to, &["to", "till", "until"]);
    let to = if till { to + 1 } else { to };
    if is(words, to, PRESENT) {
        return Some(Dated { current: true, range: true, last: to + 1, ..single });
    }
    let close = between(text, words, to).is_some_and(|g| g.chars().count() <= 8);
    if close
        && let Some((end, last)) = point(text, words, to).or_else(|| short_year(words, to, start))
        && end.index(12) >= start.index(1)
    {
        return Some(Dated { end: Some(end), range: true, last, ..single });
    }
    // "Jun 2019 to till" with its "date" wrapped away
    if till && worded {
        return Some(Dated { current: true, range: true, last: to, ..single });
    }
    Some(single)
}

/// Ends of a range that mean "still". "Date" is of "to date", "till date".
const PRESENT: &[&str] = &[
    "present",
    "current",
    "currently",
    "now",
    "ongoing",
    "today",
    "date",
    "heute",
    "actualidad",
    "actuel",
    "至今",
    "現在",
    "presente",
    "progress",
];

const MONTHS: [&[&str]; 12] = [
    &["january", "jan", "januar", "janvier", "enero"],
    &["february", "feb", "februar", "février", "febrero"],
    &["march", "mar", "märz", "mars", "marzo"],
    &["april", "apr", "avril", "abril"],
    &["may", "mai", "mayo"],
    &["june", "jun", "juni", "juin", "junio"],
    &["july", "jul", "juli", "juillet", "julio"],
    &["august", "aug", "août", "agosto"],
    &["september", "sept", "sep", "septembre", "septiembre"],
    &["october", "oct", "okt", "oktober", "octobre", "octubre"],
    &["november", "nov", "novembre", "noviembre"],
    &["december", "dec", "dez", "dezember", "décembre", "diciembre"],
];

/// Seasons, by the month they open with in the north: universities and interns date by them.
const SEASONS: [(&str, u8); 5] =
    [("spring", 3), ("summer", 6), ("fall", 9), ("autumn", 9), ("winter", 12)];

fn point(text: &str, words: &[Token<'_>], at: usize) -> Option<(Month, usize)> {
    let word = words.get(at)?.text;
    if let Some(month) = month_of(word) {
        // "March 2014", "Mar. 3, 2014", "Jul. '12", "March of 2014"
        for skip in 1..=2 {
            let between_ok = skip == 1
                || is(words, at + 1, &["of"])
                || number(words, at + 1).is_some_and(|n| n <= 31);
            if between_ok
                && let Some(year) =
                    year(words, at + skip).or_else(|| apostrophe_year(text, words, at + skip))
            {
                return near(text, words, at + skip)
                    .then_some((Month { year, month: Some(month) }, at + skip + 1));
            }
        }
        return None;
    }
    if let Some(year) = year(words, at) {
        // "2016-03", "2015 / 07", but not "2012-2013" and not "2016 - 12 people"
        if let Some(sign) = between(text, words, at + 1)
            && matches!(sign.trim(), "-" | "/" | ".")
            && words.get(at + 1).is_some_and(|w| w.text.len() == 2)
            && let Some(month) = number(words, at + 1).filter(|n| (1..=12).contains(n))
            && (sign == sign.trim() || sign.contains('/'))
        {
            // A day may follow: "2016-03-15".
            let day = between(text, words, at + 2) == Some("-")
                && words.get(at + 2).is_some_and(|w| w.text.len() == 2);
            return Some((Month { year, month: Some(month as u8) }, at + 2 + usize::from(day)));
        }
        // "2019年3月", "2019年"
        if is(words, at + 1, &["年"]) {
            let month = number(words, at + 2).filter(|n| (1..=12).contains(n));
            let named = words.get(at + 3).is_some_and(|w| w.text.starts_with('月'));
            let month = month.filter(|_| named).map(|m| m as u8);
            let last = if month.is_some() { at + 4 } else { at + 2 };
            return Some((Month { year, month }, last));
        }
        return Some((Month { year, month: None }, at + 1));
    }
    // "01/2016", "15/01/2016", "01.2016", "1-2016", "01/16" only beside another such (left out: too like a score)
    let first = number(words, at)?;
    let sign = |i| {
        between(text, words, i).is_some_and(|g| matches!(g.trim(), "/" | "." | "-") && g.len() <= 3)
    };
    if sign(at + 1) {
        if let Some(year) = year(words, at + 1) {
            return (1..=12)
                .contains(&first)
                .then_some((Month { year, month: Some(first as u8) }, at + 2));
        }
        if sign(at + 2)
            && let (Some(second), Some(year)) = (number(words, at + 1), year(words, at + 2))
        {
            let month = [first, second].into_iter().find(|n| (1..=12).contains(n))?;
            return Some((Month { year, month: Some(month as u8) }, at + 3));
        }
    }
    None
}

fn month_of(word: &str) -> Option<u8> {
    let lower = word.to_lowercase();
    let month =
        MONTHS.iter().position(|names| names.contains(&lower.as_str())).map(|i| i as u8 + 1);
    month.or_else(|| SEASONS.iter().find(|(name, _)| *name == lower).map(|(_, month)| *month))
}

fn year(words: &[Token<'_>], at: usize) -> Option<u16> {
    let text = unglued(words.get(at)?.text);
    let year: u16 = if text.len() == 4 { text.parse().ok()? } else { return None };
    (1950..=2049).contains(&year).then_some(year)
}

/// A year without the "to" that stuck to it.
fn unglued(word: &str) -> &str {
    let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    match word.split_at_checked(digits) {
        Some((year, rest))
            if ["to", "till", "until"].iter().any(|t| rest.eq_ignore_ascii_case(t)) =>
        {
            year
        }
        _ => word,
    }
}

fn apostrophe_year(text: &str, words: &[Token<'_>], at: usize) -> Option<u16> {
    between(text, words, at).filter(|gap| gap.ends_with(['\'', '’', '‘', '`']))?;
    two_digits(words, at)
}

fn two_digits(words: &[Token<'_>], at: usize) -> Option<u16> {
    let text = words.get(at)?.text;
    let short: u16 = if text.len() == 2 { text.parse().ok()? } else { return None };
    Some(if short < 50 { 2000 + short } else { 1900 + short })
}

/// "2012-13": the second year in two digits, just after the first.
fn short_year(words: &[Token<'_>], at: usize, start: Month) -> Option<(Month, usize)> {
    let year = two_digits(words, at).filter(|y| *y > start.year && *y < start.year + 15)?;
    start.month.is_none().then_some((Month { year, month: None }, at + 1))
}

fn number(words: &[Token<'_>], at: usize) -> Option<u16> {
    words.get(at).filter(|w| w.text.len() <= 2)?.text.parse().ok()
}

fn is(words: &[Token<'_>], at: usize, any: &[&str]) -> bool {
    words.get(at).is_some_and(|w| any.contains(&w.text.to_lowercase().as_str()))
}

/// What stands between word `at - 1` and word `at`.
fn between<'t>(text: &'t str, words: &[Token<'_>], at: usize) -> Option<&'t str> {
    let before = words.get(at.checked_sub(1)?)?;
    text.get(before.to()..words.get(at)?.from)
}

fn near(text: &str, words: &[Token<'_>], at: usize) -> bool {
    between(text, words, at).is_some_and(|gap| gap.chars().count() <= 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taxonomy::tokens;

    fn read(text: &str) -> Vec<String> {
        let words = tokens(text);
        let show = |d: Dated| match (d.end, d.current, d.range) {
            (Some(end), ..) => format!("{}..{end}", d.start),
            (None, true, _) => format!("{}..", d.start),
            (None, false, _) => d.start.to_string(),
        };
        dates(text, &words).into_iter().map(show).collect()
    }

    #[test]
    fn ranges_are_read_in_their_many_forms() {
        for (text, expected) in [
            ("March 2014 to May 2015", "2014-03..2015-05"),
            ("01/2016 – Present", "2016-01.."),
            ("Sep. 2023 \u{ad} Mar. 2024", "2023-09..2024-03"),
            ("Aug 2020 - Ongoing", "2020-08.."),
            ("JUL 2019 TO TILL DATE", "2019-07.."),
            ("Jun 2019 to till\nother column", "2019-06.."),
            ("Jun 2019 to till date", "2019-06.."),
            ("Jul. '12 - Aug. '13", "2012-07..2013-08"),
            ("Summer 2019", "2019-06"),
            ("2016-03", "2016-03"),
            ("2016-03 - 2017-04", "2016-03..2017-04"),
            ("2012 - 2013", "2012..2013"),
            ("2012-13", "2012..2013"),
            ("Sept 2018 –\nMay 2023", "2018-09..2023-05"),
            ("since 2019", "2019.."),
            ("15/01/2016", "2016-01"),
            ("Jan 2019-Nov 2019", "2019-01..2019-11"),
            ("Jul 2020to Apr 2021", "2020-07..2021-04"),
            ("March 3, 2014 until April 5, 2016", "2014-03..2016-04"),
            ("2020年", "2020"),
            ("2019年3月 - 2021年5月", "2019-03..2021-05"),
            ("2021年5月至今", "2021-05.."),
        ] {
            let expected: Vec<&str> = if expected.is_empty() { vec![] } else { vec![expected] };
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_that_are_no_dates_are_left_alone() {
        for text in [
            "served 600 meals",
            "3.64 GPA",
            "in 24/7 shifts",
            "May lead teams of 12",
            "(555) 123-4567",
            "room 1815",
        ] {
            assert_eq!(read(text), [""; 0], "{text}");
        }
    }
}
