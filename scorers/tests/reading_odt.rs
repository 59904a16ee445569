//! ODT: what a word processor shows is text, in its order; what it does not show is not.

#![allow(clippy::expect_used)] // Also in the helpers of tests.

use scorers::reading::{Extraction, Failure, HiddenKind, Limits, Method, read};

#[path = "reading_samples/mod.rs"]
mod samples;

const TYPE: &str = "application/vnd.oasis.opendocument.text";
const NAMES: &str = "xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
    xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\" \
    xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
    xmlns:draw=\"urn:oasis:names:tc:opendocument:xmlns:drawing:1.0\" \
    xmlns:style=\"urn:oasis:names:tc:opendocument:xmlns:style:1.0\" \
    xmlns:fo=\"urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0\" \
    xmlns:svg=\"urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0\"";

fn content(styles: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><office:document-content {NAMES}>\
         <office:automatic-styles>{styles}</office:automatic-styles><office:body><office:text>{body}\
         </office:text></office:body></office:document-content>"
    )
}

fn container(media_type: &str, content: String, more: &[(&str, String)]) -> Vec<u8> {
    let parts = [
        ("mimetype", media_type.to_owned()),
        ("META-INF/manifest.xml", "<manifest:manifest xmlns:manifest=\"m\"/>".to_owned()),
        ("content.xml", content),
    ];
    samples::zip(&[&parts[..], more].concat())
}

/// A text with these automatic styles and this body, whose `styles.xml` holds `common`.
fn odt_with(styles: &str, body: &str, common: &str) -> Vec<u8> {
    let common = format!("<office:document-styles {NAMES}>{common}</office:document-styles>");
    container(TYPE, content(styles, body), &[("styles.xml", common)])
}

fn odt(body: &str) -> Vec<u8> {
    odt_with("", body, "")
}

fn paragraph(text: &str) -> String {
    format!("<text:p>{text}</text:p>")
}

/// A style of a family with these property elements.
fn style(family: &str, name: &str, properties: &str) -> String {
    format!(
        "<style:style style:family=\"{family}\" style:name=\"{name}\">{properties}</style:style>"
    )
}

fn text_style(name: &str, properties: &str) -> String {
    style("text", name, &format!("<style:text-properties {properties}/>"))
}

#[track_caller]
fn extract(bytes: &[u8]) -> Extraction {
    let extraction = read(bytes, &Limits::default()).result.expect("text");
    assert_eq!(extraction.sniffed_type, TYPE);
    assert_eq!(extraction.pages.len(), 1);
    assert_eq!(extraction.pages[0].method, Method::Odt);
    extraction
}

#[track_caller]
fn seen(bytes: &[u8]) -> String {
    let extraction = extract(bytes);
    assert_eq!(extraction.hidden, []);
    extraction.pages[0].text.clone()
}

#[track_caller]
fn text(body: &str) -> String {
    seen(&odt(body))
}

#[track_caller]
fn assert_hides(bytes: &[u8], kind: HiddenKind) {
    let extraction = extract(bytes);
    assert_eq!(extraction.pages[0].text, "Jane Doe");
    let found: Vec<_> = extraction.hidden.iter().map(|h| (h.kind, &*h.text)).collect();
    assert_eq!(found, [(kind, "secret")]);
}

/// A line, and another with these text properties.
fn beside(properties: &str, word: &str) -> Vec<u8> {
    let body = paragraph("Jane Doe")
        + &paragraph(&format!("<text:span text:style-name=\"T1\">{word}</text:span>"));
    odt_with(&text_style("T1", properties), &body, "")
}

fn fails(bytes: &[u8]) -> Option<Failure> {
    read(bytes, &Limits::default()).failure()
}

#[test]
fn paragraphs_blanks_tabs_and_breaks_are_kept() {
    let body = "<text:h text:outline-level=\"1\">Jane\n   Doe</text:h>\n  <text:p>  Acme<text:tab/>2019\
                <text:line-break/>R&amp;D<text:s text:c=\"2\"/>&#8211; x<text:s/>y <text:span> z</text:span></text:p>";
    assert_eq!(text(body), "Jane Doe\nAcme\t2019\nR&D  – x y z");
    let endless = paragraph("a<text:s text:c=\"4000000000\"/>b");
    assert!(text(&endless).len() < 100);
}

#[test]
fn lists_keep_a_bullet_for_each_item() {
    let body = "<text:list><text:list-header><text:p>Skills</text:p></text:list-header>\
                <text:list-item><text:p>Rust</text:p><text:p>ten years</text:p><text:list><text:list-item>\
                <text:p>async</text:p></text:list-item></text:list></text:list-item>\
                <text:list-item><text:h>Numbered heading</text:h></text:list-item></text:list>";
    assert_eq!(text(body), "Skills\n• Rust\nten years\n• async\nNumbered heading");
}

#[test]
fn tables_are_read_by_rows() {
    let cell = |inner: &str| format!("<table:table-cell>{inner}</table:table-cell>");
    let row = |cells: &[&str]| {
        let cells: String = cells.iter().map(|c| cell(&paragraph(c))).collect();
        format!("<table:table-row>{cells}</table:table-row>")
    };
    let table = |rows: &str| format!("<table:table>{rows}</table:table>");
    let rows = format!(
        "<table:table-header-rows>{}</table:table-header-rows>{}",
        row(&["Skills", "Rust"]),
        row(&["Years", "9"])
    );
    let body = paragraph("Above") + &table(&rows) + &paragraph("Below");
    assert_eq!(text(&body), "Above\nSkills\tRust\nYears\t9\nBelow");
    let tall = cell(&(paragraph("Acme") + &paragraph("Engineer"))) + &cell(&paragraph("2019"));
    assert_eq!(
        text(&table(&format!("<table:table-row>{tall}</table:table-row>"))),
        "Acme\nEngineer\n2019"
    );
    let nested = cell(&table(&row(&["a", "b"]))) + &cell(&paragraph("c"));
    assert_eq!(text(&table(&format!("<table:table-row>{nested}</table:table-row>"))), "a\tb\tc");
}

#[test]
fn boxes_come_after_the_line_they_hang_on_and_notes_after_the_body() {
    let body = "<text:p>Anchor<draw:frame><draw:text-box><text:p>In a box</text:p></draw:text-box></draw:frame>ed\
                <text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>A note</text:p>\
                </text:note-body></text:note></text:p><text:p>Last<draw:frame><draw:image/><svg:title>A photo\
                </svg:title><svg:desc>Jane smiling</svg:desc></draw:frame></text:p>";
    assert_eq!(text(body), "Anchored\nIn a box\nLast\n\nA note");
}

#[test]
fn changes_are_read_as_accepted_and_comments_are_not_text() {
    let body = "<text:tracked-changes><text:changed-region><text:deletion><text:p>dropped</text:p></text:deletion>\
                </text:changed-region></text:tracked-changes><text:p>kept<text:change text:change-id=\"1\"/>\
                <office:annotation><text:p>a comment</text:p></office:annotation> too</text:p>";
    assert_eq!(text(body), "kept too");
}

#[test]
fn headers_come_first_and_footers_last_of_the_masters_in_use() {
    let master = |name: &str, around: &str| {
        format!("<style:master-page style:name=\"{name}\">{around}</style:master-page>")
    };
    let header = |text: &str| format!("<style:header>{}</style:header>", paragraph(text));
    let standard = header("Jane Doe")
        + &format!("<style:header-left>{}</style:header-left>", paragraph("Jane Doe"))
        + &format!(
            "<style:header-first style:display=\"false\">{}</style:header-first>",
            paragraph("Off")
        )
        + &format!("<style:footer>{}</style:footer>", paragraph("Page foot"));
    let common = format!(
        "<office:master-styles>{}{}{}</office:master-styles>",
        master("Standard", &standard),
        master("Later", &header("Second part")),
        master("Unused", &header("Never printed"))
    );
    let own = "<style:style style:family=\"paragraph\" style:name=\"P1\" style:master-page-name=\"Later\"/>";
    assert_eq!(seen(&odt_with("", &paragraph("Body"), &common)), "Jane Doe\n\nBody\n\nPage foot");
    let both = paragraph("Body") + "<text:p text:style-name=\"P1\">More</text:p>";
    let expected = "Jane Doe\n\nSecond part\n\nBody\nMore\n\nPage foot";
    assert_eq!(seen(&odt_with(own, &both, &common)), expected);
}

#[test]
fn hidden_tiny_and_white_text_is_hidden() {
    assert_hides(&beside("text:display=\"none\"", "secret"), HiddenKind::Invisible);
    assert_hides(&beside("loext:opacity=\"0%\"", "secret"), HiddenKind::Invisible);
    assert_hides(&beside("fo:font-size=\"1pt\"", "secret"), HiddenKind::Tiny);
    assert_hides(&beside("fo:font-size=\"5%\"", "secret"), HiddenKind::Tiny);
    assert_hides(&beside("style:text-position=\"0% 1%\"", "secret"), HiddenKind::Tiny);
    assert_hides(&beside("fo:color=\"#ffffff\"", "secret"), HiddenKind::LowContrast);
    let same = "fo:color=\"#1f3864\" fo:background-color=\"#1f3864\"";
    assert_hides(&beside(same, "secret"), HiddenKind::LowContrast);
}

#[test]
fn their_harmless_twins_are_not() {
    for properties in [
        "text:display=\"true\"",
        "fo:font-size=\"7pt\"",
        "fo:font-size=\"58%\"",
        "style:text-position=\"super 58%\"",
        "fo:color=\"#999999\"",
        "fo:color=\"#ffffff\" fo:background-color=\"#1f3864\"",
        "fo:color=\"#ffffff\" style:use-window-font-color=\"true\"",
    ] {
        assert_eq!(seen(&beside(properties, "seen")), "Jane Doe\nseen", "{properties}");
    }
}

#[test]
fn fields_that_hide_hide() {
    let with = |field: &str| odt(&(paragraph("Jane Doe") + &paragraph(field)));
    let hidden = "<text:hidden-text text:condition=\"ooow:1\" text:string-value=\"secret\" text:is-hidden=\"true\"/>";
    assert_hides(&with(hidden), HiddenKind::Invisible);
    let other = "<text:conditional-text text:current-value=\"false\" text:string-value-if-true=\"secret\" \
                 text:string-value-if-false=\"\"/>";
    assert_hides(&with(other), HiddenKind::Invisible);
    assert_hides(
        &with("secret<text:hidden-paragraph text:is-hidden=\"true\"/>"),
        HiddenKind::Invisible,
    );
    let shown = "<text:conditional-text text:current-value=\"true\" text:string-value-if-true=\"Jane\" \
                 text:string-value-if-false=\"\">Jane</text:conditional-text>";
    assert_eq!(text(&paragraph(shown)), "Jane");
    let section = "<text:section text:display=\"none\"><text:p>secret</text:p></text:section>";
    assert_hides(&odt(&(paragraph("Jane Doe") + section)), HiddenKind::Invisible);
}

#[test]
fn styles_are_inherited_and_a_parts_own_come_first() {
    let common = format!(
        "<office:styles>{}{}{}</office:styles><office:automatic-styles>{}</office:automatic-styles>",
        style("paragraph", "Ghost", "<style:text-properties text:display=\"none\"/>"),
        "<style:style style:family=\"paragraph\" style:name=\"Child\" style:parent-style-name=\"Ghost\"/>",
        "<style:style style:family=\"paragraph\" style:name=\"Self\" style:parent-style-name=\"Self\"/>",
        style("paragraph", "P1", "<style:text-properties fo:color=\"#ffffff\"/>"),
    );
    let own = "<style:style style:family=\"paragraph\" style:name=\"P1\" style:parent-style-name=\"Child\"/>\
               <style:style style:family=\"paragraph\" style:name=\"P2\" style:parent-style-name=\"Self\"/>";
    let body = "<text:p text:style-name=\"P2\">Jane Doe</text:p><text:p text:style-name=\"P1\">secret</text:p>";
    assert_hides(&odt_with(own, body, &common), HiddenKind::Invisible);
    let default = "<office:styles><style:default-style style:family=\"paragraph\"><style:text-properties \
                   fo:color=\"#ffffff\"/></style:default-style></office:styles>";
    let plain = text_style("T1", "fo:color=\"#000000\"");
    let body = "<text:p><text:span text:style-name=\"T1\">Jane Doe</text:span></text:p><text:p>secret</text:p>";
    assert_hides(&odt_with(&plain, body, default), HiddenKind::LowContrast);
}

#[test]
fn white_text_on_something_dark_is_seen() {
    let white = style(
        "paragraph",
        "White",
        "<style:text-properties fo:color=\"#ffffff\" fo:font-size=\"12pt\"/>",
    );
    let cell = |properties: &str| {
        let styles = white.clone() + &style("table-cell", "C1", properties);
        let body = "<table:table><table:table-row><table:table-cell table:style-name=\"C1\">\
                    <text:p text:style-name=\"White\">secret</text:p></table:table-cell></table:table-row></table:table>";
        odt_with(&styles, &(paragraph("Jane Doe") + body), "")
    };
    let dark = "<style:table-cell-properties fo:background-color=\"#1f3864\"/>";
    assert_eq!(seen(&cell(dark)), "Jane Doe\nsecret");
    assert_hides(&cell(""), HiddenKind::LowContrast);
    let shape = |properties: &str| {
        let styles = white.clone() + &style("graphic", "G1", properties);
        let body = "<text:p>Jane Doe<draw:frame draw:style-name=\"G1\"><draw:text-box>\
                    <text:p text:style-name=\"White\">secret</text:p></draw:text-box></draw:frame></text:p>";
        odt_with(&styles, body, "")
    };
    let dark = "<style:graphic-properties draw:fill=\"solid\" draw:fill-color=\"#1f3864\"/>";
    assert_eq!(seen(&shape(dark)), "Jane Doe\nsecret");
    assert_hides(&shape(""), HiddenKind::LowContrast);
    assert_hides(&shape(&dark.replace("solid", "none")), HiddenKind::LowContrast);
    let page = "<office:automatic-styles><style:page-layout style:name=\"L\"><style:page-layout-properties \
                fo:background-color=\"#1f3864\"/></style:page-layout></office:automatic-styles><office:master-styles>\
                <style:master-page style:name=\"Standard\" style:page-layout-name=\"L\"/></office:master-styles>";
    let body = "<text:p text:style-name=\"White\">Jane</text:p>";
    assert_eq!(seen(&odt_with(&white, body, page)), "Jane");
}

#[test]
fn boxes_off_the_page_are_hidden() {
    let at = |x: &str| {
        odt(&format!(
            "<text:p>Jane Doe</text:p><text:p><draw:frame svg:x=\"{x}\" svg:width=\"5cm\"><draw:text-box>\
             <text:p>secret</text:p></draw:text-box></draw:frame></text:p>"
        ))
    };
    assert_hides(&at("-40cm"), HiddenKind::OffPage);
    assert_eq!(seen(&at("-1.5cm")), "Jane Doe\nsecret");
}

#[test]
fn templates_are_texts_and_sheets_are_not() {
    let body = content("", &paragraph("Jane"));
    let template = container("application/vnd.oasis.opendocument.text-template", body.clone(), &[]);
    assert_eq!(seen(&template), "Jane");
    assert_eq!(seen(&container("", body.clone(), &[])), "Jane");
    for kind in ["spreadsheet", "presentation"] {
        let media_type = format!("application/vnd.oasis.opendocument.{kind}");
        let reading = read(&container(&media_type, body.clone(), &[]), &Limits::default());
        assert_eq!(reading.failure(), Some(Failure::UnsupportedType));
        assert_eq!(reading.sniffed_type, media_type);
    }
    let sheet = body.replace("office:text>", "office:spreadsheet>");
    assert_eq!(fails(&container("", sheet, &[])), Some(Failure::UnsupportedType));
}

#[test]
fn encrypted_ones_are_named() {
    let manifest = "<manifest:manifest xmlns:manifest=\"m\"><manifest:file-entry manifest:full-path=\"content.xml\">\
                    <manifest:encryption-data/></manifest:file-entry></manifest:manifest>";
    let parts = |content: &'static str| {
        samples::zip(&[
            ("mimetype", TYPE.to_owned()),
            (content, "\u{1}\u{2}".to_owned()),
            ("META-INF/manifest.xml", manifest.to_owned()),
        ])
    };
    assert_eq!(fails(&parts("content.xml")), Some(Failure::Encrypted));
    assert_eq!(fails(&parts("encrypted-package")), Some(Failure::Encrypted));
}

#[test]
fn bombs_are_refused_by_bytes_and_by_depth() {
    assert_eq!(fails(&odt(&paragraph(&"a".repeat(50 << 20)))), Some(Failure::TooLarge));
    assert_eq!(fails(&odt(&"<text:span>".repeat(100_000))), Some(Failure::TooLarge));
    assert_eq!(fails(&odt(&"<draw:object>".repeat(100_000))), Some(Failure::TooLarge));
    let styles = "<style:style>".repeat(100_000);
    assert_eq!(fails(&odt_with("", &paragraph("Jane"), &styles)), Some(Failure::TooLarge));
    let nested = "<table:table><table:table-row><table:table-cell>".repeat(70);
    let closed = "</table:table-cell></table:table-row></table:table>".repeat(70);
    assert_eq!(text(&format!("{nested}{}{closed}", paragraph("deep"))), "deep");
}

#[test]
fn declared_entities_are_not_expanded() {
    let document = content("", &paragraph("Jane &b; Doe")).replace(
        "<office:document-content",
        "<!DOCTYPE d [<!ENTITY b \"bbbb\">]><office:document-content",
    );
    assert_eq!(extract(&container(TYPE, document, &[])).pages[0].text, "Jane Doe");
}

#[test]
fn cut_and_broken_files_end_in_text_or_a_failure() {
    let bytes = odt(&(paragraph("Jane Doe") + &paragraph("Rust")));
    for twentieth in 0..20 {
        let reading = read(&bytes[..bytes.len() * twentieth / 20], &Limits::default());
        assert!(reading.failure().is_some());
    }
    for at in 0..bytes.len() {
        let mut broken = bytes.clone();
        broken[at] ^= 0xFF;
        let _ = read(&broken, &Limits::default());
    }
    let cut =
        content("", "<text:p>Jane").split_once("</office:text>").expect("its end").0.to_owned();
    assert_eq!(fails(&container(TYPE, cut, &[])), Some(Failure::Corrupt));
    assert_eq!(fails(&odt("")), Some(Failure::EmptyText));
}
