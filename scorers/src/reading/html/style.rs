//! How an element looks: what browsers say of it, what its page says, and what it is in.

use super::css::{Display, Said, declarations, far};
use super::sheet::Sheet;
use super::tree::{Element, Id, Tree};
use super::values::{Length, Paint, attribute_paint};
use crate::reading::looks::{self, Behind, PAPER};
use crate::reading::{Failure, HiddenKind};

/// How an element looks, and the text in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) display: Display,
    pub(super) preformatted: bool,
    pub(super) bullets: bool,
    /// Its font has pictures for letters.
    pub(super) symbols: bool,
    /// It stands apart from the line that it is in.
    pub(super) apart: bool,
    /// A colour or a picture of its own is behind it.
    pub(super) painted: bool,
    visible: bool,
    gone: bool,
    off_page: bool,
    indented_away: bool,
    opacity: f64,
    /// In points.
    size: f64,
    /// None is a colour that is not known, and is taken to show.
    color: Option<([u8; 3], f64)>,
    /// The same for letters, where it is said of them.
    letters: Option<Option<([u8; 3], f64)>>,
    behind: Behind,
}

/// Black on white, in the size that browsers have.
pub(super) const PAGE: Style = Style {
    display: Display::Block,
    preformatted: false,
    bullets: true,
    symbols: false,
    apart: false,
    painted: false,
    visible: true,
    gone: false,
    off_page: false,
    indented_away: false,
    opacity: 1.0,
    size: USUAL,
    color: Some(([0; 3], 1.0)),
    letters: None,
    behind: PAPER,
};

/// The size of text that nothing says the size of, in points.
const USUAL: f64 = 12.0;
/// Below this opacity nothing is seen.
const FAINT: f64 = 0.05;
/// At most this wide or high, in points, nothing shows of what does not overflow.
const DOT: f64 = 0.75;

impl Style {
    /// Why text cannot be seen here, if it cannot.
    pub(super) fn hidden_kind(&self) -> Option<HiddenKind> {
        let color = self.letters.unwrap_or(self.color);
        let alpha = self.opacity * color.map_or(1.0, |(_, alpha)| alpha);
        if self.gone || !self.visible || alpha < FAINT {
            return Some(HiddenKind::Invisible);
        }
        if self.off_page || self.indented_away {
            return Some(HiddenKind::OffPage);
        }
        let seen = color.map(|(rgb, _)| match self.behind {
            Behind::Rgb(behind) => mix(rgb, behind, alpha),
            Behind::Unknown => rgb,
        });
        looks::hidden_kind(seen, self.size, self.behind)
    }
}

/// What `rgb` at opacity `alpha` looks like over `behind`.
fn mix(rgb: [u8; 3], behind: [u8; 3], alpha: f64) -> [u8; 3] {
    let alpha = alpha.clamp(0.0, 1.0);
    let mut mixed = behind;
    for (mixed, over) in mixed.iter_mut().zip(rgb) {
        *mixed = (f64::from(over) * alpha + f64::from(*mixed) * (1.0 - alpha)).round() as u8;
    }
    mixed
}

/// How an element looks in one that looks like `around`. `painted` is whether anything before it on
/// the page is painted: what is behind a thing that was moved is not known then.
pub(super) fn of(
    tree: &Tree,
    id: Id,
    element: &Element,
    sheet: &Sheet,
    around: &Style,
    painted: bool,
) -> Result<Style, Failure> {
    let mut said: Vec<(Said, bool)> = Vec::new();
    attributes(element, &mut |one| said.push((one, false)));
    said.extend(sheet.said_of(tree, id)?);
    said.extend(declarations(element.attribute("style").unwrap_or_default()));
    let mut look = Look::of(element, around);
    for important in [false, true] {
        for (one, _) in said.iter().filter(|(_, is)| *is == important) {
            look.note(*one, around);
        }
    }
    Ok(look.style(around, painted))
}

/// What attributes say that are older than style sheets.
fn attributes(element: &Element, say: &mut impl FnMut(Said)) {
    let paint = |name: &str| element.attribute(name).and_then(attribute_paint);
    if element.attribute("hidden").is_some() {
        say(Said::Display(Display::None));
    }
    match element.name() {
        "dialog" if element.attribute("open").is_none() => say(Said::Display(Display::None)),
        "a" if element.attribute("href").is_some() => {
            say(Said::Color(Paint::Rgba([0, 0, 0xEE], 1.0)));
        }
        "mark" => say(Said::Background(Paint::Rgba([255, 255, 0], 1.0))),
        _ => {}
    }
    if let Some(color) = paint("bgcolor") {
        say(Said::Background(color));
    }
    if element.attribute("background").is_some() {
        say(Said::Picture(true));
    }
    let name = if element.name() == "body" { "text" } else { "color" };
    if let Some(color) = paint(name).filter(|_| matches!(element.name(), "font" | "body")) {
        say(Said::Color(color));
    }
}

/// An element's style in the making: parts that only together say something.
struct Look {
    style: Style,
    opacity: f64,
    background: Option<Paint>,
    picture: Option<bool>,
    positioned: bool,
    clipped: bool,
    scaled: bool,
    overflow: bool,
    behind_in_letters: bool,
    column: bool,
    small: [bool; 2],
    offset: bool,
    margin: bool,
    whole_indent: bool,
}

impl Look {
    fn of(element: &Element, around: &Style) -> Self {
        let style = Style {
            display: usual_display(element.name()),
            apart: false,
            painted: false,
            preformatted: around.preformatted || matches!(element.name(), "pre" | "textarea"),
            bullets: around.bullets || matches!(element.name(), "ul" | "ol"),
            ..*around
        };
        Self {
            style,
            opacity: 1.0,
            background: None,
            picture: None,
            positioned: false,
            clipped: false,
            scaled: false,
            overflow: false,
            behind_in_letters: false,
            column: false,
            small: [false; 2],
            offset: false,
            margin: false,
            whole_indent: false,
        }
    }

    fn note(&mut self, said: Said, around: &Style) {
        let style = &mut self.style;
        let far_here = |length: Length| far(length, style.size);
        match said {
            Said::Display(display) => style.display = display,
            Said::Visible(visible) => style.visible = visible,
            Said::Opacity(opacity) => self.opacity = opacity,
            Said::Size(length) => {
                style.size = match length {
                    Length::Points(points) => points,
                    Length::Ems(ems) => around.size * ems,
                    Length::Rems(rems) => USUAL * rems,
                    Length::Part(_) => style.size,
                };
            }
            Said::Color(paint) => {
                style.color = color(paint, around.color);
                style.letters = None;
            }
            Said::Letters(paint) => style.letters = Some(color(paint, around.color)),
            Said::BehindInLetters => self.behind_in_letters = true,
            Said::Background(paint) => self.background = Some(paint),
            Said::Picture(picture) => self.picture = Some(picture),
            Said::Indent(length) => {
                style.indented_away = far_here(length);
                self.whole_indent = matches!(length, Length::Part(part) if part >= 1.0);
            }
            Said::Positioned(positioned) => self.positioned = positioned,
            Said::Offset(length) => {
                let beyond = matches!(length, Length::Points(points) if points > 3000.0);
                self.offset |= far_here(length) || beyond;
            }
            Said::Margin(length) => {
                self.margin |= far_here(length) && !matches!(length, Length::Part(_));
            }
            Said::Width(length) => self.small[0] = is_dot(length),
            Said::Height(length) => self.small[1] = is_dot(length),
            Said::Overflow(overflow) => self.overflow = overflow,
            Said::Clipped(clipped) => self.clipped = clipped,
            Said::Scaled => self.scaled = true,
            Said::Preformatted(preformatted) => style.preformatted = preformatted,
            Said::Bullets(bullets) => style.bullets = bullets,
            Said::Symbols(symbols) => style.symbols = symbols,
            Said::Floats(floats) => style.apart = floats,
            Said::Column(column) => self.column = column,
        }
    }

    fn style(self, around: &Style, painted: bool) -> Style {
        let mut style = self.style;
        style.gone |= style.display == Display::None || self.scaled;
        style.opacity *= self.opacity.clamp(0.0, 1.0);
        style.off_page |= self.clipped
            || self.margin
            || self.offset
            || self.overflow && (self.small.contains(&true) || self.whole_indent);
        if self.column && style.display == Display::Beside {
            style.display = Display::Block;
        }
        if around.display == Display::Beside && style.display != Display::None {
            style.display = match style.display {
                Display::Inline | Display::Block | Display::Item => Display::Cell,
                other => other,
            };
        }
        style.apart |= self.positioned;
        if self.positioned && painted {
            style.behind = Behind::Unknown;
        }
        if self.behind_in_letters {
            style.color = None;
            style.letters = None;
        } else if self.picture == Some(true) {
            style.behind = Behind::Unknown;
            style.painted = true;
        } else if let Some(paint) = self.background {
            let behind = match (paint, style.behind) {
                (Paint::Rgba(_, alpha), behind) if alpha < FAINT => behind,
                (Paint::Rgba(rgb, alpha), Behind::Rgb(behind)) => {
                    Behind::Rgb(mix(rgb, behind, alpha))
                }
                (Paint::Rgba(rgb, alpha), Behind::Unknown) if alpha > 0.9 => Behind::Rgb(rgb),
                (Paint::Inherited, behind) => behind,
                _ => Behind::Unknown,
            };
            style.painted = behind != style.behind;
            style.behind = behind;
        }
        style
    }
}

fn color(paint: Paint, around: Option<([u8; 3], f64)>) -> Option<([u8; 3], f64)> {
    match paint {
        Paint::Rgba(rgb, alpha) => Some((rgb, alpha)),
        Paint::Inherited => around,
        Paint::Unknown => None,
    }
}

fn is_dot(length: Length) -> bool {
    match length {
        Length::Points(points) => points <= DOT,
        Length::Ems(part) | Length::Rems(part) | Length::Part(part) => part <= 0.0,
    }
}

fn usual_display(name: &str) -> Display {
    match name {
        "li" => Display::Item,
        "table" => Display::Table,
        "tr" => Display::Row,
        "td" | "th" => Display::Cell,
        "address" | "article" | "aside" | "blockquote" | "body" | "caption" | "center" | "dd"
        | "details" | "dialog" | "dir" | "div" | "dl" | "dt" | "fieldset" | "figcaption"
        | "figure" | "footer" | "form" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "header"
        | "hgroup" | "hr" | "html" | "legend" | "listing" | "main" | "menu" | "nav" | "ol"
        | "p" | "plaintext" | "pre" | "search" | "section" | "summary" | "tbody" | "tfoot"
        | "thead" | "ul" | "xmp" => Display::Block,
        _ => Display::Inline,
    }
}
