//! Masking identity: who a person is must not change a level.
//!
//! Hidden before grading: the block above the first heading and every repetition of its lines, the
//! name, e-mail addresses, telephone numbers, links, postal addresses, pronouns and gendered titles.
//! Each hidden scalar becomes [`MASK`], so that places stay; how many there are is never looked at.
//! The block above the first heading goes as a whole, found name or not: so a name that the parser
//! missed is masked like one that it found.

use std::collections::HashSet;
use std::ops::Range;

use domain::candidate::Profile;
use domain::text::VisibleText;

use crate::profile::contacts;
use crate::profile::lines::{Line, lines};
use crate::profile::sections::heading;
use crate::taxonomy::{Gap, HitKind, MASK, Token, taxonomy, tokens};

/// A text with identity hidden, and where.
#[derive(Debug, Clone)]
pub struct Masked {
    /// As many scalars as the original.
    pub text: String,
    /// Hidden ranges of scalars, sorted, apart from each other.
    pub hidden: Vec<Range<u32>>,
}

impl Masked {
    /// Whether any scalar of `start..end` is hidden.
    pub fn hides(&self, start: u32, end: u32) -> bool {
        let at = self.hidden.partition_point(|r| r.end <= start);
        self.hidden.get(at).is_some_and(|r| r.start < end)
    }
}

/// Most lines that stand above the first heading and are taken to tell who it is.
const HEADER_LINES: usize = 14;
/// How many lines are taken so in a text that has no heading near its top.
const UNHEADED_LINES: usize = 4;
/// Most words of a line there that is not prose.
const HEADER_WORDS: usize = 8;

const PRONOUNS: &[&str] = &[
    "he",
    "she",
    "him",
    "her",
    "his",
    "hers",
    "himself",
    "herself",
    "they",
    "them",
    "their",
    "theirs",
    "themself",
    "themselves",
    "ze",
    "hir",
    "xe",
    "xem",
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "sir",
    "madam",
    "madame",
    "herr",
    "frau",
    "monsieur",
    "señor",
    "señora",
    "male",
    "female",
    "man",
    "woman",
    "theirself",
    "xyr",
    "zir",
    "hirs",
    "zirs",
    "lady",
    "gentleman",
    "mademoiselle",
];

/// Hides identity in a resume's text.
pub fn mask(text: &VisibleText, profile: &Profile) -> Masked {
    let source = text.as_str();
    let words = tokens(source);
    let lines = lines(source);
    let mut hidden: Vec<Range<u32>> = Vec::new();
    let block = header_block(&lines);
    hidden.extend(block.iter().map(|l| l.start..l.end));
    let repeated: HashSet<String> = block.iter().map(|l| page_text(l.text)).collect();
    let repeats = |l: &&Line<'_>| {
        let plain = page_text(l.text);
        !plain.is_empty() && repeated.contains(&plain)
    };
    hidden.extend(lines.iter().filter(repeats).map(|l| l.start..l.end));
    let suspects = suspects(&block);
    // A page footer may turn the name around: "Baker, Ann - page 2".
    let turned = |s: &String| {
        let mut words: Vec<&str> = s.split_whitespace().collect();
        words.rotate_right(1);
        page_text(&words.join(" "))
    };
    let several = suspects.iter().filter(|s| s.split_whitespace().count() > 1);
    let turned: HashSet<String> = several.map(turned).filter(|t| !t.is_empty()).collect();
    let turns = |l: &&Line<'_>| turned.contains(&page_text(l.text));
    hidden.extend(lines.iter().filter(turns).map(|l| l.start..l.end));
    let first = suspects.first().map(|s| page_text(s)).unwrap_or_default();
    hidden.extend(lines.iter().filter(|l| lists_people(l, &first)).map(|l| l.start..l.end));
    // Whatever stands at the top may be the name, found or not.
    for (nth, suspect) in suspects.into_iter().enumerate() {
        let whole = nth == 0 && !may_be_title(&suspect);
        hidden.extend(name_ranges(&words, &suspect, whole));
    }
    hidden.extend(lines.iter().filter(|l| is_address(l)).map(|l| l.start..l.end));
    hidden.extend(handles(&lines).map(|l| l.start..l.end));
    let found = contacts::emails(source)
        .into_iter()
        .chain(contacts::links(source))
        .chain(contacts::phones(source));
    hidden.extend(found.filter_map(|r| text.span_of_bytes(r.start, r.end)).map(|s| s.start..s.end));
    let pronouns = words
        .iter()
        .filter(|w| PRONOUNS.contains(&w.text.to_lowercase().as_str()) && w.text != "MS");
    hidden.extend(pronouns.map(|w| w.start..w.end));
    // A word of a trade where it stands as a person does ("Baker led ...", "Ms Chef") goes on every
    // resume, whatever the name: so a name made of such words changes nothing.
    let people = words.iter().enumerate().filter(|(at, word)| {
        taxonomy().is_vocabulary(&word.stem) && stands_as_person(&words, *at, 1)
    });
    hidden.extend(people.map(|(_, w)| w.start..w.end));
    if let Some(name) = &profile.basics.name {
        hidden.extend(std::iter::once(name.start..name.end.min(text.len())));
        hidden.extend(name_ranges(&words, &name.value, true));
    }
    for field in [&profile.basics.email, &profile.basics.phone].into_iter().flatten() {
        hidden.push(field.start..field.end.min(text.len()));
    }
    let hidden = merged(hidden);
    let mut ranges = hidden.iter().peekable();
    let masked = source.chars().zip(0u32..).map(|(c, at)| {
        while ranges.peek().is_some_and(|r| r.end <= at) {
            ranges.next();
        }
        if ranges.peek().is_some_and(|r| r.start <= at) && c != '\n' { MASK } else { c }
    });
    Masked { text: masked.collect(), hidden }
}

/// The lines above the first heading that are not prose; of a text without headings the first few.
fn header_block<'l, 't>(lines: &'l [Line<'t>]) -> Vec<&'l Line<'t>> {
    let headed = lines.iter().take(2 * HEADER_LINES).any(|l| heading(l).is_some());
    let most = if headed { HEADER_LINES } else { UNHEADED_LINES };
    let tells = |l: &Line<'_>| l.is_bullet() || l.text.ends_with('.') && l.word_count() > 4;
    let above = lines.iter().take_while(|l| heading(l).is_none() && !tells(l)).take(most);
    above.filter(|l| !is_prose(l)).collect()
}

/// A line's letters without what only numbers its page: "Ann Lee - page 2 of 3" is "annlee".
fn page_text(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty());
    let lower = words.map(str::to_lowercase);
    let about = ["page", "of", "p", "pg", "cv", "resume", "résumé", "curriculum", "vitae", "seite"];
    lower.filter(|w| !about.contains(&w.as_str())).collect()
}

/// "James Liu, Ann Lee": authors of a paper, of whom one is named in the first line. All of them go.
fn lists_people(line: &Line<'_>, person: &str) -> bool {
    let text = line.text.trim_end_matches('.');
    let pieces: Vec<&str> = text.split([',', ';', '&']).map(str::trim).collect();
    let capitalised = |p: &&str| {
        (1..=5).contains(&p.split_whitespace().count())
            && !p.contains(|c: char| c.is_ascii_digit())
            && p.split_whitespace().all(|w| w.starts_with(|c: char| !c.is_lowercase()))
    };
    let stranger = |p: &&str| {
        let words = tokens(p);
        let known =
            |w: &Token<'_>| taxonomy().is_vocabulary(&w.stem) || taxonomy().is_common(&w.stem);
        (2..=3).contains(&words.len()) && !words.iter().any(known)
    };
    pieces.len() > 1
        && pieces.iter().all(capitalised)
        && pieces.iter().any(|p| page_text(p) == person)
        && pieces.iter().any(|p| page_text(p) != person && stranger(p))
        && contacts_free(text)
}

/// Whether a line has none of the signs of a place, a job or a list of tools.
fn contacts_free(text: &str) -> bool {
    !text.contains(['@', ':', '|', '(', '/'])
}

/// Parts of the top lines that are short enough to be a name.
fn suspects(block: &[&Line<'_>]) -> Vec<String> {
    let separator = |c: char| {
        matches!(c, '|' | '·' | '•' | ',' | ';' | '\t' | '(' | ')' | '[' | ']' | ':' | '@')
    };
    let pieces = block.iter().flat_map(|l| l.text.split(separator));
    let pieces = pieces.filter(|p| {
        (1..=5).contains(&p.split_whitespace().count())
            && !p.contains(|c: char| c.is_ascii_digit())
            && page_text(p).chars().count() > 1
    });
    pieces.take(6).map(str::to_owned).collect()
}

/// Whether a text may be a title: "EPIC Technology Specialist" stands for work wherever it is repeated.
fn may_be_title(text: &str) -> bool {
    let words = tokens(text);
    let fields = &taxonomy().fields;
    let strange =
        |w: &Token<'_>| !taxonomy().is_vocabulary(&w.stem) && !taxonomy().is_common(&w.stem);
    let titled = !fields.hits(HitKind::Title, &words).is_empty();
    (titled || words.last().is_some_and(|w| fields.is_role_noun(&w.stem)))
        && words.iter().filter(|w| strange(w)).count() * 3 <= words.len()
        || words.len() > 1 && !words.iter().any(strange)
}

/// Lines of one word beside the name of a network: "rbaker" above "GitHub".
fn handles<'l, 't>(lines: &'l [Line<'t>]) -> impl Iterator<Item = &'l Line<'t>> {
    const NETWORKS: &[&str] = &[
        "linkedin",
        "github",
        "gitlab",
        "stackoverflow",
        "twitter",
        "instagram",
        "facebook",
        "behance",
        "dribbble",
        "medium",
    ];
    let network = |at: Option<usize>| {
        let line = at.and_then(|i| lines.get(i));
        line.is_some_and(|l| NETWORKS.contains(&without_digits(l.text).as_str()))
    };
    let beside = move |i: usize| network(i.checked_sub(1)) || network(Some(i + 1));
    lines.iter().enumerate().filter(move |(i, l)| l.word_count() == 1 && beside(*i)).map(|(_, l)| l)
}

/// Whether a line is of running text: long, and mostly in lower case.
fn is_prose(line: &Line<'_>) -> bool {
    let words = line.word_count();
    let small = line.text.split_whitespace().filter(|w| w.starts_with(char::is_lowercase)).count();
    words > HEADER_WORDS && small * 2 >= words && !line.text.contains('@')
}

fn without_digits(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

/// "12 Baker Street", "Pleasantville, CA 94588", "London NW1 6XE", "P.O. Box 7".
fn is_address(line: &Line<'_>) -> bool {
    const STREETS: &[&str] = &[
        "street",
        "st",
        "avenue",
        "ave",
        "road",
        "rd",
        "boulevard",
        "blvd",
        "lane",
        "ln",
        "drive",
        "dr",
        "court",
        "ct",
        "way",
        "place",
        "pl",
        "apt",
        "apartment",
        "suite",
        "straße",
        "strasse",
        "rue",
        "calle",
        "terrace",
        "circle",
        "highway",
        "hwy",
    ];
    if line.word_count() > 10 {
        return false;
    }
    let lower = line.text.to_lowercase();
    let parts: Vec<&str> = lower
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '.'))
        .filter(|p| !p.is_empty())
        .collect();
    let digits = |p: &&str| p.chars().all(|c| c.is_ascii_digit());
    let numbered =
        parts.first().is_some_and(|p| p.starts_with(|c: char| c.is_ascii_digit()) && p.len() <= 5);
    let street = parts.iter().skip(1).any(|p| STREETS.contains(p));
    let postal = line.text.split_whitespace().collect::<Vec<_>>().windows(2).any(|w| match w {
        [state, zip] => {
            state.len() == 2
                && state.chars().all(char::is_uppercase)
                && zip.len() >= 5
                && zip.get(..5).is_some_and(|z| digits(&z))
        }
        _ => false,
    });
    let labelled =
        lower.starts_with("address") || lower.contains("p.o. box") || lower.contains("po box");
    numbered && street || postal && parts.len() <= 9 || labelled
}

/// Every place of the name: in full, turned round, initial and family name, and alone where it is a subject.
fn name_ranges(words: &[Token<'_>], name: &str, whole: bool) -> Vec<Range<u32>> {
    let lower = |w: &str| w.to_lowercase();
    let mut parts: Vec<String> = tokens(name).iter().map(|t| lower(t.text)).collect();
    // A title is not what somebody is called: "PhD" and "Dr" stay where they stand for work.
    parts.retain(|part| !TITLES.contains(&part.as_str()));
    let mut found = Vec::new();
    let (Some(given), Some(family)) = (parts.first(), parts.last()) else { return found };
    // A name of trade words alone ("Python Engineer") is masked only where a person stands.
    let whole = whole && tokens(name).iter().any(is_strange);
    for (i, word) in words.iter().enumerate() {
        let here = lower(word.text);
        if !parts.contains(&here) || !word.text.starts_with(|c: char| !c.is_lowercase()) {
            continue;
        }
        let next = words.get(i + 1).map(|w| lower(w.text));
        let is = |other: &Option<String>, part: &String| other.as_ref() == Some(part);
        let same =
            |(k, part): (usize, &String)| words.get(i + k).is_some_and(|w| lower(w.text) == *part);
        let full = parts.iter().enumerate().all(same);
        if full && (whole || stands_as_person(words, i, parts.len())) {
            found.extend(words.get(i + parts.len() - 1).map(|last| word.start..last.end));
        } else if whole
            && parts.len() > 1
            && (here == *family && is(&next, given) || here == *given && is(&next, family))
        {
            found.extend(words.get(i + 1).map(|last| word.start..last.end));
        } else if is_strange(word) {
            found.push(word.start..word.end);
        }
    }
    found
}

/// Titles before and behind a name.
const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "sir",
    "phd",
    "md",
    "mba",
    "msc",
    "bsc",
    "cpa",
    "rn",
    "pmp",
    "esq",
    "jr",
    "sr",
];

/// What a person does, in words that do not end in "ed".
const DOES: &[&str] = &[
    "is", "was", "has", "had", "led", "leads", "built", "builds", "ran", "runs", "wrote", "writes",
    "made", "makes", "taught", "teaches", "grew", "won", "gave", "took", "kept", "sold", "cooks",
    "works", "helps", "manages", "brings", "joins", "speaks", "holds",
];

/// Participles that follow a skill as well as a person: "Python based services".
const OF_SKILLS: &[&str] = &[
    "advanced",
    "based",
    "certified",
    "driven",
    "focused",
    "licensed",
    "oriented",
    "powered",
    "preferred",
    "related",
    "required",
    "used",
];

/// Whether a word is neither of a trade nor of everyday life: it can only be somebody's name.
fn is_strange(word: &Token<'_>) -> bool {
    let known = taxonomy();
    word.text.chars().count() > 1
        && !known.is_vocabulary(&word.stem)
        && !known.is_common(&word.stem)
}

/// Whether `count` words stand where a person does: "Baker's team", "Ms Baker", "Baker led ...". Turns
/// on what is around them alone, never on whose name they are.
fn stands_as_person(words: &[Token<'_>], at: usize, count: usize) -> bool {
    let Some(word) = words.get(at) else { return false };
    if word.text.starts_with(char::is_lowercase) {
        return false;
    }
    let after = words.get(at + count);
    // "Bachelor's degree" is a degree on somebody called Bachelor, too.
    let degree = ["bachelor", "master", "associate", "doctor"];
    let possessive = after.is_some_and(|w| w.gap == Gap::Joint && w.text == "s")
        && !degree.contains(&word.text.to_lowercase().as_str());
    let before = at.checked_sub(1).and_then(|i| words.get(i));
    let titled = before.is_some_and(|w| {
        matches!(w.text.to_lowercase().as_str(), "mr" | "mrs" | "ms" | "miss" | "dr" | "mx")
    });
    let opens = matches!(word.gap, Gap::Stop | Gap::Line | Gap::List);
    let verb = after.is_some_and(|w| {
        matches!(w.gap, Gap::Space)
            && w.text.starts_with(char::is_lowercase)
            && (w.text.ends_with("ed") && !OF_SKILLS.contains(&w.text) || DOES.contains(&w.text))
    });
    possessive || titled || opens && verb
}

fn merged(mut ranges: Vec<Range<u32>>) -> Vec<Range<u32>> {
    ranges.retain(|r| r.start < r.end);
    ranges.sort_by_key(|r| (r.start, r.end));
    let mut out: Vec<Range<u32>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let text = VisibleText::new(text.into());
        let profile = crate::profile::parse(&text);
        let masked = mask(&text, &profile);
        assert_eq!(masked.text.chars().count() as u32, text.len());
        masked.text.chars().filter(|c| *c != MASK).collect()
    }

    #[test]
    fn identity_goes_and_work_stays() {
        let left = masked(
            "Rust Baker\nrust.baker@mail.com | (555) 123-4567\n12 Sage Street, Austin, TX 73301\nSummary\nRust built tools; he led her team. Ms. Baker cooks.\nSkills\nRust, Go\nBaker, Rust - page 2\nSee github.com/rustbaker\nExperience\nHead Baker 2019 - 2021",
        );
        for gone in [
            "mail.com",
            "555",
            "Sage",
            " he ",
            " her ",
            "Ms",
            "github",
            "Rust built",
            "Baker cooks",
            "Baker, Rust",
        ] {
            assert!(!left.contains(gone), "{gone} is still in {left:?}");
        }
        for kept in ["Rust, Go", "Head Baker 2019 - 2021", "built tools", "team"] {
            assert!(left.contains(kept), "{kept} went out of {left:?}");
        }
    }
}
