//! Words by which identity is told: pronouns, titles, what a person does, parts of an address.

/// Pronouns, and titles and nouns that tell a person's gender.
pub(super) const PRONOUNS: &[&str] = &[
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

/// Titles before and behind a name.
pub(super) const TITLES: &[&str] = &[
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

/// Titles after which a name stands.
pub(super) const HONORIFICS: &[&str] = &["mr", "mrs", "ms", "miss", "dr", "mx"];

/// What follows "MS" where it is short for a company: "Ms Excel".
pub(super) const OF_A_COMPANY: &[&str] = &[
    "access",
    "azure",
    "dos",
    "dynamics",
    "excel",
    "exchange",
    "office",
    "onenote",
    "outlook",
    "paint",
    "power",
    "powerpoint",
    "project",
    "publisher",
    "server",
    "sharepoint",
    "sql",
    "teams",
    "visio",
    "visual",
    "windows",
    "word",
];

/// What a person does, in words that do not end in "ed".
pub(super) const DOES: &[&str] = &[
    "is", "was", "has", "had", "led", "leads", "built", "builds", "ran", "runs", "wrote", "writes",
    "made", "makes", "taught", "teaches", "grew", "won", "gave", "took", "kept", "sold", "cooks",
    "works", "helps", "manages", "brings", "joins", "speaks", "holds",
];

/// Participles that follow a skill as well as a person: "Python based services".
pub(super) const OF_SKILLS: &[&str] = &[
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

/// What a page's head or foot says beside a name.
pub(super) const OF_PAGES: &[&str] =
    &["page", "of", "p", "pg", "cv", "resume", "résumé", "curriculum", "vitae", "seite"];

/// Months, by which a page may be dated.
pub(super) const MONTHS: &[&str] = &[
    "jan",
    "january",
    "feb",
    "february",
    "mar",
    "march",
    "apr",
    "april",
    "may",
    "jun",
    "june",
    "jul",
    "july",
    "aug",
    "august",
    "sep",
    "sept",
    "september",
    "oct",
    "october",
    "nov",
    "november",
    "dec",
    "december",
];

/// Networks that people have a handle of.
pub(super) const NETWORKS: &[&str] = &[
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

/// Words of a street's name.
pub(super) const STREETS: &[&str] = &[
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
