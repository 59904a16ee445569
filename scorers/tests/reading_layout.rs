//! Reading order: columns are read down, rows are read across, and words keep their spaces.

#![allow(clippy::expect_used)] // Also in the helpers of tests.

use scorers::reading::{Engine, Limits, read};

#[path = "reading_samples/mod.rs"]
mod samples;
use samples::{Document, show};

#[track_caller]
fn text(document: Document) -> String {
    let limits = Limits { engine: Engine::Pure, ..Limits::default() };
    let mut extraction = read(&document.build(), &limits).result.expect("text");
    assert_eq!(extraction.hidden, []);
    extraction.pages.remove(0).text
}

fn page(content: &str) -> Document {
    Document::default().page(content)
}

/// Shows `lines` from `y` down, their left ends at `x`.
fn column(lines: &[&str], x: f64, y: f64) -> Vec<String> {
    lines.iter().zip(0..).map(|(line, n)| show(line, x, y - 14.0 * f64::from(n), 10.0)).collect()
}

/// In Helvetica at 10 points, near enough to set a line flush right.
fn flush_right(text: &str, right: f64, y: f64) -> String {
    let width: f64 =
        text.chars().map(|c| if c.is_ascii_digit() || c == ' ' { 5.0 } else { 5.6 }).sum();
    show(text, right - width, y, 10.0)
}

const LEFT: [&str; 5] = [
    "Built the order service in Rust",
    "and ran it for four years on a",
    "cluster of forty machines with",
    "two colleagues, on call every",
    "third week",
];
const RIGHT: [&str; 5] = [
    "Studied mathematics in Lisbon",
    "with a thesis about queues and",
    "waiting times, supervised by a",
    "statistician who liked trains",
    "and timetables",
];

#[test]
fn columns_are_read_one_after_the_other() {
    let (left, right) = (column(&LEFT, 60.0, 700.0), column(&RIGHT, 320.0, 700.0));
    let expected = format!("{}\n\n{}", LEFT.join("\n"), RIGHT.join("\n"));
    assert_eq!(text(page(&[left.concat(), right.concat()].concat())), expected);
    // Also when they are painted line by line across the page.
    let across: String = left.iter().zip(&right).map(|(l, r)| format!("{l}{r}")).collect();
    assert_eq!(text(page(&across)), expected);
    // And when their lines do not stand on the same baselines.
    let lower = column(&RIGHT, 320.0, 694.0);
    let across: String = left.iter().zip(&lower).map(|(l, r)| format!("{l}{r}")).collect();
    assert_eq!(text(page(&across)), expected);
}

#[test]
fn a_heading_over_columns_comes_first_and_a_line_under_them_last() {
    let content = [
        show(
            "Jane Doe, engineer and occasional mathematician, Lisbon and Rotterdam",
            100.0,
            740.0,
            12.0,
        ),
        column(&RIGHT, 320.0, 700.0).concat(),
        column(&LEFT, 60.0, 700.0).concat(),
        show(
            "References are available from both places named above on request",
            100.0,
            560.0,
            12.0,
        ),
    ];
    let text = text(page(&content.concat()));
    let place = |words: &str| text.find(words).expect(words);
    assert!(place("Jane Doe") < place("Built the order"));
    assert!(place("third week") < place("Studied"), "{text}");
    assert!(place("timetables") < place("References"));
}

#[test]
fn a_side_bar_is_read_apart() {
    let side =
        column(&["Skills", "Rust", "PostgreSQL", "Kubernetes", "Kafka", "Linux"], 60.0, 703.0);
    let text = text(page(&[side.concat(), column(&LEFT, 220.0, 700.0).concat()].concat()));
    assert!(text.contains("Skills\nRust\nPostgreSQL\nKubernetes\nKafka\nLinux"), "{text}");
    assert!(text.contains(&LEFT.join("\n")), "{text}");
}

#[test]
fn a_ruled_line_ends_columns() {
    let side = |x: f64, from: f64| column(&["Rust", "Python", "Kotlin"], x, from).concat();
    let content =
        side(60.0, 700.0) + &side(320.0, 704.0) + &side(60.0, 600.0) + &side(320.0, 604.0);
    let names = "Rust\nPython\nKotlin";
    // Without it, the columns go on: six lines on the left, then six on the right.
    let ruled = text(page(&format!("{content} 50 640 500 1 re f")));
    assert_eq!(ruled, [names; 4].join("\n\n"));
    let marked = content.replacen("(Rust)", "(Go)", 1);
    let ruled = text(page(&format!("{marked} 50 640 m 550 640 l S")));
    assert_eq!(ruled, format!("Go\nPython\nKotlin\n\n{}", [names; 3].join("\n\n")));
}

#[test]
fn a_date_set_flush_right_is_read_with_its_title() {
    let mut content = String::new();
    let mut y = 700.0;
    for (title, date) in [
        ("Senior engineer, Acme", "2019 to 2024"),
        ("Engineer, Initech", "March 2015 to 2019"),
        ("Junior engineer, Globex", "2012"),
        ("Intern, Umbrella", "Summer 2011"),
    ] {
        content += &show(title, 60.0, y, 10.0);
        content += &flush_right(date, 540.0, y);
        content += &show("Kept things running", 70.0, y - 14.0, 10.0);
        y -= 42.0;
    }
    let text = text(page(&content));
    for line in [
        "Senior engineer, Acme 2019 to 2024",
        "Engineer, Initech March 2015 to 2019",
        "Junior engineer, Globex 2012",
        "Intern, Umbrella Summer 2011",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
}

#[test]
fn dates_in_the_margin_are_read_with_their_entries() {
    let mut content = String::new();
    let mut y = 700.0;
    for (date, title) in
        [("2019", "Acme"), ("2015", "Initech"), ("2012", "Globex"), ("2011", "Hooli")]
    {
        content += &show(date, 60.0, y, 10.0);
        content += &show(&format!("Engineer at {title}"), 130.0, y, 10.0);
        content += &show("Designed, built and ran the order service", 130.0, y - 14.0, 10.0);
        content += &show("Taught four colleagues how it works", 130.0, y - 28.0, 10.0);
        y -= 56.0;
    }
    let text = text(page(&content));
    assert!(text.contains("2019 Engineer at Acme\nDesigned"), "{text}");
    assert!(text.contains("2011 Engineer at Hooli\nDesigned"), "{text}");
}

#[test]
fn labels_are_read_with_their_values() {
    let rows = [
        ("Languages:", "Rust, Python, SQL and some Kotlin"),
        ("Databases:", "PostgreSQL, SQLite, Redis"),
        ("Cloud:", "AWS, Hetzner and bare metal"),
        ("Spoken:", "English, Portuguese, Dutch"),
    ];
    let content: String = rows
        .iter()
        .zip(0..)
        .map(|((label, value), n)| {
            let y = 700.0 - 14.0 * f64::from(n);
            show(label, 60.0, y, 10.0) + &show(value, 180.0, y, 10.0)
        })
        .collect();
    let expected = rows.map(|(label, value)| format!("{label} {value}")).join("\n");
    assert_eq!(text(page(&content)), expected);
}

#[test]
fn words_are_told_apart_by_the_gaps_between_them() {
    let kerned = "BT /F1 10 Tf 60 700 Td [(J) 20 (ane) -300 (D) -15 (oe)] TJ ET";
    assert_eq!(text(page(kerned)), "Jane Doe");
    let words = "BT /F1 10 Tf 60 700 Td (Jane) Tj 25 0 Td (Doe) Tj ET";
    assert_eq!(text(page(words)), "Jane Doe");
}

#[test]
fn letter_spaced_headings_are_joined() {
    let spaced = "BT /F1 10 Tf 4 Tc 12 Tw 60 700 Td (WORK EXPERIENCE) Tj ET";
    assert_eq!(text(page(spaced)), "WORK EXPERIENCE");
    let typed = "BT /F1 10 Tf 60 700 Td (W O R K   E X P E R I E N C E) Tj ET";
    assert_eq!(text(page(typed)), "WORK EXPERIENCE");
}

#[test]
fn a_raised_letter_stays_on_its_line() {
    let content =
        "BT /F1 10 Tf 60 700 Td (the 4) Tj /F1 6 Tf 4 Ts (th) Tj /F1 10 Tf 0 Ts ( of May) Tj ET";
    assert_eq!(text(page(content)), "the 4th of May");
}

#[test]
fn bullets_and_hyphens_are_kept() {
    let content = show("\u{95} one", 60.0, 700.0, 10.0).replace('\u{95}', "\\225")
        + &show("a well-", 60.0, 686.0, 10.0)
        + &show("known method", 60.0, 672.0, 10.0);
    let content = content.replace("\\\\225", "\\225");
    assert_eq!(text(page(&content)), "• one\na well-\nknown method");
}

#[test]
fn paragraphs_are_set_apart() {
    let content = show("First", 60.0, 700.0, 10.0)
        + &show("still first", 60.0, 688.0, 10.0)
        + &show("Second", 60.0, 660.0, 10.0);
    assert_eq!(text(page(&content)), "First\nstill first\n\nSecond");
}

#[test]
fn turned_pages_and_turned_text_are_read() {
    let upright = column(&LEFT, 60.0, 700.0).concat();
    let sideways = "BT /F1 10 Tf 0 1 -1 0 40 300 Tm (Curriculum vitae) Tj ET";
    let both = text(page(&(upright.clone() + sideways)));
    assert_eq!(both, format!("{}\n\nCurriculum vitae", LEFT.join("\n")));
    for degrees in [90, 180, 270] {
        assert_eq!(text(page(&upright).rotate(degrees)), LEFT.join("\n"), "{degrees}");
    }
}

#[test]
fn reading_is_the_same_every_time() {
    let content = [column(&LEFT, 60.0, 700.0).concat(), column(&RIGHT, 320.0, 694.0).concat()];
    let pdf = page(&content.concat()).build();
    let limits = Limits::default();
    let first = read(&pdf, &limits);
    assert!((0..5).all(|_| read(&pdf, &limits) == first));
}
