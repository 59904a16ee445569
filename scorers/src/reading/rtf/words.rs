//! Control words: which begin a group that holds something else than text, and which are characters.

/// What a group holds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum Group {
    #[default]
    Text,
    Fonts,
    Colors,
    /// A shape: its properties, and text in a group of its own.
    Shape,
    /// The shape that the page is painted with.
    Background,
    /// A property of a shape.
    ShapeProperty,
    /// The name or the value of one.
    ShapeText,
    /// Something embedded, with a result that is shown.
    Object,
    /// Text twice: for old readers, and in Unicode.
    Twice,
    /// How the row of a table within a table looks, at its end.
    NestedRow,
    /// What is said of the document, each thing in a group of its own.
    About,
    /// Text that no page shows: of metadata, or of a comment.
    Unshown,
    /// Nothing that is shown.
    Nothing,
}

/// What the group that is open holds by this word, if the word says so.
pub(super) fn group(around: Group, name: &str, ignorable: bool) -> Option<Group> {
    use Group as G;
    let group = match (around, name) {
        (G::Nothing, _) => return None,
        (G::Text, "info" | "userprops") => G::About,
        (G::About, name) if SAID.contains(&name) => G::Unshown,
        (G::Text, "annotation") => G::Unshown,
        (G::About | G::Unshown, name) if ignorable || NOTHING.contains(&name) => G::Nothing,
        (G::Twice, "ud") | (G::Object, "result") | (G::Shape, "shptxt" | "dptxbxtext") => G::Text,
        (G::Shape | G::Background, "sp") => G::ShapeProperty,
        (G::ShapeProperty, "sn" | "sv") => G::ShapeText,
        (G::Background, "shp" | "shpinst") => G::Background,
        (G::Shape, "shp" | "shpinst" | "do") => G::Shape,
        (G::Fonts | G::ShapeText, _) if ignorable => G::Nothing,
        // Pictures, and shapes as pictures.
        (_, "pict" | "shprslt" | "nonshppict") => G::Nothing,
        (G::Shape | G::Background, _) if ignorable => G::Nothing,
        (G::Text, "header" | "headerl" | "headerr" | "headerf") => G::Text,
        (G::Text, "footer" | "footerl" | "footerr" | "footerf" | "footnote") => G::Text,
        (G::Text, "fonttbl") => G::Fonts,
        (G::Text, "colortbl") => G::Colors,
        (G::Text, "shp" | "do" | "shpinst" | "shpgrp") => G::Shape,
        (G::Text, "background") => G::Background,
        (G::Text, "object") => G::Object,
        (G::Text, "upr") => G::Twice,
        (G::Text, "nesttableprops") => G::NestedRow,
        (G::Text, name) if ignorable || NOTHING.contains(&name) => G::Nothing,
        _ => return None,
    };
    Some(group)
}

/// What is said of a document in words.
const SAID: &[&str] = &[
    "author",
    "category",
    "comment",
    "company",
    "doccomm",
    "keywords",
    "manager",
    "operator",
    "staticval",
    "subject",
    "title",
];

/// Groups that hold nothing that is shown, though they need not say so.
const NOTHING: &[&str] = &[
    "aftncn",
    "aftnsep",
    "aftnsepc",
    "atnauthor",
    "atnid",
    "atnref",
    "author",
    "bkmkend",
    "bkmkstart",
    "category",
    "comment",
    "company",
    "creatim",
    "datafield",
    "doccomm",
    "filetbl",
    "fldinst",
    "fldtype",
    "formfield",
    "ftncn",
    "ftnsep",
    "ftnsepc",
    "generator",
    "keywords",
    "listtable",
    "listoverridetable",
    "listtext",
    "nextfile",
    "nonesttables",
    "operator",
    "pgptbl",
    "pn",
    "pntext",
    "private",
    "revtbl",
    "rxe",
    "stylesheet",
    "subject",
    "tc",
    "tcn",
    "template",
    "title",
    "txe",
    "xe",
    "xmlnstbl",
];

/// The character that a word stands for.
pub(super) fn character(name: &str) -> Option<&'static str> {
    Some(match name {
        "tab" => "\t",
        "bullet" => "•",
        "emdash" => "—",
        "endash" => "–",
        "lquote" => "‘",
        "rquote" => "’",
        "ldblquote" => "“",
        "rdblquote" => "”",
        "emspace" | "enspace" | "qmspace" => " ",
        "zwj" => "\u{200D}",
        "zwnj" => "\u{200C}",
        "zwbo" => "\u{200B}",
        "zwnbo" => "\u{2060}",
        "ltrmark" => "\u{200E}",
        "rtlmark" => "\u{200F}",
        _ => return None,
    })
}
