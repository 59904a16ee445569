//! Values of CSS: colours and lengths.

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Paint {
    Rgba([u8; 3], f64),
    /// As around it.
    Inherited,
    /// One that is worked out elsewhere, as by `var()`.
    Unknown,
}

/// A length, in points where it is absolute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Length {
    Points(f64),
    /// Of the size of the text.
    Ems(f64),
    /// Of the size of the page's text.
    Rems(f64),
    /// Of what is around it, 1 being all of it.
    Part(f64),
}

/// A length; `em` after `rem`, which it ends.
pub(super) fn length(value: &str) -> Option<Length> {
    const UNITS: [(&str, f64); 7] = [
        ("px", 0.75),
        ("pt", 1.0),
        ("pc", 12.0),
        ("in", 72.0),
        ("cm", 72.0 / 2.54),
        ("mm", 7.2 / 2.54),
        ("q", 1.8 / 2.54),
    ];
    let value = value.trim();
    let number = |unit: &str| value.strip_suffix(unit)?.trim().parse::<f64>().ok();
    if let Some(rems) = number("rem") {
        return Some(Length::Rems(rems));
    }
    if let Some(ems) = number("em").or_else(|| number("ch").map(|chs| chs / 2.0)) {
        return Some(Length::Ems(ems));
    }
    if let Some(part) = number("%").or_else(|| number("vw")).or_else(|| number("vh")) {
        return Some(Length::Part(part / 100.0));
    }
    if let Some(points) =
        UNITS.iter().find_map(|(unit, times)| number(unit).map(|length| length * times))
    {
        return Some(Length::Points(points));
    }
    // Without a unit only zero is a length, but browsers take pixels in old pages.
    value.parse::<f64>().ok().map(|pixels| Length::Points(pixels * 0.75))
}

/// The size of text, also by its name.
pub(super) fn size(value: &str) -> Option<Length> {
    Some(match value.trim() {
        "xx-small" => Length::Points(6.75),
        "x-small" => Length::Points(7.5),
        "small" => Length::Points(9.75),
        "medium" | "initial" => Length::Points(12.0),
        "large" => Length::Points(13.5),
        "x-large" => Length::Points(18.0),
        "xx-large" => Length::Points(24.0),
        "smaller" => Length::Ems(0.83),
        "larger" => Length::Ems(1.2),
        other => match length(other)? {
            Length::Part(part) if other.ends_with('%') => Length::Ems(part),
            Length::Part(_) => return None,
            length => length,
        },
    })
}

/// A colour, in lower case.
pub(super) fn paint(value: &str) -> Option<Paint> {
    let value = value.trim();
    if let Some(digits) = value.strip_prefix('#') {
        return hex(digits);
    }
    if let Some((function, arguments)) = value.split_once('(') {
        let arguments = arguments.trim_end_matches(')');
        return match function {
            "rgb" | "rgba" => rgb(arguments),
            "hsl" | "hsla" => hsl(arguments),
            "var" | "color-mix" | "oklch" | "oklab" | "lab" | "lch" | "hwb" | "color"
            | "light-dark" => Some(Paint::Unknown),
            _ => None,
        };
    }
    match value {
        "transparent" => return Some(Paint::Rgba([0; 3], 0.0)),
        "inherit" | "currentcolor" | "unset" => return Some(Paint::Inherited),
        _ => {}
    }
    let (_, rgb) = NAMES.iter().find(|(name, _)| *name == value)?;
    let [_, r, g, b] = u32::to_be_bytes(*rgb);
    Some(Paint::Rgba([r, g, b], 1.0))
}

/// A colour of an attribute, where the number sign is often left out.
pub(super) fn attribute_paint(value: &str) -> Option<Paint> {
    let value = value.trim().to_ascii_lowercase();
    paint(&value).or_else(|| (value.len() == 6).then(|| hex(&value)).flatten())
}

fn hex(digits: &str) -> Option<Paint> {
    let value = u32::from_str_radix(digits, 16).ok()?;
    let nibble = |shift: u32| u8::try_from((value >> shift) & 0xF).unwrap_or(0) * 17;
    let [a, b, c, d] = value.to_be_bytes();
    Some(match digits.len() {
        3 => Paint::Rgba([nibble(8), nibble(4), nibble(0)], 1.0),
        4 => Paint::Rgba([nibble(12), nibble(8), nibble(4)], f64::from(nibble(0)) / 255.0),
        6 => Paint::Rgba([b, c, d], 1.0),
        8 => Paint::Rgba([a, b, c], f64::from(d) / 255.0),
        _ => return None,
    })
}

/// The numbers of a colour; a percentage is of `whole`.
fn numbers(arguments: &str, whole: [f64; 4]) -> Option<([f64; 3], f64)> {
    let mut numbers = [0.0, 0.0, 0.0, 1.0];
    let mut count = 0;
    let parts = arguments.split([',', ' ', '/']).filter(|part| !part.is_empty());
    for ((part, number), whole) in parts.zip(&mut numbers).zip(whole) {
        *number = match part.strip_suffix('%') {
            Some(percent) => percent.parse::<f64>().ok()? / 100.0 * whole,
            None => part.trim_end_matches("deg").parse().ok()?,
        };
        count += 1;
    }
    let [a, b, c, alpha] = numbers;
    (count >= 3).then_some(([a, b, c], alpha.clamp(0.0, 1.0)))
}

fn rgb(arguments: &str) -> Option<Paint> {
    let Some((channels, alpha)) = numbers(arguments, [255.0, 255.0, 255.0, 1.0]) else {
        return Some(Paint::Unknown); // Worked out elsewhere, it may be.
    };
    Some(Paint::Rgba(channels.map(|channel| channel.clamp(0.0, 255.0).round() as u8), alpha))
}

fn hsl(arguments: &str) -> Option<Paint> {
    let Some(([hue, saturation, lightness], alpha)) = numbers(arguments, [360.0, 1.0, 1.0, 1.0])
    else {
        return Some(Paint::Unknown);
    };
    let (saturation, lightness) = (saturation.clamp(0.0, 1.0), lightness.clamp(0.0, 1.0));
    let reach = saturation * lightness.min(1.0 - lightness);
    let channel = |n: f64| {
        let k = (n + hue / 30.0).rem_euclid(12.0);
        let value = lightness - reach * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0);
        (value.clamp(0.0, 1.0) * 255.0).round() as u8
    };
    Some(Paint::Rgba([channel(0.0), channel(8.0), channel(4.0)], alpha))
}

/// The names of the basic colours, of the pale ones and of the dark ones. A colour of another name is
/// not known, and text that has it is taken to show.
const NAMES: &[(&str, u32)] = &[
    ("white", 0xFFFFFF),
    ("black", 0),
    ("red", 0xFF0000),
    ("green", 0x8000),
    ("blue", 0xFF),
    ("yellow", 0xFFFF00),
    ("gray", 0x808080),
    ("grey", 0x808080),
    ("silver", 0xC0C0C0),
    ("maroon", 0x800000),
    ("purple", 0x800080),
    ("fuchsia", 0xFF00FF),
    ("magenta", 0xFF00FF),
    ("lime", 0xFF00),
    ("olive", 0x808000),
    ("navy", 0x80),
    ("teal", 0x8080),
    ("aqua", 0xFFFF),
    ("cyan", 0xFFFF),
    ("orange", 0xFFA500),
    ("snow", 0xFFFAFA),
    ("ivory", 0xFFFFF0),
    ("ghostwhite", 0xF8F8FF),
    ("whitesmoke", 0xF5F5F5),
    ("floralwhite", 0xFFFAF0),
    ("azure", 0xF0FFFF),
    ("mintcream", 0xF5FFFA),
    ("honeydew", 0xF0FFF0),
    ("aliceblue", 0xF0F8FF),
    ("seashell", 0xFFF5EE),
    ("linen", 0xFAF0E6),
    ("oldlace", 0xFDF5E6),
    ("beige", 0xF5F5DC),
    ("antiquewhite", 0xFAEBD7),
    ("lavender", 0xE6E6FA),
    ("lavenderblush", 0xFFF0F5),
    ("cornsilk", 0xFFF8DC),
    ("lightyellow", 0xFFFFE0),
    ("lightcyan", 0xE0FFFF),
    ("lemonchiffon", 0xFFFACD),
    ("gainsboro", 0xDCDCDC),
    ("lightgray", 0xD3D3D3),
    ("lightgrey", 0xD3D3D3),
    ("darkgray", 0xA9A9A9),
    ("darkgrey", 0xA9A9A9),
    ("dimgray", 0x696969),
    ("dimgrey", 0x696969),
    ("slategray", 0x708090),
    ("slategrey", 0x708090),
    ("darkslategray", 0x2F4F4F),
    ("darkslategrey", 0x2F4F4F),
    ("darkblue", 0x8B),
    ("midnightblue", 0x191970),
    ("steelblue", 0x4682B4),
    ("royalblue", 0x4169E1),
    ("darkgreen", 0x6400),
    ("darkred", 0x8B0000),
    ("indigo", 0x4B0082),
    ("brown", 0xA52A2A),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_lengths_are_told() {
        let white = Some(Paint::Rgba([255; 3], 1.0));
        for value in [
            "#fff",
            "#ffffff",
            "white",
            "rgb(255,255,255)",
            "rgb(100% 100% 100%)",
            "hsl(0, 0%, 100%)",
        ] {
            assert_eq!(paint(value), white, "{value}");
        }
        assert_eq!(paint("hsl(240,100%,50%)"), Some(Paint::Rgba([0, 0, 255], 1.0)));
        assert_eq!(paint("rgba(0,0,0,.5)"), Some(Paint::Rgba([0; 3], 0.5)));
        assert_eq!(paint("var(--ink)"), Some(Paint::Unknown));
        assert_eq!(paint("url(x)"), None);
        assert_eq!(attribute_paint("FFFFFF"), white);
        assert_eq!(length("-9999px"), Some(Length::Points(-7499.25)));
        assert_eq!(length("2rem"), Some(Length::Rems(2.0)));
        assert_eq!(length("calc(1px)"), None);
        assert_eq!(size("80%"), Some(Length::Ems(0.8)));
    }
}
