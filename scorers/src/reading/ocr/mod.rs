//! OCR: pictures of text become text.
//!
//! A [`Recogniser`] finds lines on a page that stands upright, and reads them. There are two: PP-OCRv6, whose networks are fetched,
//! and `ocrs`, which needs nothing but cargo and reads worse. Everything else here is the same for both.

mod blobs;
mod glyphs;
mod paddle;
pub(super) mod picture;
mod plain;
pub(super) mod raster;
mod tiff;
mod upright;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hayro_interpret::kurbo::Affine;
use image::{RgbImage, imageops};

use super::layout::{self, Laid};
use super::{Hidden, HiddenKind, Limits, fetched};
use blobs::Blob;
use paddle::Paddle;
use plain::Plain;

/// A network that could not be loaded.
#[derive(Debug, thiserror::Error)]
#[error("failed to load a network for reading pictures: {0}")]
pub struct NotLoaded(String);

/// Finds and reads lines of text.
pub(crate) trait Recogniser: Send {
    /// What it is, with its version.
    fn name(&self) -> &'static str;
    /// Where lines are.
    fn find(&self, page: &RgbImage) -> Vec<Blob>;
    /// What they say; those that say nothing are left out.
    fn read(&self, page: &RgbImage, blobs: &[Blob]) -> Vec<Line>;
}

/// A line as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) blob: Blob,
    pub(crate) letters: Vec<Letter>,
    /// Mean probability of its letters, by the network.
    pub(crate) confidence: f32,
}

/// A character, and where its middle is from the left.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) text: String,
    pub(crate) middle: f32,
}

/// Lines read with less are not text: dirt, drawings, logos.
const CONFIDENT: f32 = 0.5;
/// Lines by which one tells whether a page is upside down.
const ASKED: usize = 6;
/// From this on, letters that reach down rather than up say that a page is upside down.
const CLEAR: f64 = 0.1;
/// A network that is less sure of what it reads may be reading upside down.
const AT_A_LOSS: f32 = 0.8;
/// Lines that are read between two looks at the time.
const AT_ONCE: usize = 8;

/// The folder with PP-OCRv6's files, where they are: the one that `HIRESPHERE_MODELS` names, or the user's.
#[must_use]
pub fn models() -> Option<PathBuf> {
    fetched::folder().filter(|folder| Paddle::is_in(folder))
}

/// Reads pictures.
pub struct Eyes(Box<dyn Recogniser>);

impl Eyes {
    /// The better one that there is: PP-OCRv6 when its files are in the folder, `ocrs` otherwise.
    ///
    /// # Errors
    /// [`NotLoaded`] when a file is not what it should be.
    pub fn open(models: Option<&Path>) -> Result<Self, NotLoaded> {
        Ok(Self(match models {
            Some(folder) => Box::new(Paddle::load(folder)?),
            None => Box::new(Plain::load()?),
        }))
    }

    /// What reads, with its version.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// Starts the threads that reading takes: later, a confined process cannot.
    pub(super) fn warm_up(&self) {
        rten::thread_pool().run(|| ());
    }

    /// The one line that a picture shows.
    pub(super) fn line(&self, picture: &RgbImage) -> Option<Line> {
        let (right, bottom) = picture.dimensions();
        let all = Blob { left: 0, top: 0, right, bottom };
        self.0.read(picture, &[all]).pop().filter(|line| line.confidence >= CONFIDENT)
    }

    /// The text of a page in reading order, from the top, as far as the time suffices.
    pub(super) fn text(&self, page: RgbImage, time: &Time) -> Seen {
        let Read { lines, back, whole } = read(&*self.0, page, time);
        Seen { laid: layout::lay(glyphs::glyphs(&lines), &[]), back, whole }
    }
}

/// A page that was looked at.
pub(super) struct Seen {
    pub(super) laid: Laid,
    /// Takes where it was read to the page as it was given, which may lie askew.
    pub(super) back: Affine,
    /// Whether the time sufficed for all of it.
    pub(super) whole: bool,
}

/// How long one file may be at its pictures.
pub(super) struct Time {
    /// Of the processor.
    until: Duration,
    begun: Instant,
    wall: Duration,
}

impl Time {
    pub(super) fn from_now(limits: &Limits) -> Self {
        let wall = limits.ocr_wall_time / 4 * 3;
        Self { until: spent() + limits.ocr_time, begun: Instant::now(), wall }
    }

    pub(super) fn is_up(&self) -> bool {
        spent() > self.until || self.begun.elapsed() > self.wall
    }
}

/// What this process has had of the processor.
fn spent() -> Duration {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(spent).unwrap_or_default()
}

/// What was read on a page that was put upright.
struct Read {
    lines: Vec<Line>,
    back: Affine,
    /// Whether that is all of them.
    whole: bool,
}

fn read(recogniser: &dyn Recogniser, page: RgbImage, time: &Time) -> Read {
    let blank = is_blank(&page);
    if blank || time.is_up() {
        return Read { lines: Vec::new(), back: Affine::IDENTITY, whole: blank };
    }
    let (mut page, mut back) = upright::levelled(page);
    let mut blobs = recogniser.find(&page);
    if upside_down(recogniser, &page, &blobs) {
        back *= upright::turned_round(&page);
        imageops::rotate180_in_place(&mut page);
        blobs = recogniser.find(&page);
    }
    let mut lines = Vec::with_capacity(blobs.len());
    let mut whole = true;
    for blobs in blobs.chunks(AT_ONCE) {
        whole = !time.is_up();
        if !whole {
            break;
        }
        lines.extend(recogniser.read(&page, blobs));
    }
    lines.retain(|line| line.confidence >= CONFIDENT);
    Read { lines, back, whole }
}

/// Whether there is nothing on a page but its paper.
fn is_blank(page: &RgbImage) -> bool {
    let mut pixels = page.pixels();
    let Some(paper) = pixels.next() else { return true };
    pixels.all(|pixel| pixel.0.iter().zip(paper.0).all(|(a, b)| a.abs_diff(b) < 24))
}

/// Whether a page is upside down: its letters say so, or the network is at a loss, and it reads no worse the other way up.
fn upside_down(recogniser: &dyn Recogniser, page: &RgbImage, blobs: &[Blob]) -> bool {
    let mut widest = blobs.to_vec();
    widest.sort_by_key(|blob| std::cmp::Reverse(blob.width()));
    widest.truncate(ASKED);
    let confidence = |page: &RgbImage, blobs: &[Blob]| -> f32 {
        recogniser.read(page, blobs).iter().map(|line| line.confidence).sum()
    };
    let reach = upright::reach_down(page, blobs);
    if reach < -CLEAR {
        return false;
    }
    let as_it_is = confidence(page, &widest);
    if reach < CLEAR && as_it_is > widest.len() as f32 * AT_A_LOSS {
        return false;
    }
    let (width, height) = page.dimensions();
    let turned = |b: &Blob| Blob {
        left: width - b.right,
        top: height - b.bottom,
        right: width - b.left,
        bottom: height - b.top,
    };
    let other: Vec<Blob> = widest.iter().map(turned).collect();
    let other = confidence(&imageops::rotate180(page), &other);
    if reach > CLEAR { other >= as_it_is * 0.9 } else { other > as_it_is * 1.1 }
}

/// Reconciles what was read in a page's picture with what is hidden on it.
///
/// The text layer that scanners lay under, or invisibly over, a page, so that it can be searched, is not hidden when it says what
/// the picture says. And what a person could not see for its colour or size is not text because a network could.
pub(super) fn reconcile(laid: &mut Laid, page: u32, hidden: &mut Vec<Hidden>) {
    let seen: HashSet<String> = words(&laid.text()).collect();
    hidden.retain(|hidden| {
        let layer = matches!(hidden.kind, HiddenKind::Invisible | HiddenKind::Covered);
        !(hidden.page == page && layer && mostly(&hidden.text, &seen))
    });
    // A layer that says something else is not drawn, so that no network sees it.
    let faint = |kind| matches!(kind, HiddenKind::LowContrast | HiddenKind::Tiny);
    let here = hidden.iter().filter(|hidden| hidden.page == page && faint(hidden.kind));
    let unseen: HashSet<String> = here.flat_map(|hidden| words(&hidden.text)).collect();
    laid.retain(|line| !mostly(line, &unseen));
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| word.chars().count() > 2).map(str::to_lowercase)
}

/// Whether so many of a text's words are among these that it is the same text, with a mistake here and there.
fn mostly(text: &str, among: &HashSet<String>) -> bool {
    let (all, found) = words(text)
        .fold((0, 0), |(all, found), word| (all + 1, found + usize::from(among.contains(&word))));
    all > 1 && found * 10 >= all * 8
}
