//! The blocks of a document and the file they are written to.

use super::parts;
use super::run::{Run, escape};
use crate::package::{Packing, zip_of};

/// A DOCX being put together.
#[derive(Debug, Clone)]
pub struct Docx {
    body: String,
    header: String,
    footer: String,
    addresses: Vec<String>,
    packing: Packing,
}

impl Default for Docx {
    fn default() -> Self {
        Self {
            body: String::new(),
            header: paragraph("Header", ""),
            footer: paragraph("Header", ""),
            addresses: Vec::new(),
            packing: Packing::Deflated,
        }
    }
}

impl Docx {
    /// An empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves the parts unpacked, so that the bytes are the same on every machine.
    pub fn stored(mut self) -> Self {
        self.packing = Packing::Stored;
        self
    }

    /// Adds a title.
    pub fn title(self, text: &str) -> Self {
        self.block(paragraph("Title", &Run::new(text).xml()))
    }

    /// Adds a heading of level 1 or 2.
    pub fn heading(self, level: u8, text: &str) -> Self {
        self.block(paragraph(&format!("Heading{level}"), &Run::new(text).xml()))
    }

    /// Adds a paragraph.
    pub fn paragraph(self, text: &str) -> Self {
        self.runs(&[Run::new(text)])
    }

    /// Adds a paragraph of runs.
    pub fn runs(self, runs: &[Run]) -> Self {
        self.block(paragraph("", &runs.iter().map(Run::xml).collect::<String>()))
    }

    /// Adds a heading of level 2 with its dates at a tab stop on the right edge.
    pub fn entry(self, title: &str, dates: &str) -> Self {
        let runs = format!("{}{}", Run::new(title).xml(), Run::new(&format!("\t{dates}")).xml());
        let stop = "<w:tabs><w:tab w:val=\"right\" w:pos=\"9360\"/></w:tabs>";
        let runs = if dates.is_empty() { Run::new(title).xml() } else { runs };
        let style = "<w:pStyle w:val=\"Heading2\"/>";
        self.block(format!("<w:p><w:pPr>{style}{stop}</w:pPr>{runs}</w:p>"))
    }

    /// Adds a paragraph of the bulleted list.
    pub fn bullet(self, text: &str) -> Self {
        let runs = Run::new(text).xml();
        self.block(format!(
            "<w:p><w:pPr><w:pStyle w:val=\"ListParagraph\"/><w:numPr><w:ilvl w:val=\"0\"/>\
             <w:numId w:val=\"1\"/></w:numPr></w:pPr>{runs}</w:p>"
        ))
    }

    /// Adds a table, row by row.
    pub fn table(self, rows: &[&[&str]]) -> Self {
        let columns = rows.iter().map(|row| row.len()).max().unwrap_or(1).max(1);
        let width = 9360 / columns;
        let grid = format!("<w:gridCol w:w=\"{width}\"/>").repeat(columns);
        let mut xml = String::new();
        for row in rows {
            xml.push_str("<w:tr>");
            for cell in *row {
                let text = paragraph("", &Run::new(cell).xml());
                xml.push_str(&format!(
                    "<w:tc><w:tcPr><w:tcW w:w=\"{width}\" w:type=\"dxa\"/></w:tcPr>{text}</w:tc>"
                ));
            }
            xml.push_str("</w:tr>");
        }
        // Word wants a paragraph after a table.
        self.block(format!(
            "<w:tbl><w:tblPr><w:tblW w:w=\"9360\" w:type=\"dxa\"/></w:tblPr>\
             <w:tblGrid>{grid}</w:tblGrid>{xml}</w:tbl><w:p/>"
        ))
    }

    /// Adds a text box: the same text twice, once for new programs and once as a fallback for old
    /// ones. A reader that takes both doubles it.
    pub fn text_box(self, text: &str) -> Self {
        let inner =
            format!("<w:txbxContent>{}</w:txbxContent>", paragraph("", &Run::new(text).xml()));
        self.block(format!(
            "<w:p><w:r><mc:AlternateContent><mc:Choice Requires=\"wps\"><w:drawing><wp:inline>\
             <wp:extent cx=\"3000000\" cy=\"600000\"/><wp:docPr id=\"1\" name=\"Text Box 1\"/>\
             <a:graphic><a:graphicData \
             uri=\"http://schemas.microsoft.com/office/word/2010/wordprocessingShape\"><wps:wsp>\
             <wps:cNvSpPr txBox=\"1\"/><wps:spPr><a:xfrm><a:off x=\"0\" y=\"0\"/>\
             <a:ext cx=\"3000000\" cy=\"600000\"/></a:xfrm><a:prstGeom prst=\"rect\"><a:avLst/>\
             </a:prstGeom></wps:spPr><wps:txbx>{inner}</wps:txbx><wps:bodyPr/></wps:wsp>\
             </a:graphicData></a:graphic></wp:inline></w:drawing></mc:Choice><mc:Fallback><w:pict>\
             <v:shape style=\"width:236pt;height:47pt\"><v:textbox>{inner}</v:textbox></v:shape>\
             </w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
        ))
    }

    /// Adds a paragraph that is a hyperlink.
    pub fn link(mut self, text: &str, address: &str) -> Self {
        let id = self.addresses.len();
        self.addresses.push(address.into());
        let runs = Run::new(text).color("0563C1").xml();
        let link = format!("<w:hyperlink r:id=\"rIdLink{id}\">{runs}</w:hyperlink>");
        self.block(paragraph("", &link))
    }

    /// Adds a paragraph with tracked changes: text that stays, text struck out, text put in.
    pub fn tracked(self, kept: &str, deleted: &str, inserted: &str) -> Self {
        let by = "w:author=\"Reviewer\" w:date=\"2026-01-15T09:00:00Z\"";
        let (kept, deleted) = (Run::new(kept).xml(), Run::new(deleted).deleted_xml());
        let inserted = Run::new(inserted).xml();
        self.block(paragraph(
            "",
            &format!(
                "{kept}<w:del w:id=\"1\" {by}>{deleted}</w:del>\
                 <w:ins w:id=\"2\" {by}>{inserted}</w:ins>"
            ),
        ))
    }

    /// Sets the line that repeats at the top of every page.
    pub fn header(mut self, text: &str) -> Self {
        self.header = paragraph("Header", &Run::new(text).xml());
        self
    }

    /// Sets the line that repeats at the foot of every page.
    pub fn footer(mut self, text: &str) -> Self {
        self.footer = paragraph("Header", &Run::new(text).xml());
        self
    }

    /// Adds any block-level XML.
    pub fn block(mut self, xml: impl AsRef<str>) -> Self {
        self.body.push_str(xml.as_ref());
        self
    }

    /// The bytes of the file.
    pub fn finish(self) -> Vec<u8> {
        let packing = self.packing;
        let parts = self.parts();
        let parts: Vec<_> = parts.into_iter().collect();
        zip_of(&parts, packing)
    }

    /// The parts of the package, in the order in which Word writes them.
    pub(crate) fn parts(self) -> Vec<(&'static str, Vec<u8>)> {
        let (before, after) = parts::wrapper(
            "<w:headerReference w:type=\"default\" r:id=\"rId4\"/>\
             <w:footerReference w:type=\"default\" r:id=\"rId5\"/>",
        );
        vec![
            (parts::CONTENT_TYPES, parts::content_types()),
            ("_rels/.rels", parts::package_links()),
            (parts::DOCUMENT, format!("{before}{}{after}", self.body).into_bytes()),
            ("word/_rels/document.xml.rels", parts::document_links(&self.addresses)),
            ("word/styles.xml", parts::styles()),
            ("word/numbering.xml", parts::numbering()),
            ("word/header1.xml", parts::margin_part("hdr", &self.header)),
            ("word/footer1.xml", parts::margin_part("ftr", &self.footer)),
            (parts::THEME, parts::theme()),
        ]
    }
}

/// A paragraph of ready runs in a named style; no name for body text.
fn paragraph(style: &str, runs: &str) -> String {
    let style = match style {
        "" => String::new(),
        name => format!("<w:pPr><w:pStyle w:val=\"{}\"/></w:pPr>", escape(name)),
    };
    format!("<w:p>{style}{runs}</w:p>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read};

    fn part(docx: Docx, name: &str) -> String {
        let mut archive = zip::ZipArchive::new(Cursor::new(docx.finish())).unwrap();
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// Tags that open must close, in order.
    fn assert_well_formed(xml: &str) {
        let mut open = Vec::new();
        for tag in xml.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name), "in {tag}");
            } else if !tag.ends_with('/') && !tag.starts_with('?') {
                open.push(tag.split_whitespace().next().unwrap());
            }
        }
        assert_eq!(open, Vec::<&str>::new());
    }

    fn everything() -> Docx {
        Docx::new()
            .title("Zoë Müller")
            .heading(1, "Experience")
            .entry("Cook", "2019 – 2022")
            .paragraph("Soups & stews")
            .bullet("Cut waste by 18%")
            .runs(&[Run::new("seen "), Run::new("unseen").vanish(), Run::new("white").white()])
            .table(&[&["Language", "Level"], &["German", "C2"]])
            .text_box("In a box")
            .link("Portfolio", "https://example.com/?a=1&b=2")
            .tracked("Led ", "two", "nine")
            .header("Curriculum vitae")
            .footer("Page")
    }

    #[test]
    fn every_part_is_well_formed() {
        for (name, bytes) in everything().parts() {
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.starts_with("<?xml"), "{name}");
            assert_well_formed(&text);
        }
    }

    #[test]
    fn text_is_where_readers_look_for_it() {
        let xml = part(everything(), parts::DOCUMENT);
        assert!(xml.contains(">Soups &amp; stews</w:t>"));
        assert!(xml.contains(">two</w:delText>") && xml.contains(">nine</w:t>"));
        assert_eq!(xml.matches("In a box").count(), 2);
        assert!(xml.contains("<w:vanish/>") && xml.contains("FFFFFF"));
        assert!(part(everything(), "word/header1.xml").contains("Curriculum vitae"));
        let links = part(everything(), "word/_rels/document.xml.rels");
        assert!(links.contains("https://example.com/?a=1&amp;b=2"));
    }

    #[test]
    fn stored_bytes_repeat() {
        assert_eq!(everything().stored().finish(), everything().stored().finish());
    }
}
