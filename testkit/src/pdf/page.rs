//! One page being drawn: text, boxes, images and notes at exact places.
//!
//! Coordinates are PDF's: points from the lower left corner, text by its baseline. Things are
//! painted in the order of the calls, so a later box covers earlier text.

use pdf_writer::types::TextRenderingMode;
use pdf_writer::{Content, Name, Str};

use super::font::{Font, win_ansi};
use super::raster::Raster;

/// A colour as red, green and blue from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Color(pub f32, pub f32, pub f32);

impl Color {
    /// Black.
    pub const BLACK: Self = Self(0.0, 0.0, 0.0);
    /// White, as the paper.
    pub const WHITE: Self = Self(1.0, 1.0, 1.0);
    /// So near white that nobody sees it on paper.
    pub const NEAR_WHITE: Self = Self(0.985, 0.985, 0.985);
    /// A grey that designers like for dates; easily read.
    pub const GREY: Self = Self(0.45, 0.45, 0.45);
    /// A dark blue, for banners and headings.
    pub const NAVY: Self = Self(0.11, 0.2, 0.36);
}

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// The face.
    pub font: Font,
    /// Size in points.
    pub size: f32,
    /// Fill colour.
    pub color: Color,
    /// Space added after every letter, in points.
    pub letter_spacing: f32,
    /// Render mode 3: neither filled nor stroked.
    pub invisible: bool,
}

impl Style {
    /// Black text in `font` at `size`.
    pub fn new(font: Font, size: f32) -> Self {
        Self { font, size, color: Color::BLACK, letter_spacing: 0.0, invisible: false }
    }

    /// The same in another colour.
    pub fn color(self, color: Color) -> Self {
        Self { color, ..self }
    }

    /// The same with its letters set apart.
    pub fn letter_spacing(self, letter_spacing: f32) -> Self {
        Self { letter_spacing, ..self }
    }

    /// The same in render mode 3.
    pub fn invisible(self) -> Self {
        Self { invisible: true, ..self }
    }

    /// How far `text` reaches in this style, in points.
    pub fn width(&self, text: &str) -> f32 {
        self.font.width(text, self.size) + self.letter_spacing * text.chars().count() as f32
    }
}

/// What is attached to a page beside its content.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Annotation {
    pub(super) rect: [f32; 4],
    pub(super) kind: AnnotationKind,
}

/// The two kinds that resumes have.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum AnnotationKind {
    /// A sticky note with this text.
    Note(String),
    /// A link to this address.
    Link(String),
}

/// A page being drawn.
pub struct Page {
    pub(super) size: (f32, f32),
    pub(super) rotation: i32,
    pub(super) content: Content,
    pub(crate) images: Vec<Raster>,
    pub(super) annotations: Vec<Annotation>,
    pub(super) uses_transparency: bool,
    pub(super) uses_layer: bool,
    /// The page's remapped font: for each code from 1 on, the letter that is drawn and the one that is said.
    pub(super) remapped: Vec<(char, char)>,
}

impl Page {
    /// An empty page of this size in points.
    pub fn new(width: f32, height: f32) -> Self {
        Self {
            size: (width, height),
            rotation: 0,
            content: Content::new(),
            images: Vec::new(),
            annotations: Vec::new(),
            uses_transparency: false,
            uses_layer: false,
            remapped: Vec::new(),
        }
    }

    /// An empty A4 page: 595 by 842 points.
    pub fn a4() -> Self {
        Self::new(595.0, 842.0)
    }

    /// An empty US Letter page: 612 by 792 points.
    pub fn letter() -> Self {
        Self::new(612.0, 792.0)
    }

    /// Width and height in points, before any rotation.
    pub fn size(&self) -> (f32, f32) {
        self.size
    }

    /// Turns the page clockwise when shown, by a multiple of 90 degrees.
    pub fn rotate(&mut self, degrees: i32) -> &mut Self {
        self.rotation = degrees;
        self
    }

    /// Writes one line of text with its baseline starting at (`x`, `y`).
    pub fn text(&mut self, x: f32, y: f32, style: &Style, text: &str) -> &mut Self {
        let Color(r, g, b) = style.color;
        let content = &mut self.content;
        content.begin_text();
        content.set_font(Name(style.font.resource()), style.size);
        content.set_fill_rgb(r, g, b);
        // Both carry over to later text objects, so each line states them anew.
        content.set_char_spacing(style.letter_spacing);
        content.set_text_rendering_mode(match style.invisible {
            true => TextRenderingMode::Invisible,
            false => TextRenderingMode::Fill,
        });
        content.next_line(x, y);
        content.show(Str(&win_ansi(text)));
        content.end_text();
        self
    }

    /// Writes one line that shows people one text and says another, of as many characters, to programs: by a font whose table of
    /// what its codes mean does not say what they draw. Letters, digits and spaces only, and no more than 255 pairs on a page.
    pub fn text_said(&mut self, x: f32, y: f32, size: f32, shown: &str, said: &str) -> &mut Self {
        let pairs = shown.chars().zip(said.chars());
        let code_of = |pair| {
            let at = self.remapped.iter().position(|known| *known == pair).unwrap_or_else(|| {
                self.remapped.push(pair);
                self.remapped.len() - 1
            });
            u8::try_from(at + 1).unwrap_or(u8::MAX)
        };
        let codes: Vec<u8> = pairs.map(code_of).collect();
        self.content.begin_text().set_font(Name(REMAPPED), size).set_fill_rgb(0.0, 0.0, 0.0);
        self.content.set_char_spacing(0.0).set_text_rendering_mode(TextRenderingMode::Fill);
        self.content.next_line(x, y).show(Str(&codes)).end_text();
        self
    }

    /// Writes one line of text that ends at `right`.
    pub fn text_right(&mut self, right: f32, y: f32, style: &Style, text: &str) -> &mut Self {
        self.text(right - style.width(text), y, style, text)
    }

    /// Writes one line of text whose every word is drawn by an operator of its own, as many
    /// programs do; the space characters themselves are left out.
    pub fn text_by_word(&mut self, x: f32, y: f32, style: &Style, text: &str) -> &mut Self {
        let mut at = x;
        for word in text.split(' ') {
            self.text(at, y, style, word);
            at += style.width(word) + style.width(" ");
        }
        self
    }

    /// Fills a box whose lower left corner is (`x`, `y`).
    pub fn rect(&mut self, x: f32, y: f32, width: f32, height: f32, color: Color) -> &mut Self {
        let Color(r, g, b) = color;
        self.content.set_fill_rgb(r, g, b).rect(x, y, width, height).fill_nonzero();
        self
    }

    /// Draws an image over the box whose lower left corner is (`x`, `y`).
    pub fn image(&mut self, x: f32, y: f32, width: f32, height: f32, image: Raster) -> &mut Self {
        self.image_by([width, 0.0, 0.0, height, x, y], image)
    }

    /// Draws an image through a matrix that maps the unit square to the page: a skewed scan.
    pub fn image_by(&mut self, matrix: [f32; 6], image: Raster) -> &mut Self {
        let name = image_name(self.images.len());
        self.images.push(image);
        self.content.save_state().transform(matrix).x_object(Name(name.as_bytes()));
        self.content.restore_state();
        self
    }

    /// Draws with everything outside of a box cut off.
    pub fn clipped(
        &mut self,
        [x, y, width, height]: [f32; 4],
        draw: impl FnOnce(&mut Self),
    ) -> &mut Self {
        self.content.save_state().rect(x, y, width, height).clip_nonzero().end_path();
        draw(self);
        self.content.restore_state();
        self
    }

    /// Draws fully transparent (`ca` 0).
    pub fn transparent(&mut self, draw: impl FnOnce(&mut Self)) -> &mut Self {
        self.uses_transparency = true;
        self.content.save_state().set_parameters(Name(b"G0"));
        draw(self);
        self.content.restore_state();
        self
    }

    /// Draws on an optional layer that the document switches off.
    pub fn on_hidden_layer(&mut self, draw: impl FnOnce(&mut Self)) -> &mut Self {
        self.uses_layer = true;
        self.content
            .begin_marked_content_with_properties(Name(b"OC"))
            .properties_named(Name(b"L0"));
        draw(self);
        self.content.end_marked_content();
        self
    }

    /// Pins a note to a box given as left, bottom, right, top.
    pub fn note(&mut self, rect: [f32; 4], text: &str) -> &mut Self {
        self.annotations.push(Annotation { rect, kind: AnnotationKind::Note(text.into()) });
        self
    }

    /// Makes a box (left, bottom, right, top) a link.
    pub fn link(&mut self, rect: [f32; 4], address: &str) -> &mut Self {
        self.annotations.push(Annotation { rect, kind: AnnotationKind::Link(address.into()) });
        self
    }
}

/// The name under which a page's resources list its image number `index`.
pub(super) fn image_name(index: usize) -> String {
    format!("I{index}")
}

/// The name under which a page's resources list its remapped font.
pub(super) const REMAPPED: &[u8] = b"R1";
