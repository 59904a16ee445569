//! ODT: a zip container, opened within limits, and its parts walked in reading order.
//!
//! Headers of the master pages that are in use come first, then the body, its notes, and footers.

mod styles;
mod walk;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::container::{self, Archive, failure, open};
use super::unshown::{self, Beside};
use super::{Draft, Failure, HiddenKind, Limits, Method, blocks};
use styles::{Sheet, Styles};

const CONTENT: &str = "content.xml";
const STYLES: &str = "styles.xml";

/// Reads an ODT, or a template of one.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Draft, Failure> {
    let mut archive = container::archive(bytes, limits)?;
    let mut budget = limits.unpacked_bytes;
    if is_encrypted(&mut archive, limits, &mut budget)? {
        return Err(Failure::Encrypted);
    }
    let mut sheet = |archive: &mut Archive<'_>, name: &str| {
        // Text is still there when styles cannot be read; only their hidden marks are lost.
        match open(archive, name, limits, &mut budget) {
            Ok(part) => Ok(Sheet::read(part, limits.depth)),
            Err(Failure::TooLarge) => Err(Failure::TooLarge),
            Err(_) => Ok(Sheet::default()),
        }
    };
    let common = sheet(&mut archive, STYLES)?;
    let own = sheet(&mut archive, CONTENT)?;

    let body = open(&mut archive, CONTENT, limits, &mut budget)?;
    let mut text = walk::part(body, &Styles { own: &own, common: &common }, limits, None)?;
    if !text.is_text {
        return Err(Failure::UnsupportedType); // A sheet or slides that did not say so.
    }
    let masters = common.masters_from(&text.masters);
    let around = open(&mut archive, STYLES, limits, &mut budget).and_then(|part| {
        walk::part(part, &Styles { own: &common, common: &common }, limits, Some(&masters))
    });
    let (mut headers, mut footers) = (Vec::new(), Vec::new());
    match around {
        Ok(around) => {
            (headers, footers) = (around.headers.into_texts(), around.footers.into_texts());
            text.hidden.extend(around.hidden);
        }
        Err(Failure::TooLarge) => return Err(Failure::TooLarge),
        Err(_) => {}
    }
    let visible = [headers, vec![text.visible], text.notes, footers].concat().join("\n\n");
    let mut draft = blocks::draft("odt 1", Method::Odt, &visible, text.hidden);
    draft.hidden.extend(unshown::of_parts(&mut archive, BESIDE, &visible, limits, &mut budget));
    Ok(draft)
}

/// Parts that say something and are on no page.
const BESIDE: &[Beside] = &[
    ("meta.xml", HiddenKind::Metadata, None),
    (CONTENT, HiddenKind::Annotation, Some("annotation")),
    (STYLES, HiddenKind::Annotation, Some("annotation")),
];

/// Whether a password is needed: the manifest says of each part how it is encrypted.
fn is_encrypted(
    archive: &mut Archive<'_>,
    limits: &Limits,
    budget: &mut u64,
) -> Result<bool, Failure> {
    let manifest = match open(archive, "META-INF/manifest.xml", limits, budget) {
        Ok(manifest) => manifest,
        Err(Failure::TooLarge) => return Err(Failure::TooLarge),
        Err(_) => return Ok(false),
    };
    let mut reader = Reader::from_reader(manifest);
    let mut buf = Vec::new();
    loop {
        buf.clear();
        match reader.read_event_into(&mut buf) {
            Ok(Event::Start(element) | Event::Empty(element))
                if element.local_name().as_ref() == "encryption-data" =>
            {
                return Ok(true);
            }
            Ok(Event::Eof) => return Ok(false),
            Ok(_) => {}
            Err(error) if failure(&error) == Failure::TooLarge => return Err(Failure::TooLarge),
            Err(_) => return Ok(false), // Parts that are not encrypted can be read without it.
        }
    }
}
