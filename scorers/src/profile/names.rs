//! The person's name: which words of the first page are it.
//!
//! A name is told by its place (at the top, before the first heading), its shape (two to four
//! capitalised words), what it is not (a title, a heading, a word of a trade), and what agrees with it
//! (the e-mail address, links, the line below). Where nothing tells it well enough, none is given: a
//! job title in capitals is not taken for a name.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use super::lines::{Line, unspaced};
use super::name_shape::{PARTICLES, SUFFIXES, after_label, is_cjk, markup, name_shape, separated};
use super::outline::Outline;
use super::sections::{Section, heading};
use crate::taxonomy::{HitKind, stem, taxonomy, tokens};

/// A name that was found: its place in scalars, and how sure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Name {
    /// First scalar.
    pub(super) start: u32,
    /// One past the last scalar.
    pub(super) end: u32,
    /// 0 to 1.
    pub(super) confidence: f64,
}

/// How many lines from the top are looked at.
const LOOK_AT: usize = 80;
/// Most words of a line that a name may be on, contacts and all.
const LONGEST_LINE: usize = 24;
/// The least score with which a candidate is a name.
const ENOUGH: f64 = 4.5;

/// Given names, which help where they are known and are not missed where they are not.
static GIVEN: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| listed(include_str!("given_names.txt")));
/// Words that stand where names do and are none.
static NOT_NAMES: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| listed(include_str!("not_names.txt")));

fn listed(file: &'static str) -> HashSet<&'static str> {
    file.lines().filter(|l| !l.starts_with('#')).flat_map(str::split_whitespace).collect()
}

/// Finds the name. `handles` are the contacts that may agree with it: e-mail addresses and links.
pub(super) fn name(
    outline: &Outline<'_>,
    handles: &[&str],
    contacts: &[Range<usize>],
) -> Option<Name> {
    let handles: Vec<String> = handles.iter().map(|h| fold(handle(h))).collect();
    let mut best: Option<(f64, Name)> = None;
    let mut place = 0usize; // short lines seen so far, titles of the document left out
    for (i, line) in outline.lines.iter().enumerate().take(LOOK_AT) {
        if is_document_title(line.text) || line.word_count() > LONGEST_LINE {
            continue;
        }
        for candidate in candidates(outline, i) {
            let score = score(outline, i, place, &candidate, &handles, contacts);
            if score >= ENOUGH && best.as_ref().is_none_or(|(b, _)| score > *b) {
                let confidence = ((score - ENOUGH) / 8.0 + 0.55).min(0.99);
                best =
                    Some((score, Name { start: candidate.start, end: candidate.end, confidence }));
            }
        }
        if line.word_count() <= 8 {
            place += 1;
        }
    }
    best.map(|(_, name)| name)
}

/// The part of a contact that a person chose: before the sign of an address, the last part of a
/// profile's path, or the name of an own domain.
fn handle(contact: &str) -> &str {
    if let Some((local, _)) = contact.split_once('@') {
        return local;
    }
    let bare = contact.split("://").last().unwrap_or(contact).trim_start_matches("www.");
    match bare.trim_end_matches('/').split_once('/') {
        Some((_, path)) => path.rsplit('/').next().unwrap_or(path),
        None => bare.split('.').next().unwrap_or(bare),
    }
}

/// Words that may be a name.
struct Candidate {
    words: Vec<String>,
    start: u32,
    end: u32,
    whole_line: bool,
    labelled: bool,
    /// Written as names seldom are, "smith, jane" or "jane smith": only with a known given name or a contact that
    /// agrees is it one.
    odd: bool,
}

fn candidates(outline: &Outline<'_>, at: usize) -> Vec<Candidate> {
    let mut found = Vec::new();
    let Some(line) = outline.lines.get(at) else { return found };
    let marks = markup(line.text);
    let plain = line.text.get(marks..).unwrap_or_default();
    let plain = plain.trim_end_matches(['*', '_', '#', ' ']);
    let (label, labelled) = after_label(plain);
    let rest = plain.get(label..).unwrap_or_default();
    let label = marks + label;
    let pieces = separated(rest);
    let one = pieces.len() == 1;
    let after: Vec<&str> = pieces.iter().skip(1).map(|(_, p)| p.trim()).chain([""]).collect();
    found.extend(turned(line, label, rest, &pieces, labelled));
    found.extend(in_lower_case(line, label, rest, labelled));
    for ((from, piece), next) in pieces.into_iter().zip(after).take(6) {
        if is_region(next) {
            continue;
        }
        let skipped = line.text.get(..label + from).unwrap_or_default().chars().count() as u32;
        if let Some((lead, words, count)) = name_shape(piece) {
            let start = line.start + skipped + lead;
            // A job's title may follow the name on its line: "Jane Doe Software Engineer" has no clear end, and is left.
            found.push(Candidate {
                words,
                start,
                end: start + count,
                whole_line: one,
                labelled,
                odd: false,
            });
        }
    }
    // A given name and a family name on lines of their own.
    let single = |l: &Line<'_>| {
        name_shape(l.text).filter(|(_, words, count)| {
            words.len() == 1 && *count == l.text.chars().count() as u32 && *count >= 2
        })
    };
    if let (Some((_, mut words, _)), Some((below, (_, more, _)))) =
        (single(line), outline.lines.get(at + 1).and_then(|l| single(l).map(|s| (l, s))))
        && heading(line).is_none()
        && heading(below).is_none()
        && below.number <= line.number + 2
        && !is_cjk(line.text)
    {
        words.extend(more);
        found.push(Candidate {
            words,
            start: line.start,
            end: below.end,
            whole_line: true,
            labelled,
            odd: false,
        });
    }
    found
}

/// What follows a city: "CA 94588", "California", "United States".
fn is_region(text: &str) -> bool {
    let state = text.split(' ').next().unwrap_or_default();
    let short = state.len() == 2
        && state.chars().all(char::is_uppercase)
        && !SUFFIXES.contains(&state.to_lowercase().as_str());
    let mut words = text.split_whitespace().peekable();
    short || words.peek().is_some() && words.all(|w| NOT_NAMES.contains(fold(w).as_str()))
}

/// "SMITH, Jane": the family name first.
fn turned(
    line: &Line<'_>,
    label: usize,
    rest: &str,
    pieces: &[(usize, &str)],
    labelled: bool,
) -> Option<Candidate> {
    let [(from, family), (second, given)] = pieces else { return None };
    if rest.get(from + family.len()..*second)? != "," || is_region(given.trim()) {
        return None;
    }
    let (lead, mut family, _) = name_shape(family)?;
    let (skipped, mut words, count) = name_shape(given)?;
    if family.len() > 3 || words.len() > 3 || is_cjk(rest) {
        return None;
    }
    words.append(&mut family);
    let scalars = |to: usize| line.text.get(..label + to).map(|t| t.chars().count() as u32);
    let start = line.start + scalars(*from)? + lead;
    let end = line.start + scalars(*second)? + skipped + count;
    Some(Candidate { words, start, end, whole_line: true, labelled, odd: true })
}

/// "john smith" alone on its line.
fn in_lower_case(line: &Line<'_>, label: usize, rest: &str, labelled: bool) -> Option<Candidate> {
    if rest.chars().any(char::is_uppercase) {
        return None;
    }
    let words: Vec<&str> = rest.split_whitespace().collect();
    let opened = words.iter().map(|w| {
        let mut chars = w.chars();
        chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
    });
    let (_, words, _) = name_shape(&opened.collect::<Vec<String>>().join(" "))?;
    let indent = rest.chars().take_while(|c| c.is_whitespace()).count();
    let skipped = line.text.get(..label)?.chars().count() + indent;
    let (start, end) = (line.start + skipped as u32, line.end);
    let two = (2..=3).contains(&words.len()) && !is_cjk(rest);
    two.then_some(Candidate { words, start, end, whole_line: true, labelled, odd: true })
}

fn is_document_title(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words = lower.trim_matches(|c: char| !c.is_alphabetic());
    [
        "curriculum vitae",
        "resume",
        "résumé",
        "cv",
        "lebenslauf",
        "个人简历",
        "简历",
        "履歴書",
        "職務経歴書",
        "이력서",
        "confidential",
        "curriculum",
        "vitae",
        "currículum",
    ]
    .contains(&words)
        || lower.starts_with("last updated")
        || lower.starts_with("page ")
        || lower.starts_with("updated")
}

fn score(
    outline: &Outline<'_>,
    at: usize,
    place: usize,
    candidate: &Candidate,
    handles: &[String],
    contacts: &[Range<usize>],
) -> f64 {
    let Some(line) = outline.lines.get(at) else { return 0.0 };
    if heading(line).is_some() && !candidate.labelled {
        return 0.0;
    }
    let words = &candidate.words;
    let cjk = words.len() == 1 && words.first().is_some_and(|w| is_cjk(w));
    let folded: Vec<String> = words.iter().map(|w| fold(w)).collect();
    let given = folded.first().is_some_and(|w| GIVEN.contains(w.as_str()))
        || folded.last().is_some_and(|w| words.len() > 1 && GIVEN.contains(w.as_str()));
    let agreeing = folded
        .iter()
        .filter(|w| w.chars().count() >= 3 && handles.iter().any(|h| h.contains(w.as_str())))
        .count();
    let initials = folded.len() >= 2
        && folded.last().is_some_and(|l| l.len() >= 3)
        && folded.first().and_then(|f| f.get(..1)).zip(folded.last()).is_some_and(|(f, l)| {
            handles
                .iter()
                .any(|h| h.starts_with(&format!("{f}{l}")) || h.starts_with(&format!("{l}{f}")))
        });
    let agrees = f64::from(agreeing.min(2) as u8) * 2.5 + f64::from(u8::from(initials));
    if words.len() == 1
        && !cjk
        && !(candidate.labelled
            || given && agreeing > 0 && place < 3
            || given && place == 0 && candidate.whole_line && outline.lines.len() > 1)
    {
        return 0.0;
    }
    if candidate.odd && !candidate.labelled && (place > 1 || !given && agreeing == 0) {
        return 0.0;
    }
    let mut score = match place {
        0 => 3.0,
        1 => 2.2,
        2 | 3 => 1.4,
        4..=8 => 0.8,
        _ => 0.0,
    };
    let in_header = outline.sections.get(at).is_none_or(|s| *s == Section::Header);
    score += if in_header { 1.0 } else { -1.5 };
    score += agrees + if given { 2.5 } else { 0.0 } + if candidate.labelled { 5.0 } else { 0.0 };
    score -= if words.len() == 1 && !cjk { 2.0 } else { 0.0 };
    score -= if candidate.end > line.end { 1.0 } else { 0.0 }; // one on one line is surer
    score += if candidate.whole_line { 0.6 } else { -0.4 } + if cjk { 0.8 } else { 0.0 };
    let (first, last) = outline.line_words.get(at + 1).copied().unwrap_or_default();
    let spaced = outline.lines.get(at + 1).is_some_and(|l| unspaced(l.text) != l.text);
    let below =
        spaced
            || outline.has_title(first, last)
            || outline.words.get(first).zip(outline.words.get(last.saturating_sub(1))).is_some_and(
                |(a, b)| contacts.iter().any(|c| c.start >= a.from && c.start <= b.to()),
            );
    score += if below && words.len() > 1 { 1.0 } else { 0.0 };
    // A job's title right under the first line says that the first line is the person.
    let titled_below = spaced || outline.has_title(first, last);
    score += if titled_below && place == 0 && words.len() == 2 { 1.5 } else { 0.0 };
    let (first, last) = outline.line_words.get(at).copied().unwrap_or_default();
    if candidate.whole_line && !given && agreeing == 0 && outline.has_title(first, last) {
        score -= 4.0;
    }
    let known = taxonomy();
    // Above the contacts stands a name, or else a phrase that trades know: "Ruby Swift" is none.
    let heads = place == 0 && candidate.whole_line && (2..=4).contains(&words.len());
    if heads && !given && agreeing == 0 && is_contacted(outline, at, contacts) {
        let plain = tokens(line.text);
        let terms = known.fields.hits(HitKind::Term, &plain);
        let skills = known.skills.mentions(&plain);
        let phrase = terms.iter().any(|h| h.words > 1) || skills.iter().any(|m| m.words > 1);
        let role = plain.last().is_some_and(|w| known.fields.is_role_noun(&w.stem));
        let place = folded.iter().any(|w| NOT_NAMES.contains(w.as_str()));
        let titled = outline.has_title(first, last);
        score += if phrase || role || place || titled { 0.0 } else { 4.0 };
    }
    // A letter that English lacks, in a word that no trade has.
    let foreign = words.iter().zip(&folded).any(|(w, f)| {
        !w.is_ascii()
            && !known.is_vocabulary(&stem(&w.to_lowercase()))
            && !known.is_vocabulary(&stem(f))
    });
    score += if foreign && !cjk && candidate.whole_line { 1.0 } else { 0.0 };
    // Words of trades and everyday words speak against it, less so where the rest agrees.
    let strange = folded.iter().filter(|w| {
        let stem = stem(w);
        w.len() > 1
            && !known.is_common(&stem)
            && !known.is_vocabulary(&stem)
            && !NOT_NAMES.contains(w.as_str())
    });
    let foreign = foreign && strange.count() * 2 >= folded.len();
    let weight = if given || agreeing > 0 || foreign { 0.8 } else { 2.4 };
    for word in &folded {
        let lower = stem(word);
        if PARTICLES.contains(&word.as_str())
            || agreeing > 0 && handles.iter().any(|h| h.contains(word.as_str())) && word.len() >= 3
        {
            continue;
        }
        if lower.len() > 1
            && !GIVEN.contains(word.as_str())
            && (known.is_common(&lower)
                || known.is_vocabulary(&lower)
                || NOT_NAMES.contains(word.as_str()))
        {
            score -= weight;
        } else if !given
            && agreeing == 0
            && word.len() >= 6
            && ["ist", "ian", "ant", "ing", "tion", "ment", "ics", "ive", "ity", "ance", "ence"]
                .iter()
                .any(|e| word.ends_with(e))
        {
            score -= 0.7;
        }
    }
    score
}

/// Whether an address or a number stands on a line or on the four after it.
fn is_contacted(outline: &Outline<'_>, at: usize, contacts: &[Range<usize>]) -> bool {
    let spans = outline.line_words.get(at..).unwrap_or_default().iter().take(5);
    let near = spans.filter_map(|(first, last)| {
        let last = last.checked_sub(1)?;
        Some((outline.words.get(*first)?.from, outline.words.get(last)?.to()))
    });
    let near: Vec<(usize, usize)> = near.collect();
    near.iter().any(|(from, to)| contacts.iter().any(|c| c.start < *to && *from < c.end))
}

/// Lower case, accents off, signs off: what an address would spell.
fn fold(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfkd().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use domain::text::VisibleText;

    fn name_in(text: &str) -> Option<String> {
        parse(&VisibleText::new(text.into())).basics.name.map(|f| f.value)
    }

    #[test]
    fn names_are_found_in_their_many_forms() {
        let rest = "\nData Engineer\nSummary\nBuilt pipelines.\nExperience\nData Engineer, Acme, 2019 - 2021\nBuilt more.";
        for (top, expected) in [
            ("OLIVIA SANTOS\nCONSULTANT ANALYST", "OLIVIA SANTOS"),
            ("Jan Küster · Consultant · Bremen, Germany · info@jankuester.com", "Jan Küster"),
            ("Curriculum Vitae\nNguyễn Thị Minh\nHanoi", "Nguyễn Thị Minh"),
            ("John Doe, PhD\njohn@doe.org", "John Doe"),
            ("Dr. Ngozi Okonjo-Iweala", "Ngozi Okonjo-Iweala"),
            ("Name: Sukarno", "Sukarno"),
            ("王小明\n软件工程师", "王小明"),
            ("AMELIA BAKER\nASSISTANT SYSTEM ENGINEER", "AMELIA BAKER"),
            ("Joseline\nHernandez", "Joseline Hernandez"),
            ("# Priya Raman\n\n**Backend Developer (Java)**", "Priya Raman"),
            ("**Gareth Pugh**\nManagement Accountant", "Gareth Pugh"),
            ("PROF. DR. ANNA-LENA O'BRIEN, PHD, MBA", "ANNA-LENA O'BRIEN"),
            ("Dipl.-Ing. Jürgen Groß", "Jürgen Groß"),
            ("SIOBHÁN NÍ BHRIAIN RN BSN", "SIOBHÁN NÍ BHRIAIN"),
            ("D'Angelo de la Cruz", "D'Angelo de la Cruz"),
            ("Ludwig van der Rohe", "Ludwig van der Rohe"),
            ("Rust Baker\nrust.baker@mail.com", "Rust Baker"),
            ("CORA STEELE\nDATA ANALYST", "CORA STEELE"),
            ("SMITH, Jane\njs@mail.com", "SMITH, Jane"),
            ("Okonkwo, Chidi", "Okonkwo, Chidi"),
            ("john smith\n(555) 123-4567", "john smith"),
            ("Ruby Swift\nx@mail.com", "Ruby Swift"),
            ("Will Chambers\nx@mail.com", "Will Chambers"),
            ("Nguyễn Văn An\nHà Nội, Việt Nam", "Nguyễn Văn An"),
            ("Ana María de la Cruz y Gómez", "Ana María de la Cruz y Gómez"),
            ("Last updated in May 2026\n\nThandiwe Q. Mokoena\nCape Town", "Thandiwe Q. Mokoena"),
        ] {
            assert_eq!(name_in(&format!("{top}{rest}")).as_deref(), Some(expected), "{top}");
        }
    }

    #[test]
    fn titles_and_headings_are_never_names() {
        for top in [
            "FITNESS ATTENDANT",
            "MOVER",
            "CHEF DE CUISINE",
            "OWNER/ FABRICATOR/ WELDER",
            "MATERIAL AND TOOLING CONTROL LEAD",
            "INTERN",
            "Professional Summary",
            "SALES ASSOCITE",
            "HR Generalist",
            "San Francisco, CA",
            "SAN FRANCISCO, California",
            "Python, Django",
            "sous chef\nx@mail.com",
            "Machine Learning\nx@mail.com",
            "Software Engineer\nx@mail.com",
            "LONDON, England\nx@mail.com",
        ] {
            assert_eq!(
                name_in(&format!(
                    "{top}\nSummary\nHard working.\nExperience\nCook 01/2010 to 02/2012\nCompany Name City , State"
                )),
                None,
                "{top}"
            );
        }
    }
}
