//! Pages, document information and actions, written out as the bytes of a PDF.

use pdf_writer::types::{ActionType, AnnotationType, SystemInfo, UnicodeCmap};
use pdf_writer::{Date, Filter, Finish, Name, Rect, Ref, Str, TextStr};

use super::font::Font;
use super::page::{AnnotationKind, Page, REMAPPED, image_name};
use super::raster::Raster;
use crate::package;

/// A PDF being put together. Its bytes depend on nothing but what is put in.
#[derive(Default)]
pub struct Pdf {
    pages: Vec<Page>,
    title: Option<String>,
    author: Option<String>,
    subject: Option<String>,
    keywords: Option<String>,
    javascript: Option<String>,
    deflated: bool,
}

impl Pdf {
    /// A document without pages.
    pub fn new() -> Self {
        Self::default()
    }

    /// A document of these pages.
    pub fn of(pages: impl IntoIterator<Item = Page>) -> Self {
        Self { pages: pages.into_iter().collect(), ..Self::default() }
    }

    /// Adds a page.
    pub fn page(mut self, page: Page) -> Self {
        self.pages.push(page);
        self
    }

    /// States a title in the document information.
    pub fn title(mut self, title: &str) -> Self {
        self.title = Some(title.into());
        self
    }

    /// States an author in the document information.
    pub fn author(mut self, author: &str) -> Self {
        self.author = Some(author.into());
        self
    }

    /// States a subject in the document information.
    pub fn subject(mut self, subject: &str) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// States keywords in the document information: text that is in no page.
    pub fn keywords(mut self, keywords: &str) -> Self {
        self.keywords = Some(keywords.into());
        self
    }

    /// Has the document run a script when opened.
    pub fn javascript(mut self, script: &str) -> Self {
        self.javascript = Some(script.into());
        self
    }

    /// Packs the pages' content and writes the cross-references as a stream, as most programs do
    /// today. The bytes may then differ from one kind of processor to another.
    pub fn deflated(mut self) -> Self {
        self.deflated = true;
        self
    }

    /// How many pages there are so far.
    pub fn page_count(&self) -> usize {
        self.pages.len()
    }

    /// The bytes of the file.
    pub fn finish(self) -> Vec<u8> {
        let mut out = pdf_writer::Pdf::new();
        let mut next = Ref::new(1);
        let shared = Shared::write(&mut out, &mut next, self.deflated);
        self.write_catalog(&mut out, &mut next, &shared);
        self.write_info(&mut out, next.bump());

        let ids: Vec<Ref> = self.pages.iter().map(|_| next.bump()).collect();
        out.pages(shared.tree).kids(ids.iter().copied()).count(ids.len() as i32);
        for (page, id) in self.pages.into_iter().zip(ids) {
            write_page(&mut out, &mut next, &shared, id, page);
        }
        match self.deflated {
            true => out.finish_with_xref_stream(next.bump()),
            false => out.finish(),
        }
    }

    fn write_catalog(&self, out: &mut pdf_writer::Pdf, next: &mut Ref, shared: &Shared) {
        let id = next.bump();
        let mut catalog = out.catalog(id);
        catalog.pages(shared.tree);
        if self.pages.iter().any(|page| page.uses_layer) {
            let mut properties = catalog.insert(Name(b"OCProperties")).dict();
            properties.insert(Name(b"OCGs")).array().item(shared.layer);
            let mut shown = properties.insert(Name(b"D")).dict();
            shown.insert(Name(b"OFF")).array().item(shared.layer);
            shown.insert(Name(b"Order")).array().item(shared.layer);
        }
        if let Some(script) = &self.javascript {
            let mut action = catalog.insert(Name(b"OpenAction")).dict();
            action.pair(Name(b"S"), Name(b"JavaScript"));
            action.pair(Name(b"JS"), TextStr(script));
        }
    }

    fn write_info(&self, out: &mut pdf_writer::Pdf, id: Ref) {
        let mut info = out.document_info(id);
        info.producer(TextStr("HireSphere testkit"));
        // Fixed, so that the same content always gives the same bytes.
        let date = Date::new(2026).month(1).day(15).hour(9).minute(0).second(0);
        info.creation_date(date.utc_offset_hour(0).utc_offset_minute(0));
        if let Some(title) = &self.title {
            info.title(TextStr(title));
        }
        if let Some(author) = &self.author {
            info.author(TextStr(author));
        }
        if let Some(subject) = &self.subject {
            info.subject(TextStr(subject));
        }
        if let Some(keywords) = &self.keywords {
            info.keywords(TextStr(keywords));
        }
    }
}

/// What every page refers to.
struct Shared {
    tree: Ref,
    fonts: Vec<(Font, Ref)>,
    transparent: Ref,
    layer: Ref,
    deflated: bool,
}

impl Shared {
    fn write(out: &mut pdf_writer::Pdf, next: &mut Ref, deflated: bool) -> Self {
        let fonts: Vec<_> = Font::ALL.into_iter().map(|font| (font, next.bump())).collect();
        for (font, id) in &fonts {
            out.type1_font(*id)
                .base_font(Name(font.base_name().as_bytes()))
                .encoding_predefined(Name(b"WinAnsiEncoding"));
        }
        let shared = Self {
            tree: next.bump(),
            fonts,
            transparent: next.bump(),
            layer: next.bump(),
            deflated,
        };
        out.ext_graphics(shared.transparent).non_stroking_alpha(0.0).stroking_alpha(0.0);
        let mut layer = out.indirect(shared.layer).dict();
        layer.pair(Name(b"Type"), Name(b"OCG"));
        layer.pair(Name(b"Name"), TextStr("Notes"));
        layer.finish();
        shared
    }
}

fn write_page(out: &mut pdf_writer::Pdf, next: &mut Ref, shared: &Shared, id: Ref, page: Page) {
    let content = next.bump();
    let images: Vec<Ref> = page.images.iter().map(|_| next.bump()).collect();
    let notes: Vec<Ref> = page.annotations.iter().map(|_| next.bump()).collect();
    let remapped =
        (!page.remapped.is_empty()).then(|| write_remapped_font(out, next, &page.remapped));

    let mut entry = out.page(id);
    entry.parent(shared.tree).contents(content);
    entry.media_box(Rect::new(0.0, 0.0, page.size.0, page.size.1));
    if page.rotation != 0 {
        entry.rotate(page.rotation);
    }
    if !notes.is_empty() {
        entry.annotations(notes.iter().copied());
    }
    let mut resources = entry.resources();
    let mut fonts = resources.fonts();
    for (font, font_id) in &shared.fonts {
        fonts.pair(Name(font.resource()), *font_id);
    }
    if let Some(font) = remapped {
        fonts.pair(Name(REMAPPED), font);
    }
    fonts.finish();
    if !images.is_empty() {
        let mut listed = resources.x_objects();
        for (index, image) in images.iter().enumerate() {
            listed.pair(Name(image_name(index).as_bytes()), *image);
        }
    }
    if page.uses_transparency {
        resources.ext_g_states().pair(Name(b"G0"), shared.transparent);
    }
    if page.uses_layer {
        resources.insert(Name(b"Properties")).dict().pair(Name(b"L0"), shared.layer);
    }
    resources.finish();
    entry.finish();

    for (image, image_id) in page.images.iter().zip(images) {
        write_image(out, image_id, image);
    }
    for (note, note_id) in page.annotations.iter().zip(notes) {
        let mut entry = out.annotation(note_id);
        let [left, bottom, right, top] = note.rect;
        entry.rect(Rect::new(left, bottom, right, top));
        match &note.kind {
            AnnotationKind::Note(text) => {
                entry.subtype(AnnotationType::Text).contents(TextStr(text));
            }
            AnnotationKind::Link(address) => {
                entry.subtype(AnnotationType::Link).border(0.0, 0.0, 0.0, None);
                entry.action().action_type(ActionType::Uri).uri(Str(address.as_bytes()));
            }
        }
    }
    let bytes = page.content.finish();
    match shared.deflated {
        true => out
            .stream(content, &package::zlib_of(0, 0, &bytes))
            .filter(Filter::FlateDecode)
            .finish(),
        false => out.stream(content, &bytes).finish(),
    }
}

/// Helvetica, with codes that draw one letter and say another.
fn write_remapped_font(out: &mut pdf_writer::Pdf, next: &mut Ref, pairs: &[(char, char)]) -> Ref {
    let (font, table) = (next.bump(), next.bump());
    let system = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"UCS"), supplement: 0 };
    let mut means = UnicodeCmap::<u8>::new(Name(b"Adobe-Identity-UCS"), system);
    let names: Vec<String> = pairs.iter().map(|(drawn, _)| glyph_name(*drawn)).collect();
    for ((_, said), code) in pairs.iter().zip(1..) {
        means.pair(code, *said);
    }
    out.cmap(table, &means.finish());
    let mut entry = out.type1_font(font);
    entry.base_font(Name(Font::Regular.base_name().as_bytes())).to_unicode(table);
    let mut encoding = entry.encoding_custom();
    encoding.differences().consecutive(1, names.iter().map(|name| Name(name.as_bytes())));
    font
}

/// What a font calls a letter, a digit or the space.
fn glyph_name(c: char) -> String {
    const DIGITS: [&str; 10] =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    match c.to_digit(10).and_then(|digit| DIGITS.get(digit as usize)) {
        Some(name) => (*name).to_owned(),
        None if c == ' ' => "space".to_owned(),
        None => c.to_string(),
    }
}

fn write_image(out: &mut pdf_writer::Pdf, id: Ref, image: &Raster) {
    let packed = image.packed();
    let mut entry = out.image_xobject(id, &packed);
    entry.width(image.width() as i32).height(image.height() as i32).bits_per_component(1);
    entry.color_space().device_gray();
    entry.filter(Filter::RunLengthDecode);
}
