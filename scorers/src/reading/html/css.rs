//! Declarations of CSS: what a page says of how an element looks, of what decides whether it shows.

use super::values::{self, Length, Paint};

/// One declaration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Said {
    Display(Display),
    Visible(bool),
    Opacity(f64),
    Size(Length),
    Color(Paint),
    /// The colour of letters, over [`Said::Color`].
    Letters(Paint),
    /// Letters show what is behind them.
    BehindInLetters,
    Background(Paint),
    /// A picture or a gradient; or that there is none.
    Picture(bool),
    Indent(Length),
    Positioned(bool),
    /// A distance from where it would be: from the left or the top edge.
    Offset(Length),
    Margin(Length),
    Width(Length),
    Height(Length),
    Overflow(bool),
    Clipped(bool),
    /// Made as small as nothing.
    Scaled,
    Preformatted(bool),
    Bullets(bool),
    Floats(bool),
    Column(bool),
    /// In a font of pictures.
    Symbols(bool),
}

impl Said {
    /// Whether it puts something behind text.
    pub(super) fn paints(self) -> bool {
        match self {
            Self::Picture(picture) => picture,
            Self::Background(Paint::Rgba(_, alpha)) => alpha > 0.0,
            Self::Background(paint) => paint == Paint::Unknown,
            _ => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Display {
    None,
    Inline,
    Block,
    Item,
    Table,
    Row,
    Cell,
    /// Its children stand side by side.
    Beside,
    /// As if only its children were there.
    Contents,
}

/// Reads declarations, each with whether it is important.
pub(super) fn declarations(text: &str) -> Vec<(Said, bool)> {
    let mut said = Vec::new();
    for declaration in split(text, ';') {
        let Some((name, value)) = declaration.split_once(':') else { continue };
        let value = value.trim().to_ascii_lowercase();
        let (value, important) = match value.rsplit_once('!') {
            Some((value, mark)) if mark.trim() == "important" => (value.trim(), true),
            _ => (value.as_str(), false),
        };
        note(name.trim().to_ascii_lowercase().as_str(), value, &mut |one| {
            said.push((one, important));
        });
    }
    said
}

/// Splits at a separator that is neither in quotes nor in brackets.
pub(super) fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut from, mut depth, mut quote) = (0, 0usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, c) if c == separator && depth == 0 => {
                parts.extend(text.get(from..at));
                from = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.extend(text.get(from..));
    parts
}

fn note(name: &str, value: &str, say: &mut impl FnMut(Said)) {
    let length = || values::length(value);
    match name {
        "display" => {
            if let Some(display) = display(value) {
                say(Said::Display(display));
            }
        }
        "visibility" => say(Said::Visible(!matches!(value, "hidden" | "collapse"))),
        "content-visibility" if value == "hidden" => say(Said::Opacity(0.0)),
        "opacity" => {
            if let Some(opacity) = part(value) {
                say(Said::Opacity(opacity));
            }
        }
        "filter" => {
            if let Some((_, rest)) = value.split_once("opacity(")
                && let Some(opacity) = rest.split_once(')').and_then(|(value, _)| part(value))
            {
                say(Said::Opacity(opacity));
            }
        }
        "font-size" => values::size(value).map(Said::Size).into_iter().for_each(say),
        "font" => {
            say(Said::Symbols(is_of_pictures(value)));
            font(value).map(Said::Size).into_iter().for_each(say);
        }
        "font-family" => say(Said::Symbols(is_of_pictures(value))),
        "color" => values::paint(value).map(Said::Color).into_iter().for_each(say),
        "-webkit-text-fill-color" => {
            values::paint(value).map(Said::Letters).into_iter().for_each(say);
        }
        "background-clip" | "-webkit-background-clip" if value == "text" => {
            say(Said::BehindInLetters);
        }
        "background-color" => values::paint(value).map(Said::Background).into_iter().for_each(say),
        "background-image" => say(Said::Picture(value != "none")),
        "background" => background(value, say),
        "text-indent" => length().map(Said::Indent).into_iter().for_each(say),
        "position" => say(Said::Positioned(matches!(value, "absolute" | "fixed"))),
        "left" | "top" => length().map(Said::Offset).into_iter().for_each(say),
        "right" | "bottom" => length().map(|l| Said::Offset(negated(l))).into_iter().for_each(say),
        "margin-left" | "margin-top" => length().map(Said::Margin).into_iter().for_each(say),
        "margin" => {
            let sides = value.split_whitespace().filter_map(values::length);
            // The top comes first, and the left last.
            sides.filter(|side| far(*side, 12.0)).take(1).map(Said::Margin).for_each(say);
        }
        "width" | "max-width" => length().map(Said::Width).into_iter().for_each(say),
        "height" | "max-height" => length().map(Said::Height).into_iter().for_each(say),
        "overflow" | "overflow-x" | "overflow-y" => {
            say(Said::Overflow(value.contains("hidden") || value.contains("clip")));
        }
        "clip" => say(Said::Clipped(is_empty_rect(value))),
        "clip-path" | "-webkit-clip-path" => say(Said::Clipped(is_empty_path(value))),
        "transform" | "scale" | "translate" => transform(name, value, say),
        "white-space" => {
            say(Said::Preformatted(value.starts_with("pre") || value == "break-spaces"))
        }
        "list-style" | "list-style-type" => say(Said::Bullets(!value.contains("none"))),
        "float" => say(Said::Floats(matches!(value, "left" | "right"))),
        "flex-direction" | "flex-flow" => say(Said::Column(value.contains("column"))),
        _ => {}
    }
}

fn display(value: &str) -> Option<Display> {
    Some(match value {
        "none" => Display::None,
        "inline" | "inline-block" | "inline-flex" | "inline-grid" | "inline-table" => {
            Display::Inline
        }
        "block" | "flow-root" => Display::Block,
        "list-item" => Display::Item,
        "table" => Display::Table,
        "table-row" => Display::Row,
        "table-cell" => Display::Cell,
        "flex" | "grid" => Display::Beside,
        "contents" => Display::Contents,
        _ => return None,
    })
}

/// A number from 0 to 1, or a percentage.
fn part(value: &str) -> Option<f64> {
    match value.trim().strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().ok().map(|percent| percent / 100.0),
        None => value.trim().parse().ok(),
    }
}

/// The size in `font: italic 12px/1.5 Arial`.
fn font(value: &str) -> Option<Length> {
    value.split_whitespace().find_map(|word| {
        let word = word.split('/').next()?;
        let sized = word.starts_with(|c: char| c.is_ascii_digit() || c == '.');
        let weight = sized && word.bytes().all(|byte| byte.is_ascii_digit()) && word != "0";
        (!weight).then(|| values::size(word)).flatten()
    })
}

fn is_of_pictures(family: &str) -> bool {
    let first = family.split(',').next().unwrap_or_default();
    first.contains("wingdings") || first.trim_matches(['"', '\'', ' ']).ends_with("symbol")
}

fn background(value: &str, say: &mut impl FnMut(Said)) {
    let picture = ["url(", "gradient(", "image(", "image-set("].iter().any(|p| value.contains(p));
    say(Said::Picture(picture));
    let words = split(value, ' ');
    let paint = words.into_iter().find_map(values::paint);
    // What says nothing of a colour takes the one before away.
    say(Said::Background(paint.unwrap_or(Paint::Rgba([0; 3], 0.0))));
}

fn negated(length: Length) -> Length {
    match length {
        Length::Points(points) => Length::Points(-points),
        Length::Ems(ems) => Length::Ems(-ems),
        Length::Rems(rems) => Length::Rems(-rems),
        Length::Part(part) => Length::Part(-part),
    }
}

/// Whether that far to the left, or up, nothing is on the page. Text is of this size, in points.
pub(super) fn far(length: Length, size: f64) -> bool {
    const FAR: f64 = -400.0;
    match length {
        Length::Points(points) => points < FAR,
        Length::Ems(ems) => ems * size < FAR,
        Length::Rems(rems) => rems * 12.0 < FAR,
        Length::Part(part) => part <= -1.0,
    }
}

/// `rect(0 0 0 0)`, or one as small as a dot.
fn is_empty_rect(value: &str) -> bool {
    let Some(inner) = value.strip_prefix("rect(") else { return false };
    let sides: Vec<Length> =
        inner.trim_end_matches(')').split([',', ' ']).filter_map(values::length).collect();
    match sides.as_slice() {
        [
            Length::Points(top),
            Length::Points(right),
            Length::Points(bottom),
            Length::Points(left),
        ] => bottom - top <= 1.0 || right - left <= 1.0,
        _ => false,
    }
}

fn is_empty_path(value: &str) -> bool {
    let Some((shape, inner)) = value.split_once('(') else { return false };
    let first = inner.split([' ', ',', ')']).next().and_then(values::length);
    match (shape, first) {
        ("inset", Some(Length::Part(part))) => part >= 0.5,
        ("circle" | "ellipse", Some(Length::Points(points))) => points <= 1.0,
        ("circle" | "ellipse", Some(Length::Part(part))) => part <= 0.0,
        ("polygon", Some(_)) => {
            let numbers = inner.trim_end_matches(')').split([' ', ',']).filter(|n| !n.is_empty());
            numbers.map(values::length).all(|n| matches!(n, Some(Length::Points(p)) if p == 0.0))
        }
        _ => false,
    }
}

fn transform(name: &str, value: &str, say: &mut impl FnMut(Said)) {
    let arguments = |function: &str| {
        let (_, rest) = value.split_once(function)?;
        rest.split_once(')').map(|(arguments, _)| arguments)
    };
    let scaled = match name {
        "scale" => Some(value),
        _ => ["scale(", "scalex(", "scaley("].iter().find_map(|function| arguments(function)),
    };
    let small = |number: &str| part(number).is_some_and(|times| times.abs() < 0.05);
    if scaled.is_some_and(|scaled| scaled.split([',', ' ']).any(small)) {
        say(Said::Scaled);
    }
    let moved = match name {
        "translate" => Some(value),
        _ => ["translate(", "translatex(", "translatey(", "translate3d("]
            .iter()
            .find_map(|function| arguments(function)),
    };
    // A part is of the element itself here: half of it is how things are centred.
    let lengths = moved.into_iter().flat_map(|moved| moved.split([',', ' ']));
    let off = lengths.filter_map(values::length).find(|length| far(*length, 12.0));
    if let Some(off @ (Length::Points(_) | Length::Ems(_) | Length::Rems(_))) = off {
        say(Said::Margin(off));
    }
}
