//! The ways in which text is hidden from people but not from programs, and a few harmless ways
//! of setting text that look like them to a careless check.

use super::font::Font;
use super::page::{Color, Page, Style};
use super::raster::Raster;

/// One way of setting a line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hiding {
    /// White on white paper.
    White,
    /// A colour that differs from the paper by less than an eye sees.
    NearWhite,
    /// One point high.
    Tiny,
    /// Text render mode 3.
    RenderMode3,
    /// Right of the page's edge.
    OffPage,
    /// Under a white box painted later.
    UnderRectangle,
    /// Under an image painted later.
    UnderImage,
    /// Outside of the clipping path.
    ClippedAway,
    /// An alpha of 0.
    Transparent,
    /// On an optional layer that is switched off.
    LayerOff,
    /// Harmless: white on a dark banner painted before.
    OnDarkBanner,
    /// Harmless: grey, as designers set dates.
    Grey,
    /// Harmless: small print of seven points.
    SmallPrint,
}

impl Hiding {
    /// Every way, the hidden ones first.
    pub const ALL: [Self; 13] = [
        Self::White,
        Self::NearWhite,
        Self::Tiny,
        Self::RenderMode3,
        Self::OffPage,
        Self::UnderRectangle,
        Self::UnderImage,
        Self::ClippedAway,
        Self::Transparent,
        Self::LayerOff,
        Self::OnDarkBanner,
        Self::Grey,
        Self::SmallPrint,
    ];

    /// Whether a person looking at the page does not see the text.
    pub fn is_hidden(self) -> bool {
        !matches!(self, Self::OnDarkBanner | Self::Grey | Self::SmallPrint)
    }

    /// Sets `text` this way with its baseline at (`x`, `y`).
    pub fn draw(self, page: &mut Page, x: f32, y: f32, text: &str) {
        let plain = Style::new(Font::Regular, 10.0);
        let width = plain.width(text) + 8.0;
        match self {
            Self::White => page.text(x, y, &plain.color(Color::WHITE), text),
            Self::NearWhite => page.text(x, y, &plain.color(Color::NEAR_WHITE), text),
            Self::Tiny => page.text(x, y, &Style::new(Font::Regular, 1.0), text),
            Self::RenderMode3 => page.text(x, y, &plain.invisible(), text),
            Self::OffPage => {
                let beyond = page.size().0 + 40.0;
                page.text(beyond, y, &plain, text)
            }
            Self::UnderRectangle => {
                page.text(x, y, &plain, text).rect(x - 4.0, y - 4.0, width, 16.0, Color::WHITE)
            }
            Self::UnderImage => {
                let image = Raster::white(32, 4);
                page.text(x, y, &plain, text).image(x - 4.0, y - 4.0, width, 16.0, image)
            }
            Self::ClippedAway => page.clipped([x, y - 60.0, 20.0, 10.0], |page| {
                page.text(x, y, &plain, text);
            }),
            Self::Transparent => page.transparent(|page| {
                page.text(x, y, &plain, text);
            }),
            Self::LayerOff => page.on_hidden_layer(|page| {
                page.text(x, y, &plain, text);
            }),
            Self::OnDarkBanner => page.rect(x - 4.0, y - 4.0, width, 16.0, Color::NAVY).text(
                x,
                y,
                &plain.color(Color::WHITE),
                text,
            ),
            Self::Grey => page.text(x, y, &plain.color(Color::GREY), text),
            Self::SmallPrint => page.text(x, y, &Style::new(Font::Regular, 7.0), text),
        };
    }
}

/// A page as a scanner gives it: an image of `lines` (ASCII), slightly askew, and no text at all.
pub fn scan(lines: &[&str]) -> Page {
    let mut page = Page::a4();
    let mut image = Raster::white(496, 702);
    for (index, line) in lines.iter().enumerate() {
        image.text(42, 40 + index * 11, 1, line);
    }
    image.dust(42, 90);
    // About half a degree, the way paper lies on the glass.
    page.image_by([595.0, 4.0, -6.0, 842.0, 3.0, -2.0], image);
    page
}

/// The same with the text laid over it in render mode 3, as scanners with text recognition do:
/// a person sees the words in the image, so nothing is hidden.
pub fn recognised_scan(lines: &[&str]) -> Page {
    let mut page = scan(lines);
    let style = Style::new(Font::Regular, 10.0).invisible();
    for (index, line) in lines.iter().enumerate() {
        page.text(50.0, 842.0 - (48 + index * 11) as f32 * 1.2, &style, line);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::Pdf;

    #[test]
    fn every_way_writes_its_text() {
        for way in Hiding::ALL {
            let mut page = Page::a4();
            way.draw(&mut page, 60.0, 700.0, "secret words");
            let bytes = Pdf::of([page]).finish();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert!(text.contains("(secret words)"), "{way:?}");
            assert_eq!(text.contains("/OCProperties"), way == Hiding::LayerOff, "{way:?}");
        }
    }

    #[test]
    fn a_scan_has_no_text_until_recognised() {
        let shows = |page: Page| String::from_utf8_lossy(page.content.as_bytes()).contains("Tj");
        assert!(!shows(scan(&["Ronan Kelly"])));
        assert!(shows(recognised_scan(&["Ronan Kelly"])));
    }
}
