//! Reading: bytes of a resume become pages of visible text, and what was hidden is set aside.

use serde::{Deserialize, Serialize};

/// What reading a file gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extraction {
    /// Media type by content, never by name: `application/pdf`.
    pub sniffed_type: String,
    /// Which reader did it, with its version: `hayro-interpret 0.9`.
    pub engine: String,
    /// Visible text, page by page. Formats without pages have one.
    pub pages: Vec<Page>,
    /// Text that a person would not see. It never reaches a grader.
    pub hidden: Vec<Hidden>,
    /// Whether the document had more pages than the limit, and the rest was left unread.
    pub truncated: bool,
}

/// One page of visible text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// 1, 2, 3...
    pub page: u32,
    /// How its text was had.
    pub method: Method,
    /// Visible text in reading order.
    pub text: String,
}

/// How a page's text was had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A PDF's text layer.
    TextLayer,
    /// A word processor's document.
    Docx,
    /// Plain text or Markdown.
    PlainText,
}

/// Text that a person would not see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// The page it is on.
    pub page: u32,
    /// Why it cannot be seen.
    pub kind: HiddenKind,
    /// The words.
    pub text: String,
}

/// Why text cannot be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HiddenKind {
    /// Text render mode 3, fully transparent, or marked hidden.
    Invisible,
    /// The colour of what lies behind it, or nearly.
    LowContrast,
    /// Too small to read.
    Tiny,
    /// Outside the visible page, or clipped away.
    OffPage,
    /// Under something opaque that was painted later.
    Covered,
    /// Zero-width, tag, bidi-control and other invisible characters.
    ZeroWidth,
}

/// Why a file gave no text. The serialised names are stable codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Failure {
    /// It was read, and no visible character is in it (a scan, for now).
    EmptyText,
    /// It has no bytes at all.
    EmptyFile,
    /// A password is needed.
    Encrypted,
    /// It claims to be of its type but cannot be read.
    Corrupt,
    /// Not a type that can be read.
    UnsupportedType,
    /// More bytes than allowed, packed or unpacked.
    TooLarge,
    /// More pages than allowed.
    TooManyPages,
    /// It took longer than allowed.
    TimedOut,
    /// It needed more memory than allowed.
    OutOfMemory,
    /// The reader died on it.
    Crashed,
    /// The file could not be opened or read from disk.
    Unreadable,
}
