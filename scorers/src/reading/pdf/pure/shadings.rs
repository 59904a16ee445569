//! Gradients, asked for the colour that they have at a point.

use std::rc::Rc;

use hayro_interpret::kurbo::{Rect, Shape as _};
use hayro_interpret::pattern::Pattern;
use hayro_interpret::shading::ShadingType;
use hayro_interpret::{BlendMode, DrawProps, Paint};

use super::scope::OPAQUE;
use crate::reading::pdf::{CoverPaint, Gradient, Ink, points};

/// The cover that a pattern makes; none if it paints nothing or lets all under it be seen.
///
/// A gradient along a line, between circles or by a function of the place is known exactly. A mesh
/// would have to be drawn, and what a tile shows is a drawing: these are patterns of no known colour.
pub(super) fn cover(props: &DrawProps<'_>) -> Option<CoverPaint> {
    let Paint::Pattern(pattern) = &props.paint else { return Some(CoverPaint::Pattern) };
    let opacity = match &**pattern {
        Pattern::Shading(shading) => shading.opacity,
        Pattern::Tiling(tiling) => tiling.opacity,
    };
    if opacity <= OPAQUE {
        return Some(CoverPaint::Veil);
    }
    if let Pattern::Shading(shading) = &**pattern
        && matches!(*shading.shading.shading_type, ShadingType::Dummy)
    {
        return None;
    }
    Some(gradient(props).map_or(CoverPaint::Pattern, CoverPaint::Gradient))
}

/// The gradient that something is painted with, where it is one whose colours are known.
pub(super) fn gradient(props: &DrawProps<'_>) -> Option<Gradient> {
    let Paint::Pattern(pattern) = &props.paint else { return None };
    let Pattern::Shading(shading) = &**pattern else { return None };
    let known = matches!(
        *shading.shading.shading_type,
        ShadingType::RadialAxial { .. } | ShadingType::FunctionBased { .. }
    );
    let plain = props.soft_mask.is_none() && props.blend_mode == BlendMode::Normal;
    (known && plain).then(|| Gradient {
        within: shading.shading.clip_path.as_ref().map(|path| path.bounding_box()),
        colours: Rc::new(shading.encode()),
    })
}

/// The ink of a glyph filled with a gradient: one colour if it is the same all over the glyph.
pub(super) fn ink(gradient: &Gradient, body: Rect, alpha: f32) -> Ink {
    const SAME: u8 = 8;
    let [first, rest @ ..] = points(body).map(|point| gradient.at(point));
    let Some((rgb, opacity)) = first else { return Ink::Unknown };
    let same = rest
        .into_iter()
        .flatten()
        .filter(|(other, _)| rgb.iter().zip(other).all(|(a, b)| a.abs_diff(*b) <= SAME));
    if same.count() == rest.len() {
        Ink::Solid { rgb, alpha: alpha * opacity }
    } else {
        Ink::Unknown
    }
}
