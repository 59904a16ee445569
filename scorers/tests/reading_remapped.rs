//! Glyph remapping: a page that shows one text and says another is read as it shows; odd faces are not taken for it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use pdf_writer::types::{SystemInfo, UnicodeCmap};
use pdf_writer::{Finish as _, Name, Rect, Ref, Str};
use scorers::reading::{Extraction, Eyes, HiddenKind, Limits, Method, models, read, read_with};
use testkit::pdf::{Font, Page, Pdf, Style};

#[path = "reading_samples/mod.rs"]
mod samples;

const HONEST: [&str; 4] = [
    "Jane Doe, bookkeeper in Leeds",
    "Kept the ledgers of a family bakery, 2018 to 2024",
    "Prepared returns and paid wages every month",
    "Leeds City College, accounting, 2016",
];

/// Both recognisers where the fetched one is there, the one that is compiled in otherwise.
fn recognisers() -> Vec<Eyes> {
    let fetched = models().map(|folder| Eyes::open(Some(&folder)).unwrap());
    std::iter::once(Eyes::open(None).unwrap()).chain(fetched).collect()
}

/// An honest page with this drawn under it.
fn resume(draw: impl FnOnce(&mut Page)) -> Vec<u8> {
    let mut page = Page::a4();
    let style = Style::new(Font::Regular, 11.0);
    for (line, at) in HONEST.iter().zip(0..) {
        page.text(60.0, 780.0 - 16.0 * at as f32, &style, line);
    }
    draw(&mut page);
    Pdf::of([page]).finish()
}

fn extraction(bytes: &[u8], eyes: &Eyes) -> Extraction {
    read_with(bytes, &samples::patient(), Some(eyes)).result.unwrap()
}

fn remapped(extraction: &Extraction) -> Vec<&str> {
    let all = extraction.hidden.iter();
    all.filter(|h| h.kind == HiddenKind::Remapped).map(|h| h.text.as_str()).collect()
}

/// Shown to people and said to programs, as long as each other.
const SHOWN: &str = "Volunteer in a dog shelter on most Sundays";
const SAID: &str = "Senior engineer at a bank using kubernetes";

#[test]
fn words_that_the_page_does_not_show_are_set_aside_and_it_is_read_as_it_is_seen() {
    let bytes = resume(|page| {
        page.text_said(60.0, 700.0, 11.0, SHOWN, SAID);
    });
    for eyes in recognisers() {
        let read = extraction(&bytes, &eyes);
        let page = &read.pages[0];
        assert_eq!(page.method, Method::Ocr, "{}", eyes.name());
        let lower = page.text.to_lowercase();
        for word in ["shelter", "sundays", "bakery", "leeds"] {
            assert!(lower.contains(word), "{}: {word} in {}", eyes.name(), page.text);
        }
        assert!(!lower.contains("kubernetes") && !lower.contains("engineer"), "{}", page.text);
        let hidden = remapped(&read).join(" ");
        assert!(hidden.contains("engineer") && hidden.contains("kubernetes"), "{hidden}");
        assert!(!hidden.contains("ledgers"), "{hidden}");
    }
}

#[test]
fn one_number_made_larger_is_found() {
    let bytes = resume(|page| {
        let shown = "Bookkeeping for 2 years with 14 clients";
        page.text_said(60.0, 700.0, 11.0, shown, "Bookkeeping for 6 years with 94 clients");
    });
    for eyes in recognisers() {
        let read = extraction(&bytes, &eyes);
        assert_eq!(remapped(&read), ["6 94"], "{}", eyes.name());
        assert!(read.pages[0].text.contains("14 clients"), "{}", read.pages[0].text);
    }
}

#[test]
fn a_font_that_says_what_it_draws_is_believed() {
    let bytes = resume(|page| {
        page.text_said(60.0, 700.0, 11.0, SHOWN, SHOWN);
    });
    let plain = read(&bytes, &Limits::default());
    assert!(!plain.doubted && !plain.unseen);
    assert!(plain.result.unwrap().pages[0].text.contains(SHOWN));
}

#[test]
fn capitals_drawn_for_small_letters_are_believed() {
    let small_capitals = SHOWN.to_uppercase();
    let bytes = resume(|page| {
        page.text_said(60.0, 700.0, 11.0, &small_capitals, SHOWN);
    });
    let plain = read(&bytes, &Limits::default());
    assert!(!plain.doubted);
    assert_eq!(plain.result.unwrap().hidden, []);
}

#[test]
fn without_one_who_reads_pictures_the_text_is_said_to_be_doubted() {
    let bytes = resume(|page| {
        page.text_said(60.0, 700.0, 11.0, SHOWN, SAID);
    });
    let plain = read(&bytes, &Limits::default());
    assert!(plain.doubted && plain.unseen);
}

/// A page that writes `HH` in a font whose glyphs are little programs, or stencils, that draw an H and say this letter.
fn drawn_by_programs(said: char, stencil: bool) -> Vec<u8> {
    let mut pdf = pdf_writer::Pdf::new();
    let [catalog, pages, page, font, glyph, means, content] =
        std::array::from_fn(|at| Ref::new(at as i32 + 1));
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    let mut one = pdf.page(page);
    one.media_box(Rect::new(0.0, 0.0, 595.0, 842.0)).parent(pages).contents(content);
    one.resources().fonts().pair(Name(b"F1"), font);
    one.finish();
    pdf.stream(content, b"BT /F1 12 Tf 72 700 Td <0101> Tj ET");
    let system = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"UCS"), supplement: 0 };
    let mut table = UnicodeCmap::<u8>::new(Name(b"Custom"), system);
    table.pair(1, said);
    pdf.cmap(means, &table.finish());
    let draws: &[u8] = if stencil {
        b"700 0 0 0 700 700 d1 q 600 0 0 700 50 0 cm BI /IM true /W 6 /H 7 /BPC 1 /D [1 0] ID \xcc\xcc\xcc\xfc\xcc\xcc\xcc EI Q"
    } else {
        b"700 0 0 0 700 700 d1 50 0 100 700 re 550 0 100 700 re 150 300 400 100 re f"
    };
    pdf.stream(glyph, draws);
    let mut face = pdf.type3_font(font);
    face.bbox(Rect::new(0.0, 0.0, 700.0, 700.0)).matrix([0.001, 0.0, 0.0, 0.001, 0.0, 0.0]);
    face.first_char(1).last_char(1).widths([700.0]).to_unicode(means);
    face.char_procs().pair(Name(b"H"), glyph);
    face.encoding_custom().differences().consecutive(1, [Name(b"H")]);
    face.finish();
    pdf.finish()
}

#[test]
fn glyphs_that_are_programs_or_stencils_are_looked_at_too() {
    for stencil in [false, true] {
        let doubted = |said| read(&drawn_by_programs(said, stencil), &Limits::default()).doubted;
        assert!(doubted('o'), "stencil: {stencil}");
        assert!(!doubted('H') && !doubted('h'), "stencil: {stencil}");
    }
}
