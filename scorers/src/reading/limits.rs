//! What one file may cost, and which PDF engine may read it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What one file may cost. The defaults are generous for a resume and small for a server: no file takes longer than half a minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Bytes of the file as sent; more is [`TooLarge`](super::Failure::TooLarge), decided before
    /// anything is parsed. 20 MB: a resume full of photographs stays below 10.
    pub bytes: u64,
    /// Pages read. The rest of a longer document is left unread and it is marked as truncated:
    /// a resume with its references and certificates appended is still a resume.
    pub pages: u32,
    /// Pages above which a document is refused: it is a book, not a resume.
    pub pages_refused: u32,
    /// Characters of visible text kept, and as many of hidden text.
    pub chars: usize,
    /// Marks on one page (glyphs, or painted areas) that are looked at; a page with more glyphs is cut
    /// there, and the document marked as truncated.
    pub marks_per_page: usize,
    /// Entries in a zip container.
    pub zip_entries: usize,
    /// Unpacked bytes of one part of a zip container.
    pub part_bytes: u64,
    /// Unpacked bytes of all the parts that are read.
    pub unpacked_bytes: u64,
    /// How many times larger than packed a part may be, once it is over a megabyte.
    pub unpacked_ratio: u64,
    /// How deep elements of a document may nest.
    pub depth: usize,
    /// Wall-clock time for one file; enforced by [`sandbox`](super::sandbox).
    pub wall_time: Duration,
    /// Bytes of memory for one file, beyond what an idle worker has mapped; enforced by
    /// [`sandbox`](super::sandbox).
    pub memory: u64,
    /// Pixels of a picture; more is refused before it is unpacked.
    pub pixels: u64,
    /// Processor time for reading the pictures of one file. Pages that it does not suffice for are left unread, and the document is
    /// marked as truncated.
    pub ocr_time: Duration,
    /// Wall-clock time for reading one file again, with its pictures. From three quarters of it on nothing more is begun, as if
    /// `ocr_time` were used up; at its end the file is given up.
    pub ocr_wall_time: Duration,
    /// Which PDF engine may be used.
    pub engine: Engine,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 20 << 20,
            pages: 100,
            pages_refused: 500,
            chars: 400_000,
            marks_per_page: 200_000,
            zip_entries: 4_096,
            part_bytes: 24 << 20,
            unpacked_bytes: 48 << 20,
            unpacked_ratio: 250,
            depth: 256,
            wall_time: Duration::from_secs(10),
            memory: 512 << 20,
            pixels: 80_000_000,
            ocr_time: Duration::from_secs(15),
            ocr_wall_time: Duration::from_secs(20),
            engine: Engine::Auto,
        }
    }
}

/// Which PDF engine may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Whichever measured better on real resumes, the other where it fails.
    #[default]
    Auto,
    /// Pure Rust only.
    Pure,
    /// libpdfium first, where it is found; pure Rust where it is not or where it fails.
    Pdfium,
}
