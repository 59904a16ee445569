//! PDFs: a small typesetter for resumes, and exact control for tests of a reader.
//!
//! [`Story`] breaks text into the lines of a column and [`Sheet`] places columns on pages;
//! [`Page`] draws anything anywhere; [`Hiding`] sets text so that people do not see it; [`Pdf`]
//! writes the file. The standard fonts are used with WinAnsi encoding. Nothing is compressed unless
//! asked for, so the bytes are the same on every machine.

mod document;
mod encrypt;
mod font;
mod glyphs;
mod hiding;
mod page;
mod raster;
mod sheet;
mod story;
mod widths;

pub use document::Pdf;
pub use encrypt::encrypted;
pub use font::{Font, is_win_ansi, win_ansi};
pub use hiding::{Hiding, recognised_scan, scan};
pub use page::{Color, Page, Style};
pub use raster::Raster;
pub use sheet::{Order, Sheet};
pub use story::{Story, Theme, wrap};

/// A PDF of one A4 page with these lines in it, for tests that need any PDF.
pub fn simple(lines: &[&str]) -> Vec<u8> {
    let sheet = Sheet::a4();
    let mut story = Story::new(sheet.full_width(), Theme::default());
    for line in lines {
        story.paragraph(line);
    }
    Pdf::of(sheet.one_column(&story)).finish()
}

/// A PDF of `count` pages, each of which says which one it is.
pub fn many_pages(count: usize) -> Vec<u8> {
    let style = Style::new(Font::Regular, 12.0);
    let pages = (1..=count).map(|number| {
        let mut page = Page::a4();
        page.text(60.0, 760.0, &style, &format!("This is page {number} of {count}"));
        page
    });
    Pdf::of(pages).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every offset in the cross-reference table must point at the object it names.
    fn assert_opens(bytes: &[u8]) {
        assert!(bytes.starts_with(b"%PDF-1."));
        assert!(bytes.ends_with(b"%%EOF") || bytes.ends_with(b"%%EOF\n"));
        let find = |word: &[u8]| bytes.windows(word.len()).rposition(|w| w == word).unwrap();
        let tail = String::from_utf8_lossy(&bytes[find(b"startxref")..]).into_owned();
        let at: usize = tail.lines().nth(1).unwrap().parse().unwrap();
        let table = String::from_utf8_lossy(&bytes[at..]).into_owned();
        assert!(table.starts_with("xref"));
        let entries = table.lines().skip(2).take_while(|line| !line.starts_with("trailer"));
        for (number, entry) in entries.enumerate().filter(|(_, entry)| entry.contains(" n")) {
            let offset: usize = entry[..10].parse().unwrap();
            assert!(bytes[offset..].starts_with(format!("{number} 0 obj").as_bytes()));
        }
    }

    #[test]
    fn files_open_and_are_the_same_every_time() {
        let make = || {
            let mut page = scan(&["Hello"]);
            page.note([10.0, 10.0, 30.0, 30.0], "Call back")
                .link([40.0, 40.0, 90.0, 50.0], "https://example.com/");
            page.rotate(90).text_by_word(50.0, 50.0, &Style::new(Font::Italic, 9.0), "one two");
            let pdf = Pdf::of([page]).title("Zoë Müller").keywords("x").author("A").subject("S");
            pdf.javascript("app.alert('hello')").finish()
        };
        assert_opens(&make());
        assert_eq!(make(), make());
        let text = String::from_utf8_lossy(&make()).into_owned();
        for part in ["/OpenAction", "app.alert", "/Annots", "/Rotate 90", "RunLengthDecode"] {
            assert!(text.contains(part), "{part}");
        }
    }

    #[test]
    fn accented_text_is_written_in_winansi() {
        let bytes = simple(&["Zoë Müller"]);
        assert_opens(&bytes);
        // The writer spells bytes above 0x7F as they are or as octal escapes.
        let plain = bytes.windows(10).any(|w| w == b"Zo\xeb M\xfcller");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(plain || text.contains("Zo\\353 M\\374ller") || text.contains("<5A6FEB204DFC"));
    }

    #[test]
    fn packed_content_is_not_legible() {
        let mut page = Page::a4();
        page.text(60.0, 700.0, &Style::new(Font::Regular, 10.0), "plain words");
        let bytes = Pdf::of([page]).deflated().finish();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(text.contains("FlateDecode") && text.contains("/XRef"));
        assert!(!text.contains("plain words"));
    }

    #[test]
    fn many_pages_are_all_there() {
        let bytes = many_pages(250);
        assert_opens(&bytes);
        assert!(String::from_utf8_lossy(&bytes).contains("This is page 250 of 250"));
    }
}
