//! PP-OCRv6 (small) on `rten`: one network finds lines of text, another reads them. Needs model files, which are fetched.
//!
//! What goes in and what comes out is as PaddleOCR has it: detection after "Real-time Scene Text Detection with
//! Differentiable Binarization" (<https://arxiv.org/abs/1911.08947>), recognition with CTC over a dictionary of 18,708
//! characters (<https://github.com/PaddlePaddle/PaddleOCR>).

use std::path::Path;

use image::RgbImage;
use image::imageops::{self, FilterType};
use rten::Model;
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use super::blobs::{Blob, blobs};
use super::{Letter, Line, NotLoaded, Recogniser};

/// The networks' names in the models' folder, and that of the dictionary.
const FILES: [&str; 3] = ["PP-OCRv6_det_small.rten", "PP-OCRv6_rec_small.rten", "ppocrv6_dict.txt"];

/// The longer side of what the first network sees, in pixels: small print of an A4 page is lost below it.
const SEEN: u32 = 1_536;
/// Sides that it can take are multiples of this.
const STEP: u32 = 32;
/// From this probability on a pixel belongs to a line, as in PaddleOCR.
const PIXEL: f32 = 0.3;
/// From this mean probability on a blob of them is a line, likewise.
const LINE: f32 = 0.6;
/// How far a line reaches beyond its blob: this times area over perimeter. The network is taught to find lines shrunk; 1.5 in
/// PaddleOCR.
const GROWN: f32 = 1.6;
/// Height of a line as the second network sees it.
const HEIGHT: u32 = 48;
/// Its widest line.
const WIDEST: u32 = 4_096;
/// Pixels of a line for each of the second network's answers.
const STRIDE: f32 = 8.0;

/// The two networks and the dictionary.
pub(crate) struct Paddle {
    detection: Model,
    recognition: Model,
    /// What each of the second network's classes stands for, from class 1 on; class 0 is nothing.
    letters: Vec<String>,
}

impl Paddle {
    /// Whether a folder has all of its files.
    pub(crate) fn is_in(folder: &Path) -> bool {
        FILES.iter().all(|file| folder.join(file).is_file())
    }

    pub(crate) fn load(folder: &Path) -> Result<Self, NotLoaded> {
        let failed = |e: &dyn std::fmt::Display| NotLoaded(e.to_string());
        let [detection, recognition, letters] = FILES.map(|file| folder.join(file));
        let detection = Model::load_file(detection).map_err(|e| failed(&e))?;
        let recognition = Model::load_file(recognition).map_err(|e| failed(&e))?;
        let letters = std::fs::read_to_string(letters).map_err(|e| failed(&e))?;
        let mut letters: Vec<String> = letters.lines().map(str::to_owned).collect();
        letters.push(" ".to_owned());
        Ok(Self { detection, recognition, letters })
    }

    fn read_line(&self, page: &RgbImage, blob: Blob) -> Option<Line> {
        let (width, height) = (blob.right - blob.left, blob.bottom - blob.top);
        let seen = (width * HEIGHT).div_ceil(height).clamp(STEP, WIDEST);
        let crop = imageops::crop_imm(page, blob.left, blob.top, width, height).to_image();
        let crop = imageops::resize(&crop, seen, HEIGHT, FilterType::Triangle);
        let input = planes(&crop, [0.5; 3], [0.5; 3]);
        let output = self.recognition.run_one(input.view().into(), None).ok()?;
        let output: NdTensor<f32, 3> = output.try_into().ok()?;
        let [_, _, classes] = output.shape();
        let scale = width as f32 / seen as f32 * STRIDE;
        let mut letters: Vec<Letter> = Vec::new();
        let (mut sum, mut before) = (0.0, 0);
        // CTC: nothing between two answers makes two letters of them; otherwise they are one.
        for (step, scores) in output.to_vec().chunks_exact(classes).enumerate() {
            let (class, score) = best(scores);
            if class != 0 && class != before {
                let text = self.letters.get(class - 1)?.clone();
                let middle = blob.left as f32 + (step as f32 + 0.5) * scale;
                letters.push(Letter { text, middle });
                sum += score;
            }
            before = class;
        }
        let confidence = sum / letters.len() as f32;
        (!letters.is_empty()).then_some(Line { blob, letters, confidence })
    }
}

impl Recogniser for Paddle {
    fn name(&self) -> &'static str {
        "PP-OCRv6 small"
    }

    fn find(&self, page: &RgbImage) -> Vec<Blob> {
        let (width, height) = page.dimensions();
        let shrink = (SEEN as f32 / width.max(height) as f32).min(1.0);
        let side =
            |length: u32| ((length as f32 * shrink / STEP as f32).round() as u32).max(1) * STEP;
        let seen = imageops::resize(page, side(width), side(height), FilterType::Triangle);
        let input = planes(&seen, [0.406, 0.456, 0.485], [0.225, 0.224, 0.229]);
        let Ok(output) = self.detection.run_one(input.view().into(), None) else { return vec![] };
        let Ok(output) = NdTensor::<f32, 4>::try_from(output) else { return vec![] };
        let [_, _, rows, columns] = output.shape();
        let found = blobs(&output.to_vec(), columns, rows, PIXEL, LINE);
        let (by_x, by_y) = (width as f32 / columns as f32, height as f32 / rows as f32);
        found
            .into_iter()
            .filter_map(|blob| blob.grown(GROWN).scaled(by_x, by_y, width, height))
            .collect()
    }

    fn read(&self, page: &RgbImage, blobs: &[Blob]) -> Vec<Line> {
        blobs.iter().filter_map(|blob| self.read_line(page, *blob)).collect()
    }
}

/// A picture as the networks take it: blue, green and red apart, each from its mean in units of its spread.
fn planes(picture: &RgbImage, mean: [f32; 3], spread: [f32; 3]) -> NdTensor<f32, 4> {
    let (width, height) = picture.dimensions();
    let (width, height) = (width as usize, height as usize);
    let mut data = Vec::with_capacity(3 * width * height);
    for plane in 0..3 {
        let channel = 2 - plane;
        data.extend(
            picture.pixels().map(|p| (f32::from(p[channel]) / 255.0 - mean[plane]) / spread[plane]),
        );
    }
    NdTensor::from_data([1, 3, height, width], data)
}

/// The likeliest class and its probability.
fn best(scores: &[f32]) -> (usize, f32) {
    let enumerated = scores.iter().copied().enumerate();
    enumerated.fold((0, f32::MIN), |best, next| if next.1 > best.1 { next } else { best })
}
