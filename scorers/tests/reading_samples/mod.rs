//! Documents made for the tests of reading: PDFs from content streams, and DOCX from body XML.

// Each test program uses some of it; and a helper that fails should fail the test.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::expect_used)]

use std::io::{Cursor, Write as _};
use std::time::Duration;

use hayro::hayro_interpret::InterpreterSettings;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::{DynamicImage, ImageFormat, RgbImage};
use pdf_writer::{Finish as _, Name, Pdf, Rect, Ref};
use scorers::reading::Limits;
use zip::write::SimpleFileOptions;

/// Limits for a busy machine: with as much time for pictures as they take.
pub fn patient() -> Limits {
    const LONG: Duration = Duration::from_secs(600);
    Limits { ocr_time: LONG, ocr_wall_time: LONG, ..Limits::default() }
}

/// A4, in points.
pub const PAGE: (f32, f32) = (595.0, 842.0);

/// A PDF with one page and one line of 12-point text for each of `lines`.
pub fn pdf(lines: &[&str]) -> Vec<u8> {
    let mut content = String::from("BT /F1 12 Tf 14 TL 72 770 Td\n");
    for line in lines {
        content.push_str(&format!("({}) Tj T*\n", escape(line)));
    }
    content.push_str("ET");
    Document::default().page(&content).build()
}

/// The operators that show `text` at (`x`, `y`), from the bottom left, at `size` points.
pub fn show(text: &str, x: f64, y: f64, size: f64) -> String {
    format!("BT /F1 {size} Tf 1 0 0 1 {x} {y} Tm ({}) Tj ET\n", escape(text))
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)")
}

/// Gradients by name, with the colours at their ends.
const GRADIENTS: [(&str, [f32; 3], [f32; 3]); 3] = [
    ("Pale", [1.0, 1.0, 1.0], [0.97, 0.97, 0.97]),
    ("Dark", [0.1, 0.2, 0.4], [0.15, 0.2, 0.5]),
    ("Fade", [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]),
];

/// A PDF under construction: pages by their content, with what the content may refer to.
///
/// `/F1` is Helvetica and `/F2` ZapfDingbats, whose `n` is a full block; `/Faint` sets full
/// transparency; `/Marker` paints as a highlighter does; `/Off` is a layer that is off and `/On` one
/// that is on, and `/Unless` shows unless the latter is; `/Picture` is an opaque grey image and
/// `/White` a white one. Gradients run from x = 0 to 595: `/Pale` is all but white, `/Dark` navy, and
/// `/Fade` goes from black to white.
#[derive(Default)]
pub struct Document {
    pages: Vec<String>,
    crop: Option<[f32; 4]>,
    rotate: Option<i32>,
    forms: Vec<(String, String)>,
}

impl Document {
    pub fn page(mut self, content: &str) -> Self {
        self.pages.push(content.to_owned());
        self
    }

    pub fn crop(mut self, crop: [f32; 4]) -> Self {
        self.crop = Some(crop);
        self
    }

    pub fn rotate(mut self, degrees: i32) -> Self {
        self.rotate = Some(degrees);
        self
    }

    /// Adds a form that content can draw by its name.
    pub fn form(mut self, name: &str, content: &str) -> Self {
        self.forms.push((name.to_owned(), content.to_owned()));
        self
    }

    pub fn build(self) -> Vec<u8> {
        let mut next = 0;
        let mut id = || {
            next += 1;
            Ref::new(next)
        };
        let (catalog, tree, font, faint, off, on, picture, white) =
            (id(), id(), id(), id(), id(), id(), id(), id());
        let (dingbats, unless) = (id(), id());
        let gradients = GRADIENTS.map(|gradient| (id(), gradient));
        let forms: Vec<Ref> = self.forms.iter().map(|_| id()).collect();
        let pages: Vec<(Ref, Ref)> = self.pages.iter().map(|_| (id(), id())).collect();

        let mut pdf = Pdf::new();
        let mut root = pdf.catalog(catalog);
        root.pages(tree);
        let mut layers = root.insert(Name(b"OCProperties")).dict();
        layers.insert(Name(b"OCGs")).array().items([off, on]);
        layers.insert(Name(b"D")).dict().insert(Name(b"OFF")).array().item(off);
        layers.finish();
        root.finish();
        for (layer, name) in [(off, "off"), (on, "on")] {
            let mut layer = pdf.indirect(layer).dict();
            layer.pair(Name(b"Type"), Name(b"OCG"));
            layer.pair(Name(b"Name"), pdf_writer::TextStr(name));
        }
        pdf.pages(tree)
            .kids(pages.iter().map(|(page, _)| *page))
            .count(i32::try_from(pages.len()).expect("few pages"));
        pdf.type1_font(font)
            .base_font(Name(b"Helvetica"))
            .encoding_predefined(Name(b"WinAnsiEncoding"));
        pdf.type1_font(dingbats).base_font(Name(b"ZapfDingbats"));
        let mut membership = pdf.indirect(unless).dict();
        membership.pair(Name(b"Type"), Name(b"OCMD"));
        membership.pair(Name(b"OCGs"), on).pair(Name(b"P"), Name(b"AllOff"));
        membership.finish();
        for (pattern, (_, from, to)) in gradients {
            let mut pattern = pdf.shading_pattern(pattern);
            let mut shading = pattern.function_shading();
            shading.shading_type(pdf_writer::types::FunctionShadingType::Axial);
            shading.color_space().device_rgb();
            shading.coords([0.0, 0.0, PAGE.0, 0.0]).extend([true, true]);
            let mut function = shading.insert(Name(b"Function")).dict();
            function.pair(Name(b"FunctionType"), 2).pair(Name(b"N"), 1);
            function.insert(Name(b"Domain")).array().items([0.0, 1.0]);
            function.insert(Name(b"C0")).array().items(from);
            function.insert(Name(b"C1")).array().items(to);
        }
        pdf.ext_graphics(faint).non_stroking_alpha(0.0).stroking_alpha(0.0);
        for (picture, grey) in [(picture, 128), (white, 255)] {
            let pixel = [grey];
            let mut image = pdf.image_xobject(picture, &pixel);
            image.width(1).height(1).bits_per_component(8);
            image.color_space().device_gray();
        }

        let resources = |resources: &mut pdf_writer::writers::Resources<'_>| {
            resources.fonts().pair(Name(b"F1"), font).pair(Name(b"F2"), dingbats);
            let mut patterns = resources.patterns();
            for (pattern, (name, ..)) in gradients {
                patterns.pair(Name(name.as_bytes()), pattern);
            }
            patterns.finish();
            let mut states = resources.ext_g_states();
            states.pair(Name(b"Faint"), faint);
            states.insert(Name(b"Marker")).dict().pair(Name(b"BM"), Name(b"Multiply"));
            states.finish();
            let mut properties = resources.insert(Name(b"Properties")).dict();
            properties.pair(Name(b"Off"), off).pair(Name(b"On"), on);
            properties.pair(Name(b"Unless"), unless);
            properties.finish();
            let mut objects = resources.x_objects();
            objects.pair(Name(b"Picture"), picture).pair(Name(b"White"), white);
            for (form, (name, _)) in forms.iter().zip(&self.forms) {
                objects.pair(Name(name.as_bytes()), *form);
            }
        };
        for (form, (_, content)) in forms.iter().zip(&self.forms) {
            let mut form = pdf.form_xobject(*form, content.as_bytes());
            form.bbox(Rect::new(0.0, 0.0, PAGE.0, PAGE.1));
            resources(&mut form.resources());
        }
        for ((page, contents), content) in pages.iter().zip(&self.pages) {
            pdf.stream(*contents, content.as_bytes());
            let mut page = pdf.page(*page);
            page.media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1));
            if let Some([x0, y0, x1, y1]) = self.crop {
                page.crop_box(Rect::new(x0, y0, x1, y1));
            }
            if let Some(degrees) = self.rotate {
                page.rotate(degrees);
            }
            page.parent(tree).contents(*contents);
            resources(&mut page.resources());
        }
        pdf.finish()
    }
}

/// A small PDF whose content unpacks to `bytes`.
///
/// In run-length encoding the byte 0x81 means "128 times the next byte", so a row of it unpacks to a
/// longer row of itself; what ends one layer is a literal in the next.
pub fn bomb_pdf(bytes: usize) -> Vec<u8> {
    const LAYERS: usize = 3;
    let (mut row, mut tail) = (bytes, Vec::new());
    for _ in 0..LAYERS {
        row = row.div_ceil(128) * 2;
        if let Some(last) = tail.len().checked_sub(1) {
            tail.insert(0, u8::try_from(last).expect("a short tail"));
        }
        tail.push(0x80);
    }
    let packed = [vec![0x81; row], tail].concat();
    let mut pdf = Pdf::new();
    let (catalog, tree, page, content) = (Ref::new(1), Ref::new(2), Ref::new(3), Ref::new(4));
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).kids([page]).count(1);
    pdf.page(page).media_box(Rect::new(0.0, 0.0, 100.0, 100.0)).parent(tree).contents(content);
    let mut stream = pdf.stream(content, &packed);
    let mut filters = stream.insert(Name(b"Filter")).array();
    filters.items([Name(b"RunLengthDecode"); LAYERS]);
    filters.finish();
    stream.finish();
    pdf.finish()
}

/// A DOCX with `body` inside its `w:body`.
pub fn docx(body: &str) -> Vec<u8> {
    docx_with(body, &[])
}

/// A DOCX with more parts, each a path and the whole of its XML.
pub fn docx_with(body: &str, parts: &[(&str, String)]) -> Vec<u8> {
    let document = part("document", &format!("<w:body>{body}</w:body>"));
    zip(&[&[("word/document.xml", document)], parts].concat())
}

/// The XML of a part whose root is `w:NAME`.
pub fn part(name: &str, inner: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:{name} \
         xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" \
         xmlns:mc=\"http://schemas.openxmlformats.org/markup-compatibility/2006\" \
         xmlns:wps=\"http://schemas.microsoft.com/office/word/2010/wordprocessingShape\" \
         xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\">{inner}</w:{name}>"
    )
}

/// A paragraph of one run.
pub fn paragraph(text: &str) -> String {
    styled("", text)
}

/// A paragraph of one run with these run properties.
pub fn styled(properties: &str, text: &str) -> String {
    format!(
        "<w:p><w:r><w:rPr>{properties}</w:rPr><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p>"
    )
}

/// A zip container.
pub fn zip(parts: &[(&str, String)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).expect("an entry");
        zip.write_all(content.as_bytes()).expect("its bytes");
    }
    zip.finish().expect("a container").into_inner()
}

/// A page with these lines, as it is printed, at 150 dots per inch.
pub fn printed(lines: &[&str]) -> RgbImage {
    let pdf = hayro::hayro_syntax::Pdf::new(pdf(lines)).expect("a PDF");
    let scale = 150.0 / 72.0;
    let size = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
    let (cache, how) = (RenderCache::new(), RenderSettings::default());
    let page = render(&pdf.pages()[0], &cache, &InterpreterSettings::default(), &how, &size);
    let rgb = page.data_as_u8_slice().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
    RgbImage::from_raw(page.width().into(), page.height().into(), rgb).expect("a picture")
}

/// A picture as a file.
pub fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture.clone()).write_to(&mut bytes, format).expect("a file");
    bytes.into_inner()
}

/// A picture for [`scan`].
pub fn jpeg(picture: &RgbImage) -> (Vec<u8>, u32, u32) {
    (encoded(picture, ImageFormat::Jpeg), picture.width(), picture.height())
}

/// A PDF whose pages are nothing but pictures (JPEG, with their size in pixels), as a scanner makes it; with `layer`, text that it
/// has laid invisibly over the first page, so that it can be searched.
pub fn scan(pictures: &[(Vec<u8>, u32, u32)], layer: &[&str]) -> Vec<u8> {
    pages(pictures, layer, None)
}

/// Like [`scan`], with a page of text behind them.
pub fn scan_and_text(pictures: &[(Vec<u8>, u32, u32)], text: &str) -> Vec<u8> {
    pages(pictures, &[], Some(text))
}

fn pages(pictures: &[(Vec<u8>, u32, u32)], layer: &[&str], text: Option<&str>) -> Vec<u8> {
    let mut next = 0;
    let mut id = || {
        next += 1;
        Ref::new(next)
    };
    let (catalog, tree, font) = (id(), id(), id());
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    pdf.type1_font(font).base_font(Name(b"Helvetica"));
    let mut kids = Vec::new();
    for (number, (jpeg, width, height)) in pictures.iter().enumerate() {
        let (page, content, picture) = (id(), id(), id());
        let mut operators = format!("q {} 0 0 {} 0 0 cm /Scan Do Q\n", PAGE.0, PAGE.1);
        if number == 0 && !layer.is_empty() {
            operators.push_str("BT 3 Tr /F1 12 Tf 14 TL 72 770 Td\n");
            layer
                .iter()
                .for_each(|line| operators.push_str(&format!("({}) Tj T*\n", escape(line))));
            operators.push_str("ET");
        }
        pdf.stream(content, operators.as_bytes());
        let mut image = pdf.image_xobject(picture, jpeg);
        image.filter(pdf_writer::Filter::DctDecode);
        image.width(i32::try_from(*width).expect("a width"));
        image.height(i32::try_from(*height).expect("a height"));
        image.color_space().device_rgb();
        image.bits_per_component(8);
        image.finish();
        let mut page_dict = pdf.page(page);
        page_dict.parent(tree).contents(content).media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1));
        let mut resources = page_dict.resources();
        resources.x_objects().pair(Name(b"Scan"), picture);
        resources.fonts().pair(Name(b"F1"), font);
        resources.finish();
        page_dict.finish();
        kids.push(page);
    }
    if let Some(text) = text {
        let (page, content) = (id(), id());
        pdf.stream(content, show(text, 72.0, 770.0, 12.0).as_bytes());
        let mut page_dict = pdf.page(page);
        page_dict.parent(tree).contents(content).media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1));
        page_dict.resources().fonts().pair(Name(b"F1"), font);
        page_dict.finish();
        kids.push(page);
    }
    let count = i32::try_from(kids.len()).expect("few pages");
    pdf.pages(tree).kids(kids).count(count);
    pdf.finish()
}
