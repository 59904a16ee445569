//! Every word of a page can be shown where it stands: on PDFs however they are turned, and on pictures however they lie.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use domain::places::{Place, PlaceBox, ReadResume};
use domain::text::{Span, VisibleText};
use image::{ImageFormat, Rgb, RgbImage, imageops};
use samples::{Document, encoded, show};
use scorers::reading::{Extraction, Eyes, Limits, read, read_with};

#[path = "reading_samples/mod.rs"]
mod samples;

/// What is stored, as whoever shows it reads it.
fn stored(extraction: &Extraction) -> (VisibleText, ReadResume) {
    let stored = serde_json::to_vec(extraction).unwrap();
    let read: ReadResume = serde_json::from_slice(&stored).unwrap();
    (VisibleText::from_pages(read.pages.iter().map(|page| page.text.as_str())), read)
}

/// Where some words stand.
fn places(extraction: &Extraction, words: &str) -> Vec<Place> {
    let (text, read) = stored(extraction);
    let from = text.as_str().find(words).unwrap_or_else(|| panic!("{words} in {}", text.as_str()));
    read.places(text.span_of_bytes(from, from + words.len()).unwrap())
}

fn one(extraction: &Extraction, words: &str) -> PlaceBox {
    let places = places(extraction, words);
    assert_eq!((places.len(), places[0].boxes.len()), (1, 1), "{words}: {places:?}");
    places[0].boxes[0]
}

fn pdf(document: Document) -> Extraction {
    read(&document.build(), &Limits::default()).result.unwrap()
}

fn page() -> Document {
    // Helvetica's H, e, l, o: 722, 556, 222, 556 thousandths of the size.
    Document::default()
        .page(&(show("Hello Jane", 72.0, 770.0, 10.0) + &show("Hello again", 300.0, 500.0, 20.0)))
}

#[track_caller]
fn assert_near(found: PlaceBox, expected: [f32; 4]) {
    let found = [found.left, found.top, found.right, found.bottom];
    let near = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.6);
    assert!(near, "{found:?}, not {expected:?}");
}

#[test]
fn words_of_a_pdf_are_where_they_were_set() {
    let read = pdf(page());
    let height = places(&read, "Jane")[0].height;
    let base = height - 770.0;
    // "Hello" is 22.78 wide, the space 2.78, "Jane" 21.68.
    assert_near(one(&read, "Hello Jane"), [72.0, base - 8.0, 119.2, base + 2.0]);
    assert_near(one(&read, "Jane"), [97.6, base - 8.0, 119.2, base + 2.0]);
    let base = height - 500.0;
    assert_near(one(&read, "again"), [351.1, base - 16.0, 400.1, base + 4.0]);
}

#[test]
fn a_turned_page_has_its_places_as_it_is_shown() {
    let upright = pdf(page());
    let (whole, at) = (places(&upright, "Jane").remove(0), one(&upright, "Jane"));
    for degrees in [90, 180, 270] {
        let turned = pdf(page().rotate(degrees));
        let found = places(&turned, "Jane").remove(0);
        let (width, height) = (whole.width, whole.height);
        let sides = if degrees == 180 { (width, height) } else { (height, width) };
        assert_eq!((found.width, found.height), sides, "{degrees}");
        let expected = match degrees {
            90 => [height - at.bottom, at.left, height - at.top, at.right],
            180 => [width - at.right, height - at.bottom, width - at.left, height - at.top],
            _ => [at.top, width - at.right, at.bottom, width - at.left],
        };
        assert_near(found.boxes[0], expected);
    }
}

#[test]
fn every_letter_of_a_page_has_a_place_on_it() {
    let columns: String = (0..12)
        .map(|n| f64::from(n) * 14.0)
        .map(|down| {
            show("Left column", 60.0, 700.0 - down, 10.0)
                + &show("Right column", 320.0, 694.0 - down, 10.0)
        })
        .collect();
    let read = pdf(Document::default().page(&columns));
    let (text, stored) = stored(&read);
    for (c, at) in text.as_str().chars().zip(0..).filter(|(c, _)| !c.is_whitespace()) {
        let places = stored.places(Span { start: at, end: at + 1 });
        let [Place { width, height, ref boxes, .. }] = places[..] else { panic!("{c} at {at}") };
        let [found] = boxes[..] else { panic!("{c} at {at}: {boxes:?}") };
        let inside =
            found.left >= 0.0 && found.right <= width && found.top >= 0.0 && found.bottom <= height;
        assert!(inside && found.left < found.right && found.top < found.bottom, "{c}: {found:?}");
    }
}

const LINES: [&str; 4] = [
    "Margaret Hamilton",
    "Lead software engineer, Cambridge",
    "Instrumentation Laboratory, 1965 to 1976",
    "Earlham College, bachelor of arts in mathematics, 1958",
];

fn askew(page: &RgbImage, degrees: f32) -> RgbImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (x0, y0) = (page.width() as f32 / 2.0, page.height() as f32 / 2.0);
    RgbImage::from_fn(page.width(), page.height(), |x, y| {
        let (dx, dy) = (x as f32 - x0, y as f32 - y0);
        let (x, y) = (x0 + dx * cos + dy * sin, y0 - dx * sin + dy * cos);
        imageops::interpolate_bilinear(page, x, y).unwrap_or(Rgb([255; 3]))
    })
}

fn seen(eyes: &Eyes, picture: &RgbImage) -> Extraction {
    let file = encoded(picture, ImageFormat::Png);
    read_with(&file, &samples::patient(), Some(eyes)).result.unwrap()
}

#[test]
fn a_word_of_a_picture_goes_when_its_place_is_painted_over() {
    let printed = samples::printed(&LINES);
    let eyes = Eyes::open(None).unwrap();
    for picture in
        [askew(&printed, 3.0), imageops::rotate90(&printed), imageops::rotate180(&printed)]
    {
        let extraction = seen(&eyes, &picture);
        let Place { width, height, boxes, .. } = places(&extraction, "Cambridge").remove(0);
        assert_eq!((width, height), (picture.width() as f32, picture.height() as f32));
        let PlaceBox { left, top, right, bottom } = boxes[0];
        let mut blotted = picture.clone();
        for (x, y, pixel) in blotted.enumerate_pixels_mut() {
            let (x, y) = (x as f32, y as f32);
            if x >= left - 2.0 && x <= right + 2.0 && y >= top - 2.0 && y <= bottom + 2.0 {
                *pixel = Rgb([255; 3]);
            }
        }
        let (text, _) = stored(&seen(&eyes, &blotted));
        assert!(!text.as_str().contains("ambridge"), "{}", text.as_str());
        for word in ["software", "Hamilton", "Laboratory"] {
            assert!(text.as_str().contains(word), "{word} in {}", text.as_str());
        }
    }
}
