//! Upright: pages that were scanned or photographed askew, on their side or upside down.

use hayro_interpret::kurbo::{Affine, Point};
use image::{GrayImage, Luma, Rgb, RgbImage, imageops};

use super::blobs::Blob;

/// Pages are straightened from and to this many degrees.
const LEAST: f32 = 0.15;
const MOST: f32 = 10.0;
/// A page lies on its side when its lines are so much clearer that way.
const CLEARLY: f64 = 1.3;
/// The longer side of the copy on which the slope is measured.
const MEASURED: u32 = 1_000;

/// The page with its lines level and from left to right, or upside down; and how it is taken back to as it was.
pub(super) fn levelled(page: RgbImage) -> (RgbImage, Affine) {
    let small = shrunk(&page);
    let ink = ink(&small);
    if ink.len() < 200 {
        return (page, Affine::IDENTITY);
    }
    let (width, height) = (small.width() as f32, small.height() as f32);
    let as_it_is = slope(&ink, width, height);
    let on_its_side: Vec<(f32, f32)> = ink.iter().map(|(x, y)| (-y, *x)).collect();
    let turned_by_90 = slope(&on_its_side, height, width);
    let (page, back, found) = if turned_by_90.sharpness > as_it_is.sharpness * CLEARLY {
        let back = Affine::new([0.0, -1.0, 1.0, 0.0, 0.0, f64::from(page.height())]);
        (imageops::rotate90(&page), back, turned_by_90)
    } else {
        (page, Affine::IDENTITY, as_it_is)
    };
    match found.degrees {
        0.0 => (page, back),
        degrees => {
            let turn = Affine::rotate_about(f64::from(degrees).to_radians(), middle(&page));
            (turned(&page, degrees), back * turn)
        }
    }
}

/// Takes a page that was turned upside down back.
pub(super) fn turned_round(page: &RgbImage) -> Affine {
    Affine::rotate_about(std::f64::consts::PI, middle(page))
}

fn middle(page: &RgbImage) -> Point {
    Point::new(f64::from(page.width()) / 2.0, f64::from(page.height()) / 2.0)
}

/// How a page's lines lie.
struct Slope {
    /// By how much they go down to the right.
    degrees: f32,
    /// How clearly they are lines.
    sharpness: f64,
}

/// The slope of a page's lines.
///
/// Dark pixels are summed along lines of each slope; where lines of text and the gaps between them fall together, the sums differ
/// most from one to the next (Postl's method: U.S. patent 4,723,297, expired).
fn slope(ink: &[(f32, f32)], width: f32, height: f32) -> Slope {
    let at = |degrees: f32| Slope { degrees, sharpness: sharpness(ink, height, width, degrees) };
    let best = |from: f32, to: f32, step: f32| {
        let count = ((to - from) / step).round() as u32;
        let slopes = (0..=count).map(|n| at(from + n as f32 * step));
        slopes.fold(at(0.0), |a, b| if b.sharpness > a.sharpness { b } else { a })
    };
    let coarse = best(-MOST, MOST, 0.5).degrees;
    let fine = best(coarse - 0.5, coarse + 0.5, 0.05);
    // No slope is much sharper than none: there is nothing to straighten, or nothing to go by.
    let level = at(0.0);
    if fine.degrees.abs() < LEAST || fine.sharpness < level.sharpness * 1.05 { level } else { fine }
}

/// A copy that is small enough to measure, in grey.
fn shrunk(page: &RgbImage) -> GrayImage {
    let (width, height) = page.dimensions();
    let shrink = (MEASURED as f32 / width.max(height) as f32).min(1.0);
    let side = |length: u32| ((length as f32 * shrink) as u32).max(1);
    imageops::thumbnail(&imageops::grayscale(page), side(width), side(height))
}

/// Where it is dark, to the middle.
fn ink(page: &GrayImage) -> Vec<(f32, f32)> {
    let total: u64 = page.pixels().map(|Luma([v])| u64::from(*v)).sum();
    let mean = total / u64::from(page.width() * page.height()).max(1);
    let dark = (mean * 7 / 10) as u8;
    let (x0, y0) = (page.width() as f32 / 2.0, page.height() as f32 / 2.0);
    let pixels = page.enumerate_pixels().filter(|(_, _, Luma([v]))| *v < dark);
    pixels.map(|(x, y, _)| (x as f32 - x0, y as f32 - y0)).collect()
}

fn sharpness(ink: &[(f32, f32)], height: f32, width: f32, degrees: f32) -> f64 {
    let slope = degrees.to_radians().tan();
    let reach = height / 2.0 + width / 2.0 * slope.abs() + 1.0;
    let mut rows = vec![0u32; (reach * 2.0) as usize + 2];
    for (x, y) in ink {
        let row = (y - x * slope + reach) as usize;
        if let Some(row) = rows.get_mut(row) {
            *row += 1;
        }
    }
    rows.windows(2).map(|pair| (f64::from(pair[1]) - f64::from(pair[0])).powi(2)).sum()
}

/// Turned anticlockwise about its middle, at its size; corners that come from outside are white.
fn turned(page: &RgbImage, degrees: f32) -> RgbImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (width, height) = page.dimensions();
    let (x0, y0) = (width as f32 / 2.0, height as f32 / 2.0);
    RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x as f32 - x0, y as f32 - y0);
        let (from_x, from_y) = (x0 + dx * cos - dy * sin, y0 + dx * sin + dy * cos);
        imageops::interpolate_bilinear(page, from_x, from_y).unwrap_or(Rgb([255; 3]))
    })
}

/// By how much more letters of these lines reach down than up, from -1 to 1; 0 where nothing tells.
///
/// In Latin, Greek and Cyrillic text more letters have ascenders than descenders, so that a page whose letters reach down is upside
/// down (Bloomberg, Kopec and Dasari, "Measuring document image skew and orientation", SPIE 2422, 1995).
pub(super) fn reach_down(page: &RgbImage, lines: &[Blob]) -> f64 {
    let (mut up, mut down) = (0.0, 0.0);
    for line in lines {
        let crop = imageops::crop_imm(page, line.left, line.top, line.width(), line.height());
        let crop = imageops::grayscale(&crop.to_image());
        let (above, below) = outside_of_the_band(&crop);
        up += above;
        down += below;
    }
    if up + down == 0.0 { 0.0 } else { (down - up) / (up + down) }
}

/// How much of a line's ink is above, and below, the band in which small letters are.
fn outside_of_the_band(line: &GrayImage) -> (f64, f64) {
    let (darkest, lightest) =
        line.pixels().fold((255, 0), |(low, high), Luma([v])| (low.min(*v), high.max(*v)));
    let middle = u8::midpoint(darkest, lightest);
    // Light letters on dark are letters, too: ink is what there is less of.
    let dark = line.pixels().filter(|Luma([v])| *v < middle).count();
    let dark_is_ink = dark * 2 < line.pixels().len();
    let is_ink = |Luma([v]): &Luma<u8>| (*v < middle) == dark_is_ink;
    let rows: Vec<usize> = line.rows().map(|row| row.filter(|p| is_ink(p)).count()).collect();
    let most = rows.iter().copied().max().unwrap_or(0);
    let in_band = |ink: &usize| *ink * 2 > most;
    let (Some(first), Some(last)) = (rows.iter().position(in_band), rows.iter().rposition(in_band))
    else {
        return (0.0, 0.0);
    };
    let sum = |rows: &[usize]| rows.iter().sum::<usize>() as f64;
    (sum(&rows[..first]), sum(&rows[last + 1..]))
}
