//! Jobs held: which lines tell of a job, what it was called, and from when to when it lasted.
//!
//! A date range outside the education lines opens a role. Its heading is the range's own line and the
//! short lines about it; the lines from there to the next role's heading are what was done.

use super::dates::Dated;
use super::education::Study;
use super::lines::Line;
use super::outline::Outline;
use super::sections::{Section, heading};
use crate::taxonomy::{Gap, taxonomy};

/// One job held.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Role {
    /// Words of its title, `first..last`.
    pub title: Option<(usize, usize)>,
    /// Words of its employer, `first..last`.
    pub employer: Option<(usize, usize)>,
    /// From when to when.
    pub dated: Option<Dated>,
    /// Its lines, heading included, `first..last`.
    pub lines: (usize, usize),
    /// First line under its heading.
    pub body: usize,
}

/// Most words that a line of a role's heading has.
const HEADING_WORDS: usize = 12;

/// The roles of an outline whose dates, titles and studies are known.
pub fn roles(outline: &Outline<'_>) -> Vec<Role> {
    let mut opens: Vec<(usize, &Dated)> = Vec::new(); // line of the range, range
    for dated in &outline.dates {
        let line = outline.line_of(dated.first);
        let section = outline.sections.get(line).copied().unwrap_or(Section::Header);
        let in_experience = section == Section::Experience;
        // One bare date ("Designer Jan 2015") opens a role only where jobs are listed, on a short line.
        let short = outline.lines.get(line).is_some_and(|l| l.word_count() <= HEADING_WORDS);
        let single =
            in_experience && short && dated.start.month.is_some() && is_titled(outline, line);
        // The range of a degree stands on the lines about it.
        let degree = |s: &Study| s.lines.0.abs_diff(line) <= 2 && !is_titled(outline, line);
        if section == Section::Education && !dated.current && outline.studies.iter().any(degree) {
            continue;
        }
        // Columns that were read across each other leave a title beside its range in a line of another text.
        let called = called_beside(outline, dated);
        let studied = |s: &Study| s.covers(line) && !(called && section != Section::Education);
        if !(dated.range || single) || outline.studies.iter().any(studied) {
            continue;
        }
        if opens.last().is_some_and(|(previous, _)| *previous == line) {
            continue;
        }
        let prose = outline.lines.get(line).is_some_and(|l| l.word_count() > 2 * HEADING_WORDS);
        let titled = (line.saturating_sub(1)..=line + 1).any(|l| is_titled(outline, l))
            || is_called(outline, line)
            || called;
        // Columns that were read across each other put jobs under other headings.
        let months = dated.range && dated.start.month.is_some();
        let elsewhere =
            section != Section::Education && (titled || months && short && dated.current);
        let schooling =
            section == Section::Education && months && (titled || short && dated.current);
        if !prose && (in_experience || elsewhere || schooling) {
            opens.push((line, dated));
        }
    }
    let starts: Vec<usize> = opens
        .iter()
        .enumerate()
        .map(|(i, (line, dated))| {
            let floor =
                i.checked_sub(1).and_then(|p| opens.get(p)).map_or(0, |(previous, _)| previous + 1);
            heading_start(outline, *line, dated, floor)
        })
        .collect();
    let mut found = Vec::new();
    for (i, ((line, dated), start)) in opens.iter().zip(&starts).enumerate() {
        let next = starts.get(i + 1).copied().unwrap_or(outline.lines.len());
        let section = outline.sections.get(*line);
        let same = |l: &usize| {
            let known = outline.lines.get(*l).and_then(heading).map(|(s, _)| s);
            known.is_none() || outline.sections.get(*l) == section
        };
        let end = (line + 1..next).take_while(same).last().map_or(line + 1, |l| l + 1);
        found.push(role(outline, *start, *line, end, dated));
    }
    found
}

fn is_titled(outline: &Outline<'_>, line: usize) -> bool {
    let (first, last) = outline.line_words.get(line).copied().unwrap_or_default();
    last - first <= HEADING_WORDS + 4 && outline.has_title(first, last)
}

/// The capitalised words right before a range: "... its derivatives Junior Analyst, Feb 2020 to ...".
fn beside(outline: &Outline<'_>, dated: &Dated) -> Option<(usize, usize)> {
    let line = outline.line_of(dated.first);
    let (first, _) = outline.line_words.get(line).copied()?;
    let mut from = dated.first;
    while from > first && dated.first - from < 6 {
        let word = outline.words.get(from - 1)?;
        let gap = outline.words.get(from).map(|w| w.gap);
        let breaks = from < dated.first && matches!(gap, Some(Gap::List | Gap::Stop))
            || between(outline, from).contains('&');
        if !word.capitalised() || breaks {
            break;
        }
        from -= 1;
    }
    (from < dated.first).then_some((from, dated.first))
}

/// What stands before a word.
fn between<'t>(outline: &Outline<'t>, at: usize) -> &'t str {
    let before = at.checked_sub(1).and_then(|i| outline.words.get(i)).map(|w| w.to());
    let here = outline.words.get(at).map(|w| w.from);
    before.zip(here).and_then(|(a, b)| outline.text.get(a..b)).unwrap_or_default()
}

/// Whether the words right before a range are a title.
fn called_beside(outline: &Outline<'_>, dated: &Dated) -> bool {
    dated.range
        && dated.start.month.is_some()
        && beside(outline, dated).is_some_and(|piece| title_score(outline, piece) > 0)
}

/// Whether a short line names a role by its noun: "Finance technology expert".
fn is_called(outline: &Outline<'_>, line: usize) -> bool {
    let words = outline.words_of(line);
    words.len() <= HEADING_WORDS
        && words.iter().any(|w| w.capitalised() && taxonomy().fields.is_role_noun(&w.stem))
}

/// Whether a line may stand in a role's heading: short, no item of a list, no sentence.
fn heading_like(line: &Line<'_>) -> bool {
    line.word_count() <= HEADING_WORDS
        && !line.is_bullet()
        && (!line.text.ends_with(['.', ';', ','])
            || ["Inc.", "Ltd.", "Co.", "Corp.", "S.A.", "LLC."]
                .iter()
                .any(|form| line.text.ends_with(form)))
        && line.text.chars().find(|c| c.is_alphanumeric()).is_some_and(|c| !c.is_lowercase())
        && heading(line).is_none()
}

/// The first line of the heading of the role whose range is on `line`.
fn heading_start(outline: &Outline<'_>, line: usize, dated: &Dated, floor: usize) -> usize {
    // A range beside its title needs nothing from above; nor does one alone above its title.
    let (first, last) = outline.line_words.get(line).copied().unwrap_or_default();
    let beside = outline.has_title(first, dated.first) || outline.has_title(dated.last, last);
    let opens_line = dated.first <= first && last > dated.last + 1;
    if beside
        || opens_line
        || !is_titled(outline, line.saturating_sub(1)) && is_titled(outline, line + 1) && floor > 0
    {
        let employer_above = beside
            && line > floor
            && outline.lines.get(line - 1).is_some_and(|l| heading_like(l) && l.word_count() <= 5);
        return if employer_above && looks_like_employer(outline, line - 1) {
            line - 1
        } else {
            line
        };
    }
    let mut start = line;
    // Up past the title to one line more, which names the employer.
    while start > floor
        && line - start < 3
        && outline.lines.get(start - 1).is_some_and(heading_like)
    {
        start -= 1;
    }
    start
}

fn looks_like_employer(outline: &Outline<'_>, line: usize) -> bool {
    const FORMS: &[&str] = &[
        "inc",
        "ltd",
        "llc",
        "gmbh",
        "corp",
        "co",
        "company",
        "group",
        "university",
        "school",
        "hospital",
        "pvt",
        "limited",
        "corporation",
        "bank",
        "college",
        "hotel",
    ];
    outline.words_of(line).iter().any(|w| FORMS.contains(&w.text.to_lowercase().as_str()))
}

fn role(outline: &Outline<'_>, start: usize, line: usize, end: usize, dated: &Dated) -> Role {
    // The heading goes on for up to two lines after the range while no title is found.
    let mut last = outline.line_of(dated.last.saturating_sub(1)).max(line) + 1;
    let mut pieces = pieces(outline, start, last, dated);
    while last < end && last < line + 3 && outline.lines.get(last).is_some_and(heading_like) {
        let more = self::pieces(outline, last, last + 1, dated);
        let titled = more.iter().any(|p| title_score(outline, *p) >= 2);
        let had = pieces.iter().any(|p| title_score(outline, *p) >= 2);
        let place = more.iter().any(|p| is_place(outline, *p))
            || outline.lines.get(last).is_some_and(|l| l.text.starts_with("Company Name"));
        if !(titled && !had || place) {
            break;
        }
        pieces.extend(more);
        last += 1;
    }
    let title =
        pieces.iter().copied().max_by_key(|p| (title_score(outline, *p), std::cmp::Reverse(p.0)));
    let title = title.filter(|p| title_score(outline, *p) > 0);
    // In a line of two columns the title is what stands beside the range, not what opens the line.
    let crossed = outline.line_words.get(line).is_some_and(|(a, b)| b - a > HEADING_WORDS);
    let near = beside(outline, dated).filter(|p| title_score(outline, *p) > 0);
    let title = near.filter(|_| crossed).or(title);
    let apart = |p: &(usize, usize)| title.is_none_or(|t| p.1 <= t.0 || t.1 <= p.0);
    let employer =
        pieces.iter().copied().find(|p| apart(p) && !is_place(outline, *p) && is_name(outline, *p));
    Role { title, employer, dated: Some(*dated), lines: (start, end.max(last)), body: last }
}

/// The parts of heading lines between separators, without the date.
fn pieces(outline: &Outline<'_>, from: usize, to: usize, dated: &Dated) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for line in from..to {
        let (first, last) = outline.line_words.get(line).copied().unwrap_or_default();
        let mut open = first;
        for at in first..=last {
            let word = outline.words.get(at);
            let in_date = (dated.first..dated.last).contains(&at);
            let splits = at == last
                || in_date
                || at == dated.last
                || word.is_some_and(|w| {
                    w.gap == Gap::List || w.text == "Company" || w.text.eq_ignore_ascii_case("at")
                });
            if splits && at > open {
                found.push((open, at));
                open = at;
            }
            if in_date || at == last || word.is_some_and(|w| w.text.eq_ignore_ascii_case("at")) {
                open = at + 1;
            }
        }
    }
    found.retain(|(a, b)| b > a && b - a <= HEADING_WORDS);
    found
}

/// 3 for a known title alone, 2 for one among other words, 1 where only a role's noun is there.
fn title_score(outline: &Outline<'_>, (first, last): (usize, usize)) -> u8 {
    let known = outline.titles.iter().find(|h| h.first >= first && h.first + h.words <= last);
    match known {
        Some(hit) if last - first <= hit.words + 2 => 3,
        Some(_) => 2,
        None => {
            let noun = |at: usize| {
                outline.words.get(at).is_some_and(|w| taxonomy().fields.is_role_noun(&w.stem))
            };
            u8::from((first..last).any(noun))
        }
    }
}

/// "City, ST", "San Francisco": told by a two-letter state or the word "City" or "State".
fn is_place(outline: &Outline<'_>, (first, last): (usize, usize)) -> bool {
    let words = outline.words.get(first..last).unwrap_or_default();
    let state = |t: &str| t.len() == 2 && t.chars().all(char::is_uppercase);
    match words {
        [only] => {
            state(only.text) || matches!(only.text, "City" | "State" | "USA" | "Remote" | "UK")
        }
        _ => {
            words.last().is_some_and(|w| state(w.text))
                || words.iter().all(|w| matches!(w.text, "City" | "State"))
        }
    }
}

fn is_name(outline: &Outline<'_>, (first, last): (usize, usize)) -> bool {
    let words = outline.words.get(first..last).unwrap_or_default();
    words.first().is_some_and(|w| w.capitalised())
        && !matches!(words, [a, b, ..] if a.text == "Company" && b.text == "Name")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String, String)> {
        let outline = Outline::of(text);
        let show = |part: Option<(usize, usize)>| {
            part.map_or(String::new(), |(a, b)| outline.text_of(a, b).to_owned())
        };
        let from = |r: &Role| r.dated.map_or(String::new(), |d| d.start.to_string());
        outline.roles.iter().map(|r| (show(r.title), show(r.employer), from(r))).collect()
    }

    fn roles_are(text: &str, expected: &[(&str, &str, &str)]) {
        let found = read(text);
        let found: Vec<(&str, &str, &str)> =
            found.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_range_may_stand_beside_above_or_below_the_title() {
        roles_are(
            "Experience\nHead Chef 01/2008 to 01/2012\nCompany Name - City , State\nRan a bistro.\nSous Chef 2005 - 2007\nMade sauces.",
            &[("Head Chef", "", "2008-01"), ("Sous Chef", "", "2005")],
        );
        roles_are(
            "Experience\nAcme Inc.\nSenior Web Developer\nJanuary 2019 to Present\nBuilt the shop.\nTechAdvancers\nWeb Developer\nJune 2016 - Dec 2018\nBuilt more.",
            &[
                ("Senior Web Developer", "Acme Inc", "2019-01"),
                ("Web Developer", "TechAdvancers", "2016-06"),
            ],
        );
        roles_are(
            "Work Experience\n09/2015 to Current\nVeterinary Assistant\nHelped in surgery.\n02/1999 to 02/2000\nReceptionist\nGreeted clients.",
            &[("Veterinary Assistant", "", "2015-09"), ("Receptionist", "", "1999-02")],
        );
    }

    #[test]
    fn columns_read_across_each_other_leave_the_title_at_its_range() {
        roles_are(
            "Profile\nAn eager data person with a Master's degree in Electronics & Intern Trainee, Nov 2019 - Feb 2020\nTelecommunication, very keen to learn.\nI provide a larger insight to data and its Junior Analyst Expert, Mar 2020 to Oct 2020\nderivatives.",
            &[("Intern Trainee", "", "2019-11"), ("Junior Analyst Expert", "", "2020-03")],
        );
    }

    #[test]
    fn a_degree_is_not_a_job() {
        roles_are(
            "Education\nBachelor of Science in Biology\n2010 - 2014\nExperience\nLab Technician, Genlab, 2014 - 2016",
            &[("Lab Technician", "Genlab", "2014")],
        );
    }
}
