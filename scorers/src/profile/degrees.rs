//! Names of degrees and vocational qualifications, and how far they go.

use domain::candidate::DegreeLevel;

use crate::taxonomy::{Gap, Token};

/// The level of the degree that the words at `at` name, and how many words it has.
///
/// Short forms that are also everyday words or places ("MA", "BE", "associate") count only with
/// their dots or capitals and, where `schooling` is false, only before "in" or "of".
pub fn degree_at(words: &[Token<'_>], at: usize, schooling: bool) -> Option<(DegreeLevel, usize)> {
    use DegreeLevel::{Associate, Bachelor, Certificate, Doctorate, Master, Secondary};
    let word = words.get(at)?;
    let lower = word.text.to_lowercase();
    let next = |i: usize| {
        words.get(at + i).filter(|w| !matches!(w.gap, Gap::List)).map(|w| w.text.to_lowercase())
    };
    let next_is = |any: &[&str]| next(1).is_some_and(|n| any.contains(&n.as_str()));
    let possessive = usize::from(
        words.get(at + 1).is_some_and(|w| w.gap == Gap::Joint && w.text.eq_ignore_ascii_case("s")),
    );
    let named = |word: &str| next(1 + possessive).is_some_and(|n| n == word);
    let upper = word.text.len() >= 2 && word.text.chars().all(|c| c.is_uppercase());
    match lower.as_str() {
        "phd" | "dphil" | "doctorate" | "doctoral" | "edd" | "psyd" | "pharmd" | "dba"
        | "promotion"
            if lower != "promotion" =>
        {
            return Some((Doctorate, 1));
        }
        "doctor" if next_is(&["of"]) => return Some((Doctorate, 2)),
        "juris" if next_is(&["doctor"]) => return Some((Doctorate, 2)),
        "bachelor" | "bachelors" | "licenciatura" | "undergraduate" | "baccalaureate"
            if schooling || next_is(&["of", "in", "degree", "s"]) || lower.ends_with('s') =>
        {
            return Some((Bachelor, 1 + possessive));
        }
        "master" | "masters" | "maestría" | "magister"
            if schooling && !next_is(&["data", "thesis", "project", "gardener", "technician"])
                || possessive == 1 && (named("degree") || named("in") || named("of"))
                || next_is(&["of", "degree"]) =>
        {
            return Some((Master, 1 + possessive));
        }
        "mba" | "msc" | "mtech" | "mphil" | "pgdm" | "mca" | "mcom" | "llm" | "mfa" | "mph"
        | "msw" | "mpa" | "postgraduate" | "diplom"
            if upper || word.capitalised() =>
        {
            return Some((Master, 1));
        }
        "bsc" | "btech" | "bba" | "bca" | "bcom" | "llb" | "bfa" | "bbm" | "bsn" | "mbbs"
        | "beng" | "barch" | "bed"
            if upper || word.capitalised() && lower != "bed" =>
        {
            return Some((Bachelor, 1));
        }
        "associate" | "associates"
            if next_is(&["of", "degree", "in"]) && (schooling || named("degree"))
                || possessive == 1 && (schooling || named("degree"))
                || schooling && lower == "associates"
                || schooling && next_is(&["arts", "applied", "science"]) =>
        {
            return Some((Associate, 1 + possessive));
        }
        "fdsc" | "fda" | "fdeng" if schooling => return Some((Associate, 1)),
        "aas" | "aa" | "foundation" if schooling && upper => return Some((Associate, 1)),
        "high" | "secondary" | "higher" | "senior"
            if next_is(&["school", "secondary"])
                && !next(2).is_some_and(|n| {
                    matches!(n.as_str(), "teacher" | "teachers" | "students" | "math" | "english")
                }) =>
        {
            let diploma = next(2)
                .is_some_and(|n| matches!(n.as_str(), "diploma" | "graduate" | "certificate"));
            return schooling.then_some((Secondary, 2 + usize::from(diploma))).or_else(|| {
                next(2)
                    .filter(|n| matches!(n.as_str(), "diploma" | "graduate" | "certificate"))
                    .map(|_| (Secondary, 3))
            });
        }
        "ged" | "hsc" | "ssc" | "cbse" | "icse" | "abitur" | "12th" | "10th"
            if upper || schooling =>
        {
            return Some((Secondary, 1));
        }
        "graduate" if schooling && next_is(&["degree", "diploma"]) => return Some((Master, 2)),
        "diploma" | "polytechnic" if schooling || next_is(&["in", "of"]) => {
            return Some((Certificate, 1));
        }
        "certificate" | "certification" | "vocational" | "coursework" | "courses" if schooling => {
            return Some((Certificate, 1));
        }
        _ => {}
    }
    dotted(words, at, schooling)
}

/// "B.S.", "M.Tech", "Ph.D.", "B.E", "BS in": short forms spelt with dots or capitals.
fn dotted(words: &[Token<'_>], at: usize, schooling: bool) -> Option<(DegreeLevel, usize)> {
    use DegreeLevel::{Associate, Bachelor, Doctorate, Master};
    let mut letters = String::new();
    let mut count = 0;
    for word in words.get(at..)?.iter().take(3) {
        if count > 0 && word.gap != Gap::Joint || letters.len() + word.text.len() > 6 {
            break;
        }
        letters.push_str(word.text);
        count += 1;
        if count == 1 && letters.len() > 4 {
            break;
        }
    }
    let with_dots = count > 1;
    // Drop joined words that are not part: "BS/MS", "MA-based".
    while count > 1 {
        if level_of(&letters).is_some() {
            break;
        }
        let last = words.get(at + count - 1)?.text.len();
        letters.truncate(letters.len().saturating_sub(last));
        count -= 1;
    }
    let level = level_of(&letters)?;
    let word = words.get(at)?;
    let opens = word.text.starts_with(char::is_uppercase);
    let after = words.get(at + count);
    let leads = after.is_some_and(|w| {
        let word = matches!(w.text.to_lowercase().as_str(), "in" | "of" | "degree" | "from");
        w.gap != Gap::List && word || with_dots && w.colon
    });
    let plain_ok =
        word.text.chars().filter(|c| c.is_uppercase()).count() >= 2 && (schooling || leads);
    if level == Associate && !schooling {
        return None;
    }
    let known = matches!(level, Doctorate | Bachelor | Master);
    (opens
        && (with_dots && count > 1 && (schooling || leads || letters.len() > 3) || plain_ok)
        && (known || schooling))
        .then_some((level, count))
}

fn level_of(letters: &str) -> Option<DegreeLevel> {
    Some(match letters.to_lowercase().as_str() {
        "phd" | "md" | "jd" | "edd" | "dds" | "dvm" | "dphil" => DegreeLevel::Doctorate,
        "ms" | "ma" | "msc" | "mtech" | "me" | "meng" | "med" | "mba" | "mca" | "mcom" | "mfa"
        | "llm" | "mph" | "msw" => DegreeLevel::Master,
        "bs" | "ba" | "bsc" | "btech" | "be" | "beng" | "bba" | "bca" | "bcom" | "bfa" | "bed"
        | "llb" | "bsn" | "bas" => DegreeLevel::Bachelor,
        "as" | "aa" | "aas" => DegreeLevel::Associate,
        _ => return None,
    })
}

/// The level of the vocational qualification or registration at `at`, how many words it has, and
/// whether it is plain anywhere or only where training is listed.
pub fn vocational_at(words: &[Token<'_>], at: usize) -> Option<(DegreeLevel, usize, bool)> {
    use DegreeLevel::{Associate, Certificate, Secondary};
    let word = words.get(at)?;
    let lower = word.text.to_lowercase();
    let next = |i: usize| words.get(at + i).map(|w| w.text.to_lowercase());
    let next_is = |i: usize, any: &[&str]| next(i).is_some_and(|n| any.contains(&n.as_str()));
    let upper = word.text.chars().all(char::is_uppercase);
    // "NVQ Level 3", "Level 3 NVQ": the number is part of it.
    let levelled = if next_is(1, &["level"]) { 2 } else { 0 };
    match lower.as_str() {
        "nvq" | "svq" | "btec" | "gnvq" => Some((Certificate, 1 + levelled, true)),
        "hnc" | "cap" | "bep" | "tafe" if upper => {
            Some((Certificate, 1 + levelled, lower == "hnc"))
        }
        "hnd" | "bts" | "dut" if upper => Some((Associate, 1, lower == "hnd")),
        "city" if next_is(1, &["guilds", "guild"]) => Some((Certificate, 2, true)),
        "city" if next_is(2, &["guilds", "guild"]) => Some((Certificate, 3, true)),
        "técnico" | "tecnico" | "técnica" => {
            let higher = next_is(1, &["superior"]);
            Some((if higher { Associate } else { Certificate }, 1 + usize::from(higher), false))
        }
        "foundation" if next_is(1, &["degree"]) => Some((Associate, 2, true)),
        "apprenticeship" | "journeyman" | "gesellenbrief" | "meisterbrief" | "lehre" => {
            Some((Certificate, 1, false))
        }
        "level" if next(1).is_some_and(|n| n.parse::<u8>().is_ok_and(|n| (2..=8).contains(&n))) => {
            let what = next(2)?;
            matches!(
                what.as_str(),
                "nvq" | "svq" | "diploma" | "btec" | "apprenticeship" | "certificate"
            )
            .then_some((Certificate, 3, false))
        }
        "nmc" | "hcpc" | "gmc" if next_is(1, &["registration", "registered", "pin"]) => {
            Some((Certificate, 2, false))
        }
        "rn" | "rgn" | "rmn" if upper => {
            let licence = next_is(1, &["license", "licence", "registration"]);
            Some((Certificate, 1 + usize::from(licence), licence))
        }
        "cima" | "acca" | "aat" | "icaew" if upper => Some((Certificate, 1, false)),
        "access" if next_is(1, &["to"]) && next_is(2, &["higher"]) => Some((Certificate, 4, false)),
        "gcse" | "gcses" => Some((Secondary, 1, true)),
        "a" if next_is(1, &["level", "levels"]) && upper => Some((Secondary, 2, true)),
        _ => None,
    }
}
