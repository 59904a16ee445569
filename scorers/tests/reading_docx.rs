//! DOCX: what Word shows is text, in its order; what it does not show is not.

#![allow(clippy::expect_used)] // Also in the helpers of tests.

use scorers::reading::{Extraction, Failure, HiddenKind, Limits, Method, read};

#[path = "reading_samples/mod.rs"]
mod samples;
use samples::{docx, docx_with, paragraph, part, styled};

#[track_caller]
fn extract(bytes: &[u8]) -> Extraction {
    let extraction = read(bytes, &Limits::default()).result.expect("text");
    assert_eq!(extraction.pages.len(), 1);
    assert_eq!(extraction.pages[0].method, Method::Docx);
    extraction
}

#[track_caller]
fn text(body: &str) -> String {
    let extraction = extract(&docx(body));
    assert_eq!(extraction.hidden, []);
    extraction.pages[0].text.clone()
}

#[track_caller]
fn assert_hidden(body: &str, kind: HiddenKind) {
    let extraction = extract(&docx(&format!("{}{body}", paragraph("Jane Doe"))));
    assert_eq!(extraction.pages[0].text, "Jane Doe");
    let found: Vec<_> =
        extraction.hidden.iter().map(|hidden| (hidden.kind, &*hidden.text)).collect();
    assert_eq!(found, [(kind, "secret")]);
}

#[test]
fn paragraphs_tabs_and_breaks_are_kept() {
    let body = "<w:p><w:pPr><w:tabs><w:tab w:val=\"left\" w:pos=\"1\"/></w:tabs></w:pPr>\
                <w:r><w:t>Acme</w:t><w:tab/><w:t>2019</w:t><w:br/><w:t>R&amp;D &#8211; x</w:t></w:r></w:p>";
    assert_eq!(text(&format!("{body}{}", paragraph("Next"))), "Acme\t2019\nR&D – x\nNext");
}

#[test]
fn a_word_in_several_runs_is_one_word() {
    let run = |text: &str| format!("<w:r><w:t>{text}</w:t></w:r>");
    assert_eq!(text(&format!("<w:p>{}{}</w:p>", run("Postgre"), run("SQL"))), "PostgreSQL");
}

#[test]
fn tables_are_read_by_rows() {
    let cell = |inner: &str| format!("<w:tc>{inner}</w:tc>");
    let row = |cells: &[&str]| {
        format!("<w:tr>{}</w:tr>", cells.iter().map(|c| cell(&paragraph(c))).collect::<String>())
    };
    let table = format!("<w:tbl>{}{}</w:tbl>", row(&["Skills", "Rust"]), row(&["Years", "9"]));
    assert_eq!(text(&table), "Skills\tRust\nYears\t9");
    let tall = [cell(&(paragraph("Acme") + &paragraph("Engineer"))), cell(&paragraph("2019"))];
    let tall = format!("<w:tbl><w:tr>{}</w:tr></w:tbl>", tall.concat());
    assert_eq!(text(&tall), "Acme\nEngineer\n2019");
}

#[test]
fn a_text_box_is_read_once() {
    let content = format!("<w:txbxContent>{}</w:txbxContent>", paragraph("In a box"));
    let body = format!(
        "<w:p><w:r><w:t>Anchor</w:t><mc:AlternateContent><mc:Choice Requires=\"wps\"><w:drawing>\
         <wps:wsp><wps:spPr/><wps:txbx>{content}</wps:txbx></wps:wsp></w:drawing></mc:Choice>\
         <mc:Fallback><w:pict><v:shape><v:textbox>{content}</v:textbox></v:shape></w:pict>\
         </mc:Fallback></mc:AlternateContent></w:r></w:p>"
    );
    assert_eq!(text(&body), "Anchor\nIn a box");
    let fallback = body.replace(&format!("<wps:txbx>{content}</wps:txbx>"), "");
    assert_eq!(text(&fallback), "Anchor\nIn a box");
}

#[test]
fn headers_come_first_and_footers_last_each_once() {
    let parts = [
        ("word/footer1.xml", part("ftr", &paragraph("Page foot"))),
        ("word/header1.xml", part("hdr", &paragraph("Jane Doe"))),
        ("word/header2.xml", part("hdr", &paragraph("Jane Doe"))),
    ];
    let extraction = extract(&docx_with(&paragraph("Body"), &parts));
    assert_eq!(extraction.pages[0].text, "Jane Doe\n\nBody\n\nPage foot");
}

#[test]
fn changes_are_read_as_accepted() {
    let body = "<w:p><w:ins><w:r><w:t>kept</w:t></w:r></w:ins><w:del><w:r><w:delText>dropped\
                </w:delText></w:r></w:del><w:r><w:rPr><w:del w:id=\"1\"/></w:rPr><w:t> too</w:t></w:r></w:p>";
    assert_eq!(text(body), "kept too");
}

#[test]
fn links_and_field_results_are_text_and_field_codes_are_not() {
    let body = "<w:p><w:hyperlink><w:r><w:t>jane.example</w:t></w:r></w:hyperlink>\
                <w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText> PAGE </w:instrText></w:r>\
                <w:r><w:fldChar w:fldCharType=\"separate\"/></w:r><w:r><w:t> 1</w:t></w:r>\
                <w:r><w:fldChar w:fldCharType=\"end\"/></w:r></w:p>";
    assert_eq!(text(body), "jane.example 1");
}

#[test]
fn listed_paragraphs_keep_a_bullet() {
    let body = "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"3\"/></w:numPr></w:pPr>\
                <w:r><w:t>Rust</w:t></w:r></w:p>";
    assert_eq!(text(body), "• Rust");
}

#[test]
fn vanished_tiny_and_white_text_is_hidden() {
    assert_hidden(&styled("<w:vanish/>", "secret"), HiddenKind::Invisible);
    assert_hidden(&styled("<w:sz w:val=\"2\"/>", "secret"), HiddenKind::Tiny);
    assert_hidden(&styled("<w:color w:val=\"FFFFFF\"/>", "secret"), HiddenKind::LowContrast);
    assert_hidden(&styled("<w:color w:val=\"FEFEFE\"/>", "secret"), HiddenKind::LowContrast);
}

#[test]
fn their_harmless_twins_are_not() {
    assert_eq!(text(&styled("<w:vanish w:val=\"0\"/>", "seen")), "seen");
    assert_eq!(text(&styled("<w:sz w:val=\"16\"/>", "seen")), "seen");
    assert_eq!(text(&styled("<w:color w:val=\"999999\"/>", "seen")), "seen");
    assert_eq!(text(&styled("<w:color w:val=\"auto\"/>", "seen")), "seen");
    let white = "<w:color w:val=\"FFFFFF\"/>";
    let shaded = format!("{white}<w:shd w:val=\"clear\" w:fill=\"1F3864\"/>");
    assert_eq!(text(&styled(&shaded, "seen")), "seen");
    let cell = |fill: &str| {
        format!(
            "<w:tbl><w:tr><w:tc><w:tcPr><w:shd w:val=\"clear\" w:fill=\"{fill}\"/></w:tcPr>{}</w:tc>\
             </w:tr></w:tbl>",
            styled(white, "secret")
        )
    };
    assert_eq!(text(&cell("1F3864")), "secret");
    assert_hidden(&cell("FFFFFF"), HiddenKind::LowContrast);
}

#[test]
fn white_text_in_a_dark_shape_is_seen() {
    let shape = |fill: &str| {
        format!(
            "<w:p><w:r><w:drawing><wps:wsp><wps:spPr>{fill}</wps:spPr><wps:txbx><w:txbxContent>{}\
             </w:txbxContent></wps:txbx></wps:wsp></w:drawing></w:r></w:p>",
            styled("<w:color w:val=\"FFFFFF\"/>", "secret")
        )
    };
    let dark = "<a:solidFill><a:srgbClr val=\"1F3864\"/></a:solidFill>";
    assert_eq!(text(&shape(dark)), "secret");
    assert_hidden(&shape("<a:noFill/>"), HiddenKind::LowContrast);
}

#[test]
fn styles_can_hide_too() {
    let styles = part(
        "styles",
        "<w:style w:type=\"character\" w:styleId=\"Base\"><w:rPr><w:vanish/></w:rPr></w:style>\
         <w:style w:type=\"character\" w:styleId=\"Ghost\"><w:basedOn w:val=\"Base\"/></w:style>\
         <w:style w:type=\"paragraph\" w:styleId=\"Dust\"><w:rPr><w:sz w:val=\"2\"/></w:rPr></w:style>",
    );
    let body = paragraph("Jane")
        + &styled("<w:rStyle w:val=\"Ghost\"/>", "ghost")
        + "<w:p><w:pPr><w:pStyle w:val=\"Dust\"/></w:pPr><w:r><w:t>dust</w:t></w:r></w:p>";
    let extraction = extract(&docx_with(&body, &[("word/styles.xml", styles)]));
    assert_eq!(extraction.pages[0].text, "Jane");
    let found: Vec<_> = extraction.hidden.iter().map(|h| (h.kind, &*h.text)).collect();
    assert_eq!(found, [(HiddenKind::Invisible, "ghost"), (HiddenKind::Tiny, "dust")]);
}

#[test]
fn bombs_are_refused_by_bytes_by_ratio_and_by_depth() {
    let fails = |bytes: &[u8]| read(bytes, &Limits::default()).failure();
    let large = docx(&paragraph(&"a".repeat(50 << 20)));
    assert!(large.len() < 1 << 20);
    assert_eq!(fails(&large), Some(Failure::TooLarge));
    let deep = docx(&"<w:sdt>".repeat(100_000));
    assert_eq!(fails(&deep), Some(Failure::TooLarge));
    let many: Vec<_> = (0..5_000).map(|n| (format!("a/{n}"), String::new())).collect();
    let many: Vec<_> = many.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    assert_eq!(fails(&docx_with(&paragraph("Jane"), &many)), Some(Failure::TooLarge));
}

#[test]
fn declared_entities_are_not_expanded() {
    let document = "<!DOCTYPE d [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><w:document><w:body><w:p><w:r>\
                    <w:t>Jane &b; Doe</w:t></w:r></w:p></w:body></w:document>";
    let extraction = extract(&samples::zip(&[("word/document.xml", document.to_owned())]));
    assert_eq!(extraction.pages[0].text, "Jane  Doe");
}

#[test]
fn broken_xml_is_corrupt_and_no_words_are_empty_text() {
    let fails = |bytes: &[u8]| read(bytes, &Limits::default()).failure();
    let broken = samples::zip(&[("word/document.xml", "<w:document><w:body>".to_owned())]);
    assert_eq!(fails(&broken), Some(Failure::Corrupt));
    assert_eq!(fails(&docx("")), Some(Failure::EmptyText));
}

#[test]
fn a_wrong_checksum_in_a_part_that_holds_no_text_costs_nothing() {
    let mut bytes = docx_with(&paragraph("Jane"), &[("word/theme/theme1.xml", "<theme/>".into())]);
    let name = b"word/theme/theme1.xml";
    // The checksum stands before the name, in both of the container's records of it.
    let at: Vec<usize> =
        (0..bytes.len() - name.len()).filter(|at| &bytes[*at..*at + name.len()] == name).collect();
    for (at, back) in at.iter().zip([16, 30]) {
        bytes[at - back] ^= 0xFF;
    }
    assert_eq!(extract(&bytes).pages[0].text, "Jane");
}
