//! E-mail addresses, telephone numbers and links, by their place in a text.

use std::ops::Range;

/// Byte ranges of every e-mail address, in order.
///
/// One blank on each side of the sign and "(at)" are understood where what follows is plainly a domain.
pub fn emails(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, sign) in ["@", "(at)", "[at]"].iter().flat_map(|s| text.match_indices(s)) {
        let (left, right) =
            (text.get(..at).unwrap_or_default(), text.get(at + sign.len()..).unwrap_or_default());
        let spaced = left.ends_with(' ') && right.starts_with(' ');
        let (left, right) = if spaced {
            (left.get(..at - 1).unwrap_or_default(), right.get(1..).unwrap_or_default())
        } else {
            (left, right)
        };
        let skipped = usize::from(spaced);
        let local = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-');
        let from = left.char_indices().rev().take_while(|(_, c)| local(*c)).last().map(|(i, _)| i);
        let Some(from) = from else { continue };
        let from = from + left.get(from..).unwrap_or_default().len()
            - left.get(from..).unwrap_or_default().trim_start_matches(['.', '-', '+', '%']).len();
        let host: usize = right
            .chars()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
            .map(char::len_utf8)
            .sum();
        let host = right.get(..host).unwrap_or_default().trim_end_matches(['.', '-']);
        let strict = spaced || sign.len() > 1;
        if from < at - skipped && is_domain(host, strict) {
            found.push(from..at + sign.len() + skipped + host.len());
        }
    }
    found.sort_by_key(|r| r.start);
    found.dedup_by(|b, a| b.start < a.end);
    found
}

const TOP_LEVELS: &[&str] = &[
    "com", "org", "net", "edu", "io", "me", "dev", "co", "gov", "info", "biz", "uk", "de", "fr",
    "in", "us", "ca", "au", "es", "it", "nl", "br", "jp", "kr", "cn", "ch", "at", "se", "no", "pl",
    "ru", "eu", "be", "ie", "mx", "app", "ai", "tech", "online", "xyz", "page", "design", "site",
];

fn is_domain(host: &str, strict: bool) -> bool {
    let Some((name, top)) = host.rsplit_once('.') else { return false };
    let labels_ok = host.split('.').all(|l| !l.is_empty());
    let top_ok = top.chars().count() >= 2 && top.chars().all(char::is_alphabetic);
    labels_ok
        && !name.is_empty()
        && top_ok
        && (!strict || TOP_LEVELS.contains(&top.to_ascii_lowercase().as_str()))
}

/// Byte ranges of every telephone number, in order.
pub fn phones(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut chars = text.char_indices().peekable();
    let mut before = '\n';
    while let Some((from, c)) = chars.next() {
        let opens = c.is_ascii_digit() || matches!(c, '+' | '(');
        if !opens
            || before.is_alphanumeric()
            || matches!(before, '.' | '-' | '/' | '@' | '_') && c.is_ascii_digit()
        {
            before = c;
            continue;
        }
        let (mut to, mut last) = (from + c.len_utf8(), c);
        let mut inside = String::from(c);
        while let Some(&(i, c)) = chars.peek() {
            let part = c.is_ascii_digit()
                || matches!(c, ' ' | '-' | '.' | '(' | ')' | '\u{a0}' | '\u{ad}' | '–' | '‑' | '+');
            let doubled = !last.is_ascii_digit()
                && !c.is_ascii_digit()
                && matches!((last, c), (' ', ' ') | ('-', '-') | ('.', '.'));
            if !part
                || doubled
                || inside.len() > 24
                || c == '+' && inside.contains(|c: char| c.is_ascii_digit())
            {
                break;
            }
            inside.push(c);
            (to, last) = (i + c.len_utf8(), c);
            chars.next();
        }
        before = last;
        let trimmed = inside.trim_end_matches(|c: char| !c.is_ascii_digit());
        to -= inside.len() - trimmed.len();
        let followed = text
            .get(to..)
            .and_then(|t| t.chars().next())
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '%' | '/' | '@'));
        if !followed && is_phone(trimmed, labelled(text, from)) {
            found.push(from..to);
        }
    }
    found
}

fn labelled(text: &str, at: usize) -> bool {
    let before: String = text
        .get(..at)
        .unwrap_or_default()
        .chars()
        .rev()
        .take(14)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    let before = before.to_lowercase();
    ["phone", "tel", "mobile", "cell", "mob", "ph:", "ph.", "contact", "call", "电话", "手机"]
        .iter()
        .any(|l| before.contains(l))
}

fn is_phone(number: &str, labelled: bool) -> bool {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    let groups: Vec<&str> =
        number.split(|c: char| !c.is_ascii_digit()).filter(|g| !g.is_empty()).collect();
    let years = groups
        .iter()
        .filter(|g| g.len() == 4 && (g.starts_with("19") || g.starts_with("20")))
        .count();
    let least = if labelled { 7 } else { 9 };
    let year = |g: &&str| g.len() == 4 && (g.starts_with("19") || g.starts_with("20"));
    let dated = groups.first().is_some_and(year) && !labelled && !number.starts_with('+');
    let marked =
        number.starts_with(['+', '(']) || groups.len() >= 2 || labelled || digits.len() == 10;
    (least..=15).contains(&digits.len())
        && marked
        && !(years >= 2 || years == groups.len() || dated)
        && groups.iter().filter(|g| g.len() <= 1).count() <= 2
}

/// Byte ranges of every link: with a scheme, "www.", or a bare host with a usual ending.
pub fn links(text: &str) -> Vec<Range<usize>> {
    const TOOLS: &[&str] =
        &["asp.net", "vb.net", "ado.net", "socket.io", "draw.io", "salesforce.com", "booking.com"];
    let mut found = Vec::new();
    let mut from = 0;
    for piece in text.split(|c: char| {
        c.is_whitespace() || matches!(c, '|' | '·' | '•' | ',' | ';' | '<' | '>' | '(' | ')' | '"')
    }) {
        let start = from;
        from += piece.len();
        from += text.get(from..).and_then(|t| t.chars().next()).map_or(0, char::len_utf8);
        let lead = piece.len() - piece.trim_start_matches(|c: char| !c.is_alphanumeric()).len();
        let word =
            piece.get(lead..).unwrap_or_default().trim_end_matches(['.', ':', '!', '\'', '…']);
        if word.contains('@') || !word.contains('.') {
            continue;
        }
        let lower = word.to_lowercase();
        let schemed = ["http://", "https://", "www."].iter().any(|p| lower.starts_with(p));
        let host = lower.split('/').next().unwrap_or_default();
        let bare = host == word.split('/').next().unwrap_or_default()
            && is_domain(host, true)
            && host.is_ascii();
        if schemed && lower.len() > 8 || bare && !TOOLS.contains(&lower.as_str()) && host.len() > 4
        {
            found.push(start + lead..start + lead + word.len());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut<'t>(text: &'t str, ranges: &[Range<usize>]) -> Vec<&'t str> {
        ranges.iter().map(|r| &text[r.clone()]).collect()
    }

    #[test]
    fn emails_are_found_in_company() {
        let text = "mailto:posquit0.bj@gmail.com|a @ b c @ d.com, (info@jankuester.com). jane(at)mail.org @handle x@y";
        assert_eq!(
            cut(text, &emails(text)),
            ["posquit0.bj@gmail.com", "c @ d.com", "info@jankuester.com", "jane(at)mail.org"]
        );
    }

    #[test]
    fn phones_are_told_from_years_and_counts() {
        let text = "(555) 123-4567 tel:(+82) 10-9030-1843 +49 176 313 877 34, 2014 - 2016 01/2008 600,000 1990-2000 3.97/4.00 Mobile: 5551234";
        assert_eq!(
            cut(text, &phones(text)),
            ["(555) 123-4567", "(+82) 10-9030-1843", "+49 176 313 877 34", "5551234"]
        );
    }

    #[test]
    fn links_are_told_from_tools() {
        let text = "see https://johndoe.me/, www.posquit0.com | linkedin.com/in/rendercv Node.js ASP.NET asp.net e.g. rendercv.com";
        assert_eq!(
            cut(text, &links(text)),
            ["https://johndoe.me/", "www.posquit0.com", "linkedin.com/in/rendercv", "rendercv.com"]
        );
    }
}
