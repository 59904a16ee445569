//! What a file is, told by its content. Names and claimed media types are never asked.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

/// What a file is, told by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    /// No bytes.
    Empty,
    /// A PDF; its header may come up to 1024 bytes late.
    Pdf,
    /// A zip container with `word/document.xml`.
    Docx,
    /// An OpenDocument text, or a template of one.
    Odt,
    /// Rich Text Format.
    Rtf,
    /// A web page, encoded like this unless it says otherwise.
    Html(Encoding),
    /// An Office document behind a password: an OLE container with an `EncryptedPackage`.
    EncryptedOffice,
    /// Starts as a zip container and has no directory that can be read.
    BrokenZip,
    /// Text in some encoding.
    PlainText(Encoding),
    /// A picture, by its media type.
    Image(&'static str),
    /// Something that cannot be read, by its media type.
    Unsupported(&'static str),
}

/// How plain text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, little end first.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
    /// UTF-32, little end first.
    Utf32Le,
    /// UTF-32, big end first.
    Utf32Be,
    /// Windows-1252, of which Latin-1's printable part is a subset.
    Windows1252,
}

impl FileType {
    /// The media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Empty => "application/x-empty",
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Odt => "application/vnd.oasis.opendocument.text",
            Self::Rtf => "application/rtf",
            Self::Html(_) => "text/html",
            Self::EncryptedOffice => "application/x-ole-storage",
            Self::BrokenZip => "application/zip",
            Self::PlainText(_) => "text/plain",
            Self::Image(media_type) | Self::Unsupported(media_type) => media_type,
        }
    }
}

/// Tells what `bytes` are. It looks at the beginning, and at a zip container's directory; all that it
/// unpacks is the media type that an OpenDocument file begins with.
#[must_use]
pub fn sniff(bytes: &[u8]) -> FileType {
    if bytes.is_empty() {
        return FileType::Empty;
    }
    for (magic, file_type) in MAGIC {
        if bytes.starts_with(magic) {
            return *file_type;
        }
    }
    match bytes {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => {
            return FileType::Image("image/webp");
        }
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => {
            let heif = matches!(bytes.get(8..12), Some(b"heic" | b"heix" | b"mif1" | b"avif"));
            return if heif {
                FileType::Image("image/heif")
            } else {
                FileType::Unsupported("video/mp4")
            };
        }
        _ => {}
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return sniff_zip(bytes);
    }
    if bytes.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        return sniff_ole(bytes);
    }
    let head = &bytes[..bytes.len().min(1024)];
    // The second is a header that was damaged, in a file that has a PDF's objects all the same.
    if contains(head, b"%PDF-") || contains(head, b"PDF-1.") && contains(bytes, b"endobj") {
        return FileType::Pdf;
    }
    sniff_text(bytes)
}

/// Tells what a file that is too large to look through is, by its first bytes.
pub(super) fn head(bytes: &[u8]) -> FileType {
    sniff(&bytes[..bytes.len().min(4096)])
}

const MAGIC: &[(&[u8], FileType)] = &[
    (b"%PDF-", FileType::Pdf),
    (b"\x89PNG\r\n\x1a\n", FileType::Image("image/png")),
    (b"\xFF\xD8\xFF", FileType::Image("image/jpeg")),
    (b"GIF87a", FileType::Image("image/gif")),
    (b"GIF89a", FileType::Image("image/gif")),
    (b"II*\0", FileType::Image("image/tiff")),
    (b"MM\0*", FileType::Image("image/tiff")),
    (b"{\\rtf", FileType::Rtf),
    (b"\xFE\xFF\x00{\x00\\", FileType::Unsupported("application/rtf")),
    (b"%!PS", FileType::Unsupported("application/postscript")),
    (b"\x7FELF", FileType::Unsupported("application/x-executable")),
    (b"MZ", FileType::Unsupported("application/x-msdownload")),
    (b"\x1F\x8B", FileType::Unsupported("application/gzip")),
    (b"7z\xBC\xAF\x27\x1C", FileType::Unsupported("application/x-7z-compressed")),
    (b"Rar!\x1A\x07", FileType::Unsupported("application/vnd.rar")),
    (b"BZh", FileType::Unsupported("application/x-bzip2")),
    (b"\xFD7zXZ\0", FileType::Unsupported("application/x-xz")),
    (b"\x28\xB5\x2F\xFD", FileType::Unsupported("application/zstd")),
    (b"\xFFWPC", FileType::Unsupported("application/vnd.wordperfect")),
];

fn sniff_zip(bytes: &[u8]) -> FileType {
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else {
        return FileType::BrokenZip;
    };
    let has = |name: &str| {
        archive.file_names().any(|entry| entry.is_ok_and(|entry| entry.eq_ignore_ascii_case(name)))
    };
    if has("word/document.xml") || has("word/document2.xml") {
        FileType::Docx
    } else if has("xl/workbook.xml") {
        FileType::Unsupported("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    } else if has("ppt/presentation.xml") {
        FileType::Unsupported(
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        )
    } else if has("META-INF/manifest.xml") && (has("content.xml") || has("encrypted-package")) {
        open_document(&mut archive)
    } else {
        FileType::Unsupported("application/zip")
    }
}

/// Which OpenDocument a container is, by the media type in it. One that does not say is taken for
/// text, which its reader will find it to be or not.
fn open_document(archive: &mut ZipArchive<Cursor<&[u8]>>) -> FileType {
    const PREFIX: &str = "application/vnd.oasis.opendocument.";
    let mut stated = Vec::new();
    if let Ok(entry) = archive.by_name("mimetype") {
        let _ = entry.take(128).read_to_end(&mut stated); // What was read of it says enough.
    }
    let stated = String::from_utf8_lossy(&stated);
    match stated.trim().strip_prefix(PREFIX) {
        Some(kind) if kind.starts_with("text") => FileType::Odt,
        None if stated.trim().is_empty() => FileType::Odt,
        Some(kind) if kind.starts_with("spreadsheet") => {
            FileType::Unsupported("application/vnd.oasis.opendocument.spreadsheet")
        }
        Some(kind) if kind.starts_with("presentation") => {
            FileType::Unsupported("application/vnd.oasis.opendocument.presentation")
        }
        Some(kind) if kind.starts_with("graphics") => {
            FileType::Unsupported("application/vnd.oasis.opendocument.graphics")
        }
        _ => FileType::Unsupported("application/zip"),
    }
}

/// An OLE container's directory holds its stream names in UTF-16, so a name can be found without
/// walking the directory: a container that hides it is broken, and unsupported all the same.
fn sniff_ole(bytes: &[u8]) -> FileType {
    let utf16 = |name: &str| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    if contains(bytes, &utf16("EncryptedPackage")) {
        FileType::EncryptedOffice
    } else if contains(bytes, &utf16("WordDocument")) {
        FileType::Unsupported("application/msword")
    } else {
        FileType::Unsupported("application/x-ole-storage")
    }
}

fn sniff_text(bytes: &[u8]) -> FileType {
    const BINARY: FileType = FileType::Unsupported("application/octet-stream");
    let marked = marked(bytes);
    let encoding = match marked.or_else(|| unmarked_utf16(bytes)) {
        Some(encoding) => encoding,
        None if std::str::from_utf8(bytes).is_ok() => Encoding::Utf8,
        None => Encoding::Windows1252,
    };
    let text = super::text::decode(bytes, encoding);
    if let Some(kind) = markup(&text, encoding) {
        return kind;
    }
    if text.trim_start().starts_with("{\\rtf") {
        return match encoding {
            Encoding::Utf8 | Encoding::Windows1252 => FileType::Rtf,
            _ => FileType::Unsupported("application/rtf"), // No word processor writes or opens it.
        };
    }
    let (mut chars, mut controls, mut high) = (0usize, 0usize, 0usize);
    for c in text.chars() {
        chars += 1;
        controls += usize::from(
            (c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0C')) || c == '\u{FFFD}',
        );
        high += usize::from(!c.is_ascii());
    }
    // A stray control character survives in text pasted from a word processor; binary has many.
    // Bytes that are not UTF-8 are text only if they are mostly ASCII, as western European text is.
    // UTF-16 that does not say so must look like text to be taken for it.
    let binary = match encoding {
        Encoding::Windows1252 => controls * 200 > chars || high * 3 > chars,
        Encoding::Utf16Le | Encoding::Utf16Be if marked.is_none() => {
            let words = text.chars().filter(|c| is_writing(*c)).count();
            controls * 200 > chars || words * 10 < chars * 9
        }
        _ => controls * 20 > chars,
    };
    if binary || text.contains('\0') { BINARY } else { FileType::PlainText(encoding) }
}

/// The encoding that a byte order mark names. UTF-16 text has no U+0000 after its mark, so what could
/// be that or UTF-32 is UTF-32.
fn marked(bytes: &[u8]) -> Option<Encoding> {
    match bytes {
        [0xFF, 0xFE, 0, 0, ..] => Some(Encoding::Utf32Le),
        [0, 0, 0xFE, 0xFF, ..] => Some(Encoding::Utf32Be),
        [0xFF, 0xFE, ..] => Some(Encoding::Utf16Le),
        [0xFE, 0xFF, ..] => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// UTF-16 without a mark, told by where its zero bytes are: the upper halves of spaces, digits and
/// Latin letters, which writing in any script has, are zero, and hardly a lower half is.
fn unmarked_utf16(bytes: &[u8]) -> Option<Encoding> {
    let units = bytes.len() / 2;
    if units == 0 || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let zeros = |from: usize| bytes.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let upper = |upper: usize, lower: usize| upper * 10 >= units && lower * 100 <= units;
    if upper(odd, even) {
        Some(Encoding::Utf16Le)
    } else if upper(even, odd) {
        Some(Encoding::Utf16Be)
    } else {
        None
    }
}

/// Whether a character is one that people write with.
fn is_writing(c: char) -> bool {
    c.is_alphanumeric()
        || c.is_whitespace()
        || c.is_ascii_punctuation()
        || matches!(c, '\u{A0}'..='\u{BF}' // Latin punctuation.
            | '\u{300}'..='\u{36F}' // Combining accents.
            | '\u{2010}'..='\u{205E}' // Dashes, quotation marks, bullets.
            | '\u{20A0}'..='\u{20C0}' // Currencies.
            | '\u{2190}'..='\u{27BF}' // Arrows, boxes, ticks.
            | '\u{3001}'..='\u{303F}' | '\u{FF01}'..='\u{FF65}')
}

/// What kind of markup a text is, if it is any: a web page, or something that is not read.
fn markup(text: &str, encoding: Encoding) -> Option<FileType> {
    let head = lowered_head(text.trim_start());
    let archive = head.contains("mime-version:") && head.contains("multipart/related");
    if head.starts_with("mime-version:") || head.starts_with("from:") && archive {
        return Some(FileType::Unsupported("multipart/related")); // A web archive.
    }
    let xml = head.starts_with("<?xml");
    // The first thing that is an element or a document type; what comes before says nothing.
    let mut rest = text.trim_start();
    loop {
        let end = if rest.starts_with("<!--") {
            "-->"
        } else if rest.starts_with("<?") {
            "?>"
        } else {
            break;
        };
        rest = rest.split_once(end).map_or("", |(_, rest)| rest.trim_start());
    }
    let rest = lowered_head(rest);
    let Some(name) = rest.strip_prefix('<') else {
        return xml.then_some(FileType::Unsupported("application/xml"));
    };
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '!').unwrap_or(name.len());
    let (name, after) = name.split_at(end);
    let page = match name {
        "!doctype" => after.trim_start().starts_with("html"),
        "html" | "head" | "body" => true,
        _ => !xml && (rest.contains("<html") || rest.contains("<body")),
    };
    let closes = text.contains("</") && text.trim_end().ends_with('>');
    if page || closes && !xml && PAGE_ELEMENTS.contains(&name) {
        Some(FileType::Html(encoding))
    } else if name == "svg" || name == "!doctype" && after.trim_start().starts_with("svg") {
        Some(FileType::Unsupported("image/svg+xml"))
    } else if xml || name == "!doctype" || closes {
        Some(FileType::Unsupported("application/xml")) // Markup, not a resume's words.
    } else {
        None
    }
}

fn lowered_head(text: &str) -> String {
    text.chars().take(1024).map(|c| c.to_ascii_lowercase()).collect()
}

/// What a piece of a web page may begin with.
const PAGE_ELEMENTS: &[&str] = &[
    "a", "article", "b", "base", "br", "center", "div", "em", "font", "footer", "form", "h1", "h2",
    "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "li", "link", "main", "meta", "nav", "ol",
    "p", "pre", "script", "section", "span", "strong", "style", "table", "title", "u", "ul",
];

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
