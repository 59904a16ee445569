//! The parts of a DOCX package that surround its text.

/// Where the text is.
pub(crate) const DOCUMENT: &str = "word/document.xml";
/// Where colours and fonts are; no reader of text needs it.
pub(crate) const THEME: &str = "word/theme/theme1.xml";
/// Where the package states what its parts are.
pub(crate) const CONTENT_TYPES: &str = "[Content_Types].xml";

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const WORDS: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";
const MAIN: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const DRAWING: &str = "http://schemas.openxmlformats.org/drawingml/2006";

/// The namespaces that every part with text declares.
pub(super) fn namespaces() -> String {
    format!(
        "xmlns:w=\"{MAIN}\" xmlns:r=\"{OFFICE}\" \
         xmlns:mc=\"http://schemas.openxmlformats.org/markup-compatibility/2006\" \
         xmlns:wps=\"http://schemas.microsoft.com/office/word/2010/wordprocessingShape\" \
         xmlns:wp=\"{DRAWING}/wordprocessingDrawing\" xmlns:a=\"{DRAWING}/main\" \
         xmlns:v=\"urn:schemas-microsoft-com:vml\" mc:Ignorable=\"wps\""
    )
}

/// The beginning and the end of `word/document.xml`, around its blocks. The margins leave 9360
/// twentieths of a point for text.
pub(crate) fn wrapper(section: &str) -> (String, String) {
    let before = format!("{XML}<w:document {}><w:body>", namespaces());
    let after = format!(
        "<w:sectPr>{section}<w:pgSz w:w=\"12240\" w:h=\"15840\"/>\
         <w:pgMar w:top=\"1080\" w:right=\"1440\" w:bottom=\"1080\" w:left=\"1440\" \
         w:header=\"500\" w:footer=\"500\" w:gutter=\"0\"/></w:sectPr></w:body></w:document>"
    );
    (before, after)
}

/// A header (`hdr`) or footer (`ftr`) part.
pub(super) fn margin_part(element: &str, blocks: &str) -> Vec<u8> {
    let names = namespaces();
    format!("{XML}<w:{element} {names}>{blocks}</w:{element}>").into_bytes()
}

/// `[Content_Types].xml`.
pub(super) fn content_types() -> Vec<u8> {
    let mut parts = String::new();
    for (path, kind) in [
        ("document", format!("{WORDS}.document.main+xml")),
        ("styles", format!("{WORDS}.styles+xml")),
        ("numbering", format!("{WORDS}.numbering+xml")),
        ("header1", format!("{WORDS}.header+xml")),
        ("footer1", format!("{WORDS}.footer+xml")),
        ("theme/theme1", "application/vnd.openxmlformats-officedocument.theme+xml".into()),
    ] {
        parts
            .push_str(&format!("<Override PartName=\"/word/{path}.xml\" ContentType=\"{kind}\"/>"));
    }
    format!(
        "{XML}<Types xmlns=\"{PACKAGE}/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>{parts}</Types>"
    )
    .into_bytes()
}

/// `_rels/.rels`: where the document is.
pub(super) fn package_links() -> Vec<u8> {
    format!(
        "{XML}<Relationships xmlns=\"{PACKAGE}/relationships\">\
         <Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" Target=\"{DOCUMENT}\"/>\
         </Relationships>"
    )
    .into_bytes()
}

/// `word/_rels/document.xml.rels`: the document's own parts, then its hyperlinks, which are
/// numbered from `rIdLink0`.
pub(super) fn document_links(addresses: &[String]) -> Vec<u8> {
    let mut links = String::new();
    for (index, (kind, target)) in [
        ("styles", "styles.xml"),
        ("numbering", "numbering.xml"),
        ("theme", "theme/theme1.xml"),
        ("header", "header1.xml"),
        ("footer", "footer1.xml"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = index + 1;
        links.push_str(&format!(
            "<Relationship Id=\"rId{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>"
        ));
    }
    for (index, address) in addresses.iter().enumerate() {
        let target = super::run::escape(address);
        links.push_str(&format!(
            "<Relationship Id=\"rIdLink{index}\" Type=\"{OFFICE}/hyperlink\" \
             Target=\"{target}\" TargetMode=\"External\"/>"
        ));
    }
    format!("{XML}<Relationships xmlns=\"{PACKAGE}/relationships\">{links}</Relationships>")
        .into_bytes()
}

/// `word/styles.xml`: body text, a title, two levels of heading and list paragraphs.
pub(super) fn styles() -> Vec<u8> {
    let mut styles = String::new();
    for (id, name, spacing, look) in [
        ("Title", "Title", 0, "<w:b/><w:color w:val=\"1F3864\"/><w:sz w:val=\"44\"/>"),
        ("Heading1", "heading 1", 240, "<w:b/><w:color w:val=\"1F3864\"/><w:sz w:val=\"26\"/>"),
        ("Heading2", "heading 2", 140, "<w:b/><w:sz w:val=\"22\"/>"),
        ("ListParagraph", "List Paragraph", 20, ""),
        ("Header", "header", 0, "<w:color w:val=\"666666\"/><w:sz w:val=\"16\"/>"),
    ] {
        styles.push_str(&format!(
            "<w:style w:type=\"paragraph\" w:styleId=\"{id}\"><w:name w:val=\"{name}\"/>\
             <w:basedOn w:val=\"Normal\"/><w:pPr><w:spacing w:before=\"{spacing}\"/></w:pPr>\
             <w:rPr>{look}</w:rPr></w:style>"
        ));
    }
    format!(
        "{XML}<w:styles xmlns:w=\"{MAIN}\"><w:docDefaults><w:rPrDefault><w:rPr>\
         <w:rFonts w:ascii=\"Calibri\" w:hAnsi=\"Calibri\"/><w:sz w:val=\"21\"/></w:rPr>\
         </w:rPrDefault></w:docDefaults><w:style w:type=\"paragraph\" w:default=\"1\" \
         w:styleId=\"Normal\"><w:name w:val=\"Normal\"/><w:pPr><w:spacing w:after=\"60\"/>\
         </w:pPr></w:style>{styles}</w:styles>"
    )
    .into_bytes()
}

/// `word/numbering.xml`: one list with round bullets.
pub(super) fn numbering() -> Vec<u8> {
    format!(
        "{XML}<w:numbering xmlns:w=\"{MAIN}\"><w:abstractNum w:abstractNumId=\"0\">\
         <w:lvl w:ilvl=\"0\"><w:numFmt w:val=\"bullet\"/><w:lvlText w:val=\"•\"/><w:pPr>\
         <w:ind w:left=\"360\" w:hanging=\"260\"/></w:pPr></w:lvl></w:abstractNum>\
         <w:num w:numId=\"1\"><w:abstractNumId w:val=\"0\"/></w:num></w:numbering>"
    )
    .into_bytes()
}

/// `word/theme/theme1.xml`: as little of one as may be.
pub(super) fn theme() -> Vec<u8> {
    format!("{XML}<a:theme xmlns:a=\"{DRAWING}/main\" name=\"Plain\"><a:themeElements/></a:theme>")
        .into_bytes()
}
