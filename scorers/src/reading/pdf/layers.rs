//! Optional content: layers that are off. The interpreter leaves out what is on them, which is right
//! for what is seen; to report what is hidden, pages are run again under another catalog, with every
//! layer on, and with every layer off for what shows only then.
//!
//! The interpreter asks the catalog for nothing else, so that catalog is a small document's of our
//! own, and the file itself may be encrypted or damaged as long as it can be read at all.

use hayro_interpret::hayro_syntax::Pdf;
use hayro_interpret::hayro_syntax::object::{Array, Dict, Name, ObjRef, ObjectIdentifier};

use super::{Glyph, Ink, PageMarks};
use crate::reading::guard::Positions;

/// The layers of a document.
pub(super) struct Layers {
    all: Vec<ObjectIdentifier>,
    any_off: bool,
}

impl Layers {
    /// Those that a document's catalog lists.
    pub(super) fn of(pdf: &Pdf) -> Self {
        let mut layers = Self { all: Vec::new(), any_off: false };
        let catalog = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id());
        let Some(known) = catalog.and_then(|catalog| catalog.get::<Dict<'_>>("OCProperties"))
        else {
            return layers;
        };
        let config = known.get::<Dict<'_>>("D");
        let off = config.as_ref().map(|config| listed(config, "OFF")).unwrap_or_default();
        let base = config.and_then(|config| config.get::<Name<'_>>("BaseState"));
        layers.any_off = !off.is_empty() || base.is_some_and(|state| &*state == b"OFF");
        layers.all = listed(&known, "OCGs");
        layers.all.extend(off);
        layers
    }

    /// Documents whose catalogs show what this one's hides; none for a document without layers.
    pub(super) fn other_catalogs(&self) -> Vec<Pdf> {
        if self.all.is_empty() && !self.any_off {
            return Vec::new();
        }
        let names = |id: &ObjectIdentifier| format!("{} {} R ", id.obj_number, id.gen_number);
        let all: String = self.all.iter().map(names).collect();
        let on = self.any_off.then(String::new);
        let off = format!("/OCProperties << /OCGs [{all}] /D << /OFF [{all}] >> >>");
        let documents = on.into_iter().chain([off]);
        documents.filter_map(|layers| Pdf::new(document(&layers)).ok()).collect()
    }
}

fn listed(dict: &Dict<'_>, key: &str) -> Vec<ObjectIdentifier> {
    let array = dict.get::<Array<'_>>(key);
    let ids = array.iter().flat_map(|array| array.raw_iter()).filter_map(|item| item.as_obj_ref());
    ids.map(|id: ObjRef| id.into()).collect()
}

/// A document of one empty page, with this in its catalog.
fn document(catalog: &str) -> Vec<u8> {
    format!(
        "%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R {catalog} >>\nendobj\n\
         2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n\
         3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 1 1] >>\nendobj\n\
         trailer\n<< /Size 4 /Root 1 0 R >>\n"
    )
    .into_bytes()
}

/// Adds to a page what only shows under another catalog, as glyphs that are not painted.
pub(super) fn add_hidden(page: &mut PageMarks, other: PageMarks) {
    let shown = Positions::of(&page.glyphs);
    let only_there: Vec<Glyph> =
        other.glyphs.into_iter().filter(|glyph| !shown.has(glyph)).collect();
    page.glyphs.extend(only_there.into_iter().map(|glyph| Glyph { ink: Ink::None, ..glyph }));
}
