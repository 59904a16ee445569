//! Reading: bytes of a resume become pages of visible text, and what was hidden is set aside.
//!
//! [`read`] is the whole of it, as a function of its input; [`sandbox`] runs it in a child process,
//! because the files come from strangers. A file is first told by its content ([`sniff()`]). PDF goes
//! through one of two engines to one list of glyphs, then the `guard` takes out what a person
//! could not see, and `layout` puts the rest in reading order. DOCX, ODT, RTF, HTML and plain
//! text are walked directly, under the same rules where they apply.
//!
//! Every file ends in text or in one named [`Failure`]; nothing is invented and nothing is silently
//! empty.

mod blocks;
mod container;
mod docx;
mod doubted;
mod failure;
mod fetched;
mod guard;
mod html;
pub mod language;
mod layout;
mod limits;
mod lines;
mod looks;
mod ocr;
mod odt;
mod pdf;
mod rtf;
pub mod sandbox;
mod shown;
mod sniff;
mod text;
mod unseen;
mod unshown;
mod xml;

use std::collections::BTreeMap;

use domain::places::PagePlaces;
use doubted::Doubted;
use hayro_interpret::kurbo::Affine;
use image::RgbImage;
use layout::OnPage;
use serde::{Deserialize, Serialize};

pub use failure::Failure;
pub use fetched::{Fetched, Found, fetched};
pub use limits::{Engine, Limits};
pub use ocr::{Eyes, NotLoaded, models};
pub use pdf::pdfium_is_found;
pub use sniff::{FileType, sniff};

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Media type by content, never by name: `application/pdf`. Known even when reading failed.
    pub sniffed_type: String,
    /// The text, or why there is none.
    pub result: Result<Extraction, Unread>,
    /// Layers of the sandbox that it was read without, by one that lacks some.
    #[serde(default)]
    pub without: Vec<sandbox::Layer>,
    /// Whether there are pictures of text that were not read, for want of [`Eyes`].
    #[serde(default)]
    pub unseen: bool,
    /// Whether, for the same want, it is not known that the text is what people see.
    #[serde(default)]
    pub doubted: bool,
}

impl Reading {
    /// A reading that gave no text and found nothing hidden.
    #[must_use]
    pub fn failed(sniffed_type: impl Into<String>, failure: Failure) -> Self {
        Self {
            sniffed_type: sniffed_type.into(),
            result: Err(failure.into()),
            without: Vec::new(),
            unseen: false,
            doubted: false,
        }
    }

    /// Why there is no text, when there is none.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        self.result.as_ref().err().map(|unread| unread.failure)
    }

    /// Text that a person would not see, whether or not there was text besides.
    #[must_use]
    pub fn hidden(&self) -> &[Hidden] {
        match &self.result {
            Ok(extraction) => &extraction.hidden,
            Err(unread) => &unread.hidden,
        }
    }
}

/// A file that gave no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Why.
    pub failure: Failure,
    /// What was hidden in it: a document of hidden text alone is [`Failure::EmptyText`].
    pub hidden: Vec<Hidden>,
}

impl From<Failure> for Unread {
    fn from(failure: Failure) -> Self {
        Self { failure, hidden: Vec::new() }
    }
}

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
    /// Whether the document had more pages or text than the limit, and the rest was left unread.
    pub truncated: bool,
}

/// One page of visible text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// 1, 2, 3...
    pub page: u32,
    /// How its text was had.
    pub method: Method,
    /// Visible text in reading order.
    pub text: String,
    /// Where that text stands, for what has pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<PagePlaces>,
}

impl Page {
    /// A page, of which is not known where its text stands.
    fn of(page: u32, method: Method, text: String) -> Self {
        Self { page, method, text, places: None }
    }
}

/// How a page's text was had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A PDF's text layer.
    TextLayer,
    /// A word processor's document.
    Docx,
    /// An OpenDocument text.
    Odt,
    /// A Rich Text Format document.
    Rtf,
    /// A web page.
    Html,
    /// Plain text or Markdown.
    PlainText,
    /// A picture of text, by a [recogniser](Eyes).
    Ocr,
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
    /// In the file's metadata, and on no page: long, or speaking to a grader.
    Metadata,
    /// Likewise, in an annotation or a comment.
    Annotation,
    /// The page shows other letters: its font says of them that they are these.
    Remapped,
}

/// What a format's reader hands over: pages as that format has them, before the rules that all
/// formats share.
#[derive(Default)]
struct Draft {
    engine: String,
    pages: Vec<Page>,
    hidden: Vec<Hidden>,
    truncated: bool,
    /// Pages with too little text for what is painted on them: pictures of text, it may be. By their number.
    pictures: Vec<u32>,
    /// Text that may not be what the pages show.
    doubted: Doubted,
    /// Where the pages' characters stand, by the pages' numbers.
    laid: BTreeMap<u32, OnPage>,
}

/// The media type of a file by its content, when files of that type can be read.
#[must_use]
pub fn readable(bytes: &[u8]) -> Option<&'static str> {
    use sniff::FileType as T;
    let kind = sniff::sniff(bytes);
    match kind {
        T::Pdf | T::Docx | T::Odt | T::Rtf | T::Html(_) | T::PlainText(_) => {
            Some(kind.media_type())
        }
        T::Image(media_type) if ocr::picture::readable(media_type) => Some(media_type),
        _ => None,
    }
}

/// Reads one file: its type by content, its visible text, and what was hidden in it.
///
/// It runs in the calling thread and trusts nothing but its own limits on size; time and memory are
/// bounded by [`sandbox`], which is where files from outside belong.
#[must_use]
pub fn read(bytes: &[u8], limits: &Limits) -> Reading {
    read_with(bytes, limits, None)
}

/// Like [`read()`], with what reads pictures.
#[must_use]
pub fn read_with(bytes: &[u8], limits: &Limits, eyes: Option<&Eyes>) -> Reading {
    if bytes.len() as u64 > limits.bytes {
        return Reading::failed(sniff::head(bytes).media_type(), Failure::TooLarge);
    }
    let sniffed = sniff(bytes);
    let (mut unseen, mut doubted) = (false, false);
    let result = draft(sniffed, bytes, limits)
        .and_then(|mut draft| {
            match eyes {
                Some(eyes) => look(eyes, sniffed, bytes, limits, &mut draft)?,
                None => {
                    doubted = !draft.doubted.lines.is_empty();
                    unseen = doubted || !draft.pictures.is_empty();
                }
            }
            Ok(draft)
        })
        .map_err(Unread::from)
        .and_then(|draft| finish(sniffed, draft, limits));
    let sniffed_type = sniffed.media_type().to_owned();
    Reading { sniffed_type, result, without: Vec::new(), unseen, doubted }
}

fn draft(sniffed: FileType, bytes: &[u8], limits: &Limits) -> Result<Draft, Failure> {
    match sniffed {
        FileType::Empty => Err(Failure::EmptyFile),
        FileType::Pdf => pdf::read(bytes, limits),
        FileType::Docx => docx::read(bytes, limits),
        FileType::Odt => odt::read(bytes, limits),
        FileType::Rtf => rtf::read(bytes, limits),
        FileType::Html(encoding) => html::read(bytes, encoding, limits),
        FileType::EncryptedOffice => Err(Failure::Encrypted),
        FileType::BrokenZip => Err(Failure::Corrupt),
        FileType::PlainText(encoding) => Ok(text::read(bytes, encoding)),
        FileType::Image(media_type) if ocr::picture::readable(media_type) => {
            pictures(bytes, media_type, limits)
        }
        FileType::Image(_) => Err(Failure::UnsupportedType),
        FileType::Unsupported(_) => Err(Failure::UnsupportedType),
    }
}

/// A file of pictures, of which nothing is read yet.
fn pictures(bytes: &[u8], media_type: &str, limits: &Limits) -> Result<Draft, Failure> {
    let refused = limits.pages_refused as usize;
    let count = ocr::picture::pages(bytes, media_type, refused + 1).len();
    if count > refused {
        return Err(Failure::TooManyPages);
    }
    let numbers = (1..).take(count.min(limits.pages as usize));
    Ok(Draft {
        engine: format!("{media_type} by image 0.25"),
        pages: numbers.clone().map(|n| Page::of(n, Method::Ocr, String::new())).collect(),
        pictures: numbers.collect(),
        truncated: count > limits.pages as usize,
        ..Draft::default()
    })
}

/// Reads the pages that are pictures, and those whose text is not what they show.
fn look(
    eyes: &Eyes,
    sniffed: FileType,
    bytes: &[u8],
    limits: &Limits,
    draft: &mut Draft,
) -> Result<(), Failure> {
    let time = ocr::Time::from_now(limits);
    let mut said_otherwise = Vec::new();
    if !draft.doubted.lines.is_empty() {
        let mut pages = pdf::Pictures::of(bytes);
        let verdict = doubted::look(&draft.doubted, eyes, &time, |page| pages.page(page));
        draft.hidden.extend(verdict.hidden);
        draft.truncated |= verdict.cut_short;
        said_otherwise = verdict.pages;
    }
    let mut numbers = draft.pictures.clone();
    numbers.extend(&said_otherwise);
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.is_empty() {
        return Ok(());
    }
    let pages: Box<dyn Iterator<Item = (u32, Option<RgbImage>)>> = match sniffed {
        FileType::Image(media_type) => {
            Box::new((1..).zip(ocr::picture::decoded(bytes, media_type, limits)?))
        }
        _ => {
            let mut pages = pdf::Pictures::of(bytes);
            Box::new(numbers.into_iter().map(move |number| (number, pages.page(number))))
        }
    };
    for (number, picture) in pages {
        let Some(page) = draft.pages.iter_mut().find(|page| page.page == number) else { continue };
        // Text that is not what the page shows is worth less than none.
        let instead = said_otherwise.contains(&number);
        if instead {
            page.text.clear();
        }
        let Some(picture) = picture else { continue };
        let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
        let ocr::Seen { mut laid, back, whole } = eyes.text(picture, &time);
        draft.truncated |= !whole;
        if instead || letters(&laid.text()) > letters(&page.text) {
            ocr::reconcile(&mut laid, number, &mut draft.hidden);
            let before = draft.laid.remove(&number);
            // A page of a PDF keeps its size in points.
            let scale = before.map_or(1.0, |page| page.width / width);
            let on_page = OnPage {
                width: width * scale,
                height: height * scale,
                marks: laid.marks(Affine::scale(scale) * back),
            };
            draft.laid.insert(number, on_page);
            *page = Page::of(number, Method::Ocr, laid.text());
        }
    }
    if draft.pages.iter().any(|page| page.method == Method::Ocr) {
        draft.engine = format!("{}, {}", draft.engine, eyes.name());
    }
    Ok(())
}

/// How many letters and digits a text has: signs of a font that says nothing of them are no text.
fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphanumeric()).count()
}

/// The rules that hold for every format: invisible characters are taken out and reported, text is
/// cut at the limit, and a document without one visible character is not text.
fn finish(sniffed: FileType, mut draft: Draft, limits: &Limits) -> Result<Extraction, Unread> {
    let mut left = limits.chars;
    let mut truncated = draft.truncated;
    for page in &mut draft.pages {
        let (visible, unseen) = unseen::split(&page.text);
        let laid = std::mem::replace(&mut page.text, visible);
        draft.hidden.extend(unseen.map(|text| Hidden {
            page: page.page,
            kind: HiddenKind::ZeroWidth,
            text,
        }));
        truncated |= cut(&mut page.text, &mut left);
        page.places = draft.laid.get(&page.page).map(|on_page| on_page.places(&laid, &page.text));
    }
    let mut left = limits.chars;
    for hidden in &mut draft.hidden {
        truncated |= cut(&mut hidden.text, &mut left);
    }
    draft.hidden.retain(|hidden| !hidden.text.is_empty());
    if draft.pages.iter().all(|page| page.text.trim().is_empty()) {
        return Err(Unread { failure: Failure::EmptyText, hidden: draft.hidden });
    }
    Ok(Extraction {
        sniffed_type: sniffed.media_type().to_owned(),
        engine: draft.engine,
        pages: draft.pages,
        hidden: draft.hidden,
        truncated,
    })
}

/// Shortens `text` to the characters `left`, and says whether it had to.
fn cut(text: &mut String, left: &mut usize) -> bool {
    if text.len() <= *left {
        *left -= text.len(); // bytes are never fewer than characters: the cheap test first
        return false;
    }
    match text.char_indices().nth(*left) {
        Some((at, _)) => {
            text.truncate(at);
            *left = 0;
            true
        }
        None => {
            *left -= text.chars().count();
            false
        }
    }
}
