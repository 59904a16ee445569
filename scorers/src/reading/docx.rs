//! DOCX: a zip container, opened within limits, and its parts walked in reading order.
//!
//! Headers come first, then the body, then footers. Only the parts that hold text are unpacked, so
//! damage elsewhere (a picture, a theme) costs nothing.

mod styles;
mod walk;

use super::container::{self, Archive, open};
use super::unshown::{self, Beside};
use super::{Draft, Failure, HiddenKind, Limits, Method, blocks};
use styles::Styles;

/// Reads a DOCX.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Draft, Failure> {
    let mut archive = container::archive(bytes, limits)?;
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

    let mut draft = blocks::draft("docx 1", Method::Docx, &text.visible, text.hidden);
    draft.hidden.extend(unshown::of_parts(
        &mut archive,
        BESIDE,
        &text.visible,
        limits,
        &mut budget,
    ));
    Ok(draft)
}

/// Parts that say something and are on no page.
const BESIDE: &[Beside] = &[
    ("docProps/core.xml", HiddenKind::Metadata, None),
    ("docProps/custom.xml", HiddenKind::Metadata, None),
    ("word/comments.xml", HiddenKind::Annotation, Some("comment")),
];

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
