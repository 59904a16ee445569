//! DOCX: a zip container, opened within limits, and its parts walked in reading order.
//!
//! Headers come first, then the body, then footers. Only the parts that hold text are unpacked, so
//! damage elsewhere (a picture, a theme) costs nothing.

mod styles;
mod walk;

use std::io::{BufReader, Cursor, Read};

use zip::ZipArchive;
use zip::read::ZipReadOptions;

use super::{Draft, Failure, Hidden, HiddenKind, Limits, Method, Page, lines};
use styles::Styles;

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Reads a DOCX.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Draft, Failure> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Failure::Corrupt)?;
    if archive.len() > limits.zip_entries {
        return Err(Failure::TooLarge);
    }
    let names = part_names(&archive);
    let mut budget = limits.unpacked_bytes;
    let styles = match &names.styles {
        // Text is still there when styles cannot be read; only their hidden marks are lost.
        Some(name) => match open(&mut archive, name, limits, &mut budget) {
            Ok(part) => Styles::read(part, limits.depth),
            Err(Failure::TooLarge) => return Err(Failure::TooLarge),
            Err(_) => Styles::default(),
        },
        None => Styles::default(),
    };

    let mut text = walk::Found::default();
    let around = |names: &[String], archive: &mut Archive<'_>, budget: &mut u64| {
        let mut seen: Vec<walk::Found> = Vec::new();
        for name in names {
            let found = open(archive, name, limits, budget)
                .and_then(|part| walk::part(part, &styles, limits));
            match found {
                // First, even and default pages often carry the same header.
                Ok(found) if seen.iter().any(|known| known.visible == found.visible) => {}
                Ok(found) => seen.push(found),
                Err(Failure::TooLarge) => return Err(Failure::TooLarge),
                Err(_) => {}
            }
        }
        Ok(seen)
    };
    for header in around(&names.headers, &mut archive, &mut budget)? {
        text.append(header);
    }
    let body = open(&mut archive, &names.document, limits, &mut budget)?;
    text.append(walk::part(body, &styles, limits)?);
    for rest in [&names.notes, &names.footers] {
        for part in around(rest, &mut archive, &mut budget)? {
            text.append(part);
        }
    }

    let mut hidden: Vec<Hidden> = Vec::new();
    for (kind, words) in text.hidden {
        push_hidden(&mut hidden, kind, &words);
    }
    Ok(Draft {
        engine: "docx 1".to_owned(),
        pages: vec![Page {
            page: 1,
            method: Method::Docx,
            text: lines::fold(&text.visible, str::trim_end),
        }],
        hidden,
        truncated: false,
        pictures: Vec::new(),
    })
}

/// One entry for each kind: what is hidden is a passage to read, not a list of runs.
fn push_hidden(hidden: &mut Vec<Hidden>, kind: HiddenKind, words: &str) {
    let words = words.trim_end_matches(' ');
    if words.trim().is_empty() {
        return;
    }
    match hidden.iter_mut().find(|known| known.kind == kind) {
        Some(known) => {
            known.text.push('\n');
            known.text.push_str(words.trim());
        }
        None => hidden.push(Hidden { page: 1, kind, text: words.trim().to_owned() }),
    }
}

/// The parts that hold text.
struct PartNames {
    document: String,
    styles: Option<String>,
    headers: Vec<String>,
    footers: Vec<String>,
    notes: Vec<String>,
}

fn part_names(archive: &Archive<'_>) -> PartNames {
    let mut all: Vec<String> = archive
        .file_names()
        .filter_map(|name| Some(name.ok()?.into_owned()))
        .filter(|name| name.starts_with("word/") && name.ends_with(".xml"))
        .filter(|name| !name["word/".len()..].contains('/'))
        .collect();
    // header2.xml before header10.xml, whatever the order in the container.
    all.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    all.dedup();
    let named = |prefix: &str| -> Vec<String> {
        all.iter().filter(|name| name["word/".len()..].starts_with(prefix)).cloned().collect()
    };
    PartNames {
        document: named("document").into_iter().next().unwrap_or_default(),
        styles: all.iter().find(|name| *name == "word/styles.xml").cloned(),
        headers: named("header"),
        footers: named("footer"),
        notes: [named("footnotes"), named("endnotes")].concat(),
    }
}

/// Opens one part for reading, within what is left of the budget.
fn open<'a, 'b>(
    archive: &'a mut Archive<'b>,
    name: &str,
    limits: &Limits,
    budget: &'a mut u64,
) -> Result<BufReader<Metered<'a, impl Read + use<'a, 'b>>>, Failure> {
    let index = archive.index_for_name(name).ok_or(Failure::Corrupt)?;
    // A wrong checksum on a part that still parses is the packer's mistake, not a reason to refuse.
    let options = ZipReadOptions::new().ignore_crc32(true);
    let entry = archive.by_index_with_options(index, options).map_err(|error| match error {
        zip::result::ZipError::UnsupportedArchive(what) if what.contains("assword") => {
            Failure::Encrypted
        }
        _ => Failure::Corrupt,
    })?;
    let packed = entry.compressed_size().max(1);
    let most = limits
        .part_bytes
        .min(packed.saturating_mul(limits.unpacked_ratio).max(1 << 20))
        .min(*budget);
    if entry.size() > most {
        return Err(Failure::TooLarge); // It says so itself.
    }
    Ok(BufReader::new(Metered { inner: entry, left: most, budget }))
}

/// Counts what is unpacked, whatever the container claims, and stops at the limit.
struct Metered<'a, R> {
    inner: R,
    left: u64,
    budget: &'a mut u64,
}

/// The message that [`walk`] and [`styles`] tell a limit from damage by.
const OVER_LIMIT: &str = "unpacks to more than allowed";

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buf)?;
        let count = read as u64;
        if count > self.left {
            return Err(std::io::Error::other(OVER_LIMIT));
        }
        self.left -= count;
        *self.budget = self.budget.saturating_sub(count);
        Ok(read)
    }
}

/// What an XML error means for the document.
fn failure(error: &quick_xml::Error) -> Failure {
    match error {
        quick_xml::Error::Io(error) if error.to_string() == OVER_LIMIT => Failure::TooLarge,
        _ => Failure::Corrupt,
    }
}
