//! `ocrs` with its own weights, which are compiled in: needs nothing but cargo. English letters only, and more mistakes than
//! PP-OCRv6 makes.

use image::RgbImage;
use ocrs::{ImageSource, OcrEngine, OcrEngineParams, OcrInput, TextItem as _};
use rten::Model;
use rten_imageproc::{BoundingRect as _, PointF, RectF, RotatedRect};

use super::blobs::Blob;
use super::{Letter, Line, NotLoaded, Recogniser};

/// The engine, loaded.
pub(crate) struct Plain(OcrEngine);

impl Plain {
    pub(crate) fn load() -> Result<Self, NotLoaded> {
        let model = |bytes| Model::load_static_slice(bytes).map_err(|e| NotLoaded(e.to_string()));
        let params = OcrEngineParams {
            detection_model: Some(model(ikvmt_ocr_detection::MODEL)?),
            recognition_model: Some(model(ikvmt_ocr_recognition::MODEL)?),
            ..OcrEngineParams::default()
        };
        OcrEngine::new(params).map(Self).map_err(|e| NotLoaded(e.to_string()))
    }

    fn input(&self, page: &RgbImage) -> Option<OcrInput> {
        let source = ImageSource::from_bytes(page.as_raw(), page.dimensions()).ok()?;
        self.0.prepare_input(source).ok()
    }
}

impl Recogniser for Plain {
    fn name(&self) -> &'static str {
        "ocrs 0.13"
    }

    fn find(&self, page: &RgbImage) -> Vec<Blob> {
        let Some(input) = self.input(page) else { return vec![] };
        let Ok(words) = self.0.detect_words(&input) else { return vec![] };
        let lines = self.0.find_text_lines(&input, &words);
        lines.iter().filter_map(|words| around(words, page.dimensions())).collect()
    }

    fn read(&self, page: &RgbImage, blobs: &[Blob]) -> Vec<Line> {
        let Some(input) = self.input(page) else { return vec![] };
        let lines: Vec<Vec<RotatedRect>> = blobs.iter().map(|blob| vec![rectangle(blob)]).collect();
        let Ok(read) = self.0.recognize_text(&input, &lines) else { return vec![] };
        let read = blobs.iter().zip(read).filter_map(|(blob, line)| Some((blob, line?)));
        read.filter_map(|(blob, line)| {
            let letters: Vec<Letter> = line
                .chars()
                .iter()
                .map(|c| Letter { text: c.char.to_string(), middle: c.rect.center().x as f32 })
                .collect();
            // It does not say how sure it is. What is no text, or upside down, becomes signs.
            let words =
                letters.iter().filter(|l| l.text.chars().all(|c| c.is_alphanumeric() || c == ' '));
            let confidence = words.count() as f32 / letters.len() as f32;
            (!letters.is_empty()).then_some(Line { blob: *blob, letters, confidence })
        })
        .collect()
    }
}

/// The box around the words of a line.
fn around(words: &[RotatedRect], (width, height): (u32, u32)) -> Option<Blob> {
    let boxes = words.iter().map(|word| word.bounding_rect());
    let (mut left, mut top, mut right, mut bottom) = (f32::MAX, f32::MAX, 0f32, 0f32);
    for word in boxes {
        (left, top) = (left.min(word.left()), top.min(word.top()));
        (right, bottom) = (right.max(word.right()), bottom.max(word.bottom()));
    }
    let at = |value: f32, most: u32| (value.round().max(0.0) as u32).min(most);
    let blob = Blob {
        left: at(left, width),
        top: at(top, height),
        right: at(right, width),
        bottom: at(bottom, height),
    };
    (blob.left < blob.right && blob.top < blob.bottom).then_some(blob)
}

fn rectangle(blob: &Blob) -> RotatedRect {
    let at = |x: u32, y: u32| PointF::from_yx(y as f32, x as f32);
    RotatedRect::from_rect(RectF::new(at(blob.left, blob.top), at(blob.right, blob.bottom)))
}
