//! Pictures: files of pixels, decoded within limits, the way up that they say they are.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, RgbImage, Rgba, imageops};

use super::tiff;
use crate::reading::{Failure, Limits};

/// The longer side of a page as it is read, in pixels: A4 at 250 dots per inch. Cameras take more, of which nothing is gained.
const LONGEST: u32 = 2_900;

/// What formats are read.
fn format(media_type: &str) -> Option<ImageFormat> {
    Some(match media_type {
        "image/png" => ImageFormat::Png,
        "image/jpeg" => ImageFormat::Jpeg,
        "image/tiff" => ImageFormat::Tiff,
        "image/webp" => ImageFormat::WebP,
        _ => return None,
    })
}

/// Whether pictures of this type can be read.
pub(crate) fn readable(media_type: &str) -> bool {
    format(media_type).is_some()
}

/// Where the first page begins in a file that has one: wherever it says.
const FIRST: u32 = 0;

/// Where the pages of a file of pictures begin, at most so many: only a TIFF has more than one. Never none.
pub(crate) fn pages(bytes: &[u8], media_type: &str, most: usize) -> Vec<u32> {
    let pages = match format(media_type) {
        Some(ImageFormat::Tiff) => tiff::pages(bytes, most),
        _ => Vec::new(),
    };
    if pages.is_empty() { vec![FIRST] } else { pages }
}

/// Decodes each page of a file of pictures, as it is asked for.
///
/// # Errors
/// Why the first page is none.
pub(crate) fn decoded(
    bytes: &[u8],
    media_type: &str,
    limits: &Limits,
) -> Result<impl Iterator<Item = Option<RgbImage>>, Failure> {
    let mut pages = pages(bytes, media_type, limits.pages as usize).into_iter();
    let page = |at: u32| match at {
        FIRST => decode(bytes, media_type, limits),
        at => decode(&tiff::beginning_at(bytes, at), media_type, limits),
    };
    let first = page(pages.next().unwrap_or(FIRST))?;
    let rest = pages.map(move |at| page(at).ok());
    Ok(std::iter::once(Some(first)).chain(rest))
}

/// Decodes a picture. Of one with several pages or frames, the first.
fn decode(bytes: &[u8], media_type: &str, limits: &Limits) -> Result<RgbImage, Failure> {
    let format = format(media_type).ok_or(Failure::UnsupportedType)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut most = image::Limits::default();
    most.max_alloc = Some(limits.memory / 2);
    reader.limits(most);
    let failed = |error| match error {
        image::ImageError::Limits(_) => Failure::TooLarge,
        image::ImageError::Unsupported(_) => Failure::UnsupportedType,
        _ => Failure::Corrupt,
    };
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits.pixels {
        return Err(Failure::TooLarge);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(failed)?;
    picture.apply_orientation(orientation);
    Ok(of_page_size(on_white(picture)))
}

/// What can be seen through is on paper.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let mut paper = picture.into_rgba8();
    for Rgba([r, g, b, alpha]) in paper.pixels_mut() {
        for channel in [r, g, b] {
            let seen = u32::from(*channel) * u32::from(*alpha) + 255 * (255 - u32::from(*alpha));
            *channel = (seen / 255) as u8;
        }
        *alpha = 255;
    }
    DynamicImage::ImageRgba8(paper).into_rgb8()
}

fn of_page_size(picture: RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest <= LONGEST {
        return picture;
    }
    let side = |length: u32| (u64::from(length) * u64::from(LONGEST) / u64::from(longest)).max(1);
    imageops::thumbnail(&picture, side(width) as u32, side(height) as u32)
}
