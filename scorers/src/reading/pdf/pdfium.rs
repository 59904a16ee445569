//! The libpdfium engine: found at run time, where there is one.
//!
//! libpdfium does not say what covers or clips a glyph, so it is asked to draw the page, and a glyph
//! is seen if something is drawn where it stands. What is unseen is then told apart by the same
//! rules as everywhere, over marks made up to match.

use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::OnceLock;

use hayro_interpret::kurbo::{Point, Rect};
use pdfium_render::prelude::{
    PdfPage, PdfPageObjectCommon as _, PdfPageObjectType, PdfPageObjectsCommon as _,
    PdfPageRenderRotation, PdfPageTextChar, PdfPageTextRenderMode, PdfRect, PdfRenderConfig,
    Pdfium, PdfiumError, PdfiumInternalError,
};

use super::{Area, Cover, CoverPaint, Document, Glyph, Ink, PageMarks, Text};
use crate::reading::guard::{contrast, least_contrast};
use crate::reading::{Failure, Limits, fetched};

const NAME: &str = "libpdfium";

/// Loads libpdfium, where there is one.
pub(super) fn prepare() {
    let _ = library();
}

/// Whether libpdfium is there.
pub(super) fn found() -> bool {
    library().is_some()
}

/// What its file is called here.
pub(super) fn name() -> OsString {
    Pdfium::pdfium_platform_library_name()
}

/// libpdfium: where the environment says, or where it was fetched to; else beside the program, else where the system has it.
fn library() -> Option<&'static Pdfium> {
    static LIBRARY: OnceLock<Option<Pdfium>> = OnceLock::new();
    LIBRARY
        .get_or_init(|| {
            let beside =
                std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(name())));
            let mut places = [fetched::pdfium(), beside].into_iter().flatten();
            let bindings = places.find_map(|file| Pdfium::bind_to_library(file).ok());
            let bindings = bindings.or_else(|| Pdfium::bind_to_system_library().ok())?;
            Some(Pdfium::new(bindings))
        })
        .as_ref()
}

/// Reads a PDF with libpdfium; none where there is no libpdfium.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Option<Result<Document, Failure>> {
    Some(library()?.load_pdf_from_byte_slice(bytes, None).map_err(failure).and_then(|pdf| {
        let count = usize::try_from(pdf.pages().len()).unwrap_or(0);
        if count == 0 {
            return Err(Failure::Corrupt);
        }
        if count > limits.pages_refused as usize {
            return Err(Failure::TooManyPages);
        }
        let mut pages = Vec::new();
        for page in pdf.pages().iter().take(limits.pages as usize) {
            pages.push(marks(&page, limits).map_err(failure)?);
        }
        let truncated = count > pages.len();
        Ok(Document { engine: NAME.to_owned(), pages, truncated, doubts: Vec::new() })
    }))
}

fn failure(error: PdfiumError) -> Failure {
    match error {
        PdfiumError::PdfiumLibraryInternalError(
            PdfiumInternalError::PasswordError | PdfiumInternalError::SecurityError,
        ) => Failure::Encrypted,
        _ => Failure::Corrupt,
    }
}

fn marks(page: &PdfPage<'_>, limits: &Limits) -> Result<PageMarks, PdfiumError> {
    let frame = Frame::of(page);
    let text = page.text()?;
    let mut marks =
        PageMarks { width: frame.width(), height: frame.height(), ..PageMarks::default() };
    let objects = Objects::of(page, &frame);
    let mut picture: Option<Picture> = None;
    let mut before: Option<(f32, f32)> = None;
    for char in text.chars().iter().take(limits.marks_per_page) {
        let Some(mut glyph) = glyph(&char, &frame) else { continue };
        // A ligature comes as several characters in one place.
        let origin = char.origin().ok().map(|(x, y)| (x.value, y.value));
        if origin.is_some() && origin == before && !glyph.text.is_blank() {
            if let Some(Glyph { text, advance, .. }) = marks.glyphs.last_mut() {
                *advance += glyph.advance;
                *text =
                    Text::Str(text.chars().chain(glyph.text.chars()).collect::<String>().into());
            }
            continue;
        }
        before = origin.filter(|_| !glyph.text.is_blank());
        let visible_page = Rect::new(0.0, 0.0, marks.width, marks.height);
        let body = glyph.body();
        if !glyph.text.is_blank() && visible_page.contains(body.center()) {
            let picture = picture.get_or_insert_with(|| Picture::of(page, &frame));
            judge(&mut glyph, &char, picture.contrast(body), &objects, &mut marks);
        }
        marks.glyphs.push(glyph);
    }
    fit_widths(&mut marks.glyphs);
    close_ligatures(&mut marks.glyphs);
    Ok(marks)
}

/// Lets a ligature reach to the next glyph, unless a space is between: libpdfium tells the width of
/// its ink alone.
fn close_ligatures(glyphs: &mut [Glyph]) {
    for at in 1..glyphs.len() {
        let (before, after) = glyphs.split_at_mut(at);
        if let (Some(glyph), Some(next)) = (before.last_mut(), after.first()) {
            let reach = (next.x - glyph.x).hypot(next.y - glyph.y);
            let near = reach - glyph.advance < glyph.size * 0.25;
            if matches!(glyph.text, Text::Str(_)) && !next.text.is_blank() && near {
                glyph.advance = glyph.advance.max(reach);
            }
        }
    }
}

/// Learns widths from where glyphs are set: libpdfium tells the box of a font's own glyph, also where
/// text is set narrower or a letter overhangs. Within words a letter touches the next, so the lower
/// quarter of the distances to the next letter is its width.
fn fit_widths(glyphs: &mut [Glyph]) {
    type Key = (Text, i64, i64);
    // The box tells faces of one size apart.
    let key = |glyph: &Glyph| -> Key {
        (glyph.text.clone(), (glyph.size * 100.0) as i64, (glyph.advance * 100.0).round() as i64)
    };
    let mut reaches: HashMap<Key, Vec<f64>> = HashMap::new();
    for pair in glyphs.windows(2) {
        let (dx, dy) = (pair[1].x - pair[0].x, pair[1].y - pair[0].y);
        let (sin, cos) = pair[0].angle.sin_cos();
        let (reach, off) = (dx * cos + dy * sin, dy * cos - dx * sin);
        let next = off.abs() < pair[0].size * 0.1 && reach > 0.0;
        if next && reach < pair[0].advance * 1.3 && !pair[1].text.is_blank() {
            reaches.entry(key(&pair[0])).or_default().push(reach);
        }
    }
    reaches.values_mut().for_each(|reaches| reaches.sort_by(f64::total_cmp));
    for glyph in glyphs {
        if let Some(reaches) = reaches.get(&key(glyph)).filter(|reaches| reaches.len() >= 3) {
            glyph.advance = glyph.advance.min(reaches[reaches.len() / 4]);
        }
    }
}

/// Gives a glyph the ink, and the page the cover, that make the guard find what the picture shows.
fn judge(
    glyph: &mut Glyph,
    char: &PdfPageTextChar<'_>,
    drawn: f64,
    objects: &Objects,
    marks: &mut PageMarks,
) {
    let body = glyph.body();
    let mode = char.render_mode().unwrap_or(PdfPageTextRenderMode::Unknown);
    if mode == PdfPageTextRenderMode::Invisible {
        return;
    }
    let (rgb, alpha) = char.fill_color().map_or(([0; 3], 1.0), |color| {
        ([color.red(), color.green(), color.blue()], f32::from(color.alpha()) / 255.0)
    });
    glyph.ink = Ink::Solid { rgb, alpha };
    let seen = drawn >= least_contrast(rgb, glyph.size);
    match (seen, glyph.ink.shows()) {
        // Browsers draw letters as outlines under transparent text; a scan has a picture there.
        (true, false) if !objects.pictured(body.center()) => glyph.ink = Ink::Unknown,
        (true, false) => {}
        (true, true) => glyph.ink = Ink::Unknown,
        (false, _) if contrast(rgb, [255; 3]) < 1.2 => {}
        (false, _) if objects.any(body.center()) => {
            let order = glyph.order + 1;
            marks.covers.push(Cover { area: Area::Rect(body), paint: CoverPaint::Unseen, order });
        }
        // Drawn in a colour, over nothing, and not to be seen: clipped, or in a layer that is off.
        (false, _) => glyph.clipped = true,
    }
}

fn glyph(char: &PdfPageTextChar<'_>, frame: &Frame) -> Option<Glyph> {
    if char.is_generated().unwrap_or(false) && char.unicode_char() != Some(' ') {
        return None;
    }
    let text = match char.unicode_value() {
        // What libpdfium makes of a hyphen at the end of a line.
        0x02 | 0xFFFE | 0xAD => Text::Char('-'),
        0 => Text::Char(char::REPLACEMENT_CHARACTER),
        value => Text::Char(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER)),
    };
    let (x, y) = char.origin().ok()?;
    let origin = frame.show(x.value, y.value);
    let matrix = char.matrix().ok()?;
    let along = frame.show(x.value + matrix.a(), y.value + matrix.b()) - origin;
    let bounds = char.loose_bounds().ok()?;
    let across = matrix.a().abs() >= matrix.b().abs();
    let advance = if across { bounds.width() } else { bounds.height() };
    let size = f64::from(char.scaled_font_size().value.abs());
    let finite = origin.is_finite() && size.is_finite() && advance.value.is_finite();
    finite.then(|| Glyph {
        text,
        x: origin.x,
        y: origin.y,
        advance: f64::from(advance.value),
        angle: along.y.atan2(along.x),
        size,
        ink: Ink::None,
        clipped: false,
        overprinted: false,
        doubt: None,
        order: 0,
    })
}

/// The visible page, in the coordinates that the file uses.
struct Frame {
    left: f32,
    bottom: f32,
    right: f32,
    top: f32,
    rotation: PdfPageRenderRotation,
}

impl Frame {
    fn of(page: &PdfPage<'_>) -> Self {
        let bounds = page.boundaries().bounding().map(|boundary| boundary.bounds);
        let bounds = bounds.unwrap_or_else(|_| PdfRect::new_from_values(0.0, 0.0, 792.0, 612.0));
        Self {
            left: bounds.left().value,
            bottom: bounds.bottom().value,
            right: bounds.right().value,
            top: bounds.top().value,
            rotation: page.rotation().unwrap_or(PdfPageRenderRotation::None),
        }
    }

    fn turned(&self) -> bool {
        matches!(
            self.rotation,
            PdfPageRenderRotation::Degrees90 | PdfPageRenderRotation::Degrees270
        )
    }

    fn width(&self) -> f64 {
        let (across, up) = (self.right - self.left, self.top - self.bottom);
        f64::from(if self.turned() { up } else { across })
    }

    fn height(&self) -> f64 {
        let (across, up) = (self.right - self.left, self.top - self.bottom);
        f64::from(if self.turned() { across } else { up })
    }

    /// Where a point of the file is on the page as shown.
    fn show(&self, x: f32, y: f32) -> Point {
        let (x, y) = match self.rotation {
            PdfPageRenderRotation::None => (x - self.left, self.top - y),
            PdfPageRenderRotation::Degrees90 => (y - self.bottom, x - self.left),
            PdfPageRenderRotation::Degrees180 => (self.right - x, y - self.bottom),
            PdfPageRenderRotation::Degrees270 => (self.top - y, self.right - x),
        };
        Point::new(f64::from(x), f64::from(y))
    }
}

/// Where pictures and painted areas are.
struct Objects {
    pictures: Vec<Rect>,
    areas: Vec<Rect>,
}

impl Objects {
    fn of(page: &PdfPage<'_>, frame: &Frame) -> Self {
        let mut objects = Self { pictures: Vec::new(), areas: Vec::new() };
        for object in page.objects().iter() {
            let Ok(bounds) = object.bounds() else { continue };
            let from = frame.show(bounds.left().value, bounds.bottom().value);
            let area =
                Rect::from_points(from, frame.show(bounds.right().value, bounds.top().value));
            match object.object_type() {
                PdfPageObjectType::Image => objects.pictures.push(area),
                PdfPageObjectType::Path | PdfPageObjectType::Shading => objects.areas.push(area),
                _ => {}
            }
        }
        objects
    }

    fn pictured(&self, point: Point) -> bool {
        self.pictures.iter().any(|area| area.contains(point))
    }

    fn any(&self, point: Point) -> bool {
        self.pictured(point) || self.areas.iter().any(|area| area.contains(point))
    }
}

/// The page as drawn.
struct Picture {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
    scale: f64,
}

impl Picture {
    /// Draws the page at up to two pixels for a point, and within a bound for a huge one.
    fn of(page: &PdfPage<'_>, frame: &Frame) -> Self {
        let scale = (3_000.0 / frame.width().max(frame.height()).max(1.0)).min(2.0);
        let config = PdfRenderConfig::new().scale_page_by_factor(scale as f32);
        match page.render_with_config(&config) {
            Ok(bitmap) => Self {
                pixels: bitmap.as_rgba_bytes(),
                width: usize::try_from(bitmap.width()).unwrap_or(0),
                height: usize::try_from(bitmap.height()).unwrap_or(0),
                scale,
            },
            Err(_) => Self { pixels: Vec::new(), width: 0, height: 0, scale },
        }
    }

    /// The contrast between the darkest and the lightest of what is drawn in `area`.
    fn contrast(&self, area: Rect) -> f64 {
        let cell = |at: f64, most: usize| ((at * self.scale).max(0.0) as usize).min(most);
        let (left, right) = (cell(area.x0, self.width), cell(area.x1.ceil(), self.width));
        let (top, bottom) = (cell(area.y0, self.height), cell(area.y1.ceil(), self.height));
        let mut least = [255u8; 3];
        let mut most = [0u8; 3];
        for y in top..bottom {
            for x in left..right {
                let at = (y * self.width + x) * 4;
                let Some(pixel) = self.pixels.get(at..at + 3) else { continue };
                for channel in 0..3 {
                    least[channel] = least[channel].min(pixel[channel]);
                    most[channel] = most[channel].max(pixel[channel]);
                }
            }
        }
        if left < right && top < bottom { contrast(least, most) } else { 1.0 }
    }
}
