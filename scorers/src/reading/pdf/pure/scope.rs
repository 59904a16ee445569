//! What is in force where something is drawn: clips, transparency groups, and what they make of paint.

use hayro_interpret::kurbo::{BezPath, Rect, Shape as _};
use hayro_interpret::{BlendMode, DrawMode, DrawProps, Paint};

use crate::reading::pdf::Ink;

pub(super) const EVERYWHERE: Rect = Rect::new(-1e7, -1e7, 1e7, 1e7);

#[derive(Debug, Clone, Copy)]
pub(super) struct Clip {
    pub(super) bounds: Rect,
    /// Whether the clip is that box, and not a shape within it.
    pub(super) exact: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    /// Opacity of the groups in force, multiplied.
    pub(super) alpha: f32,
    /// Whether no mask and no blend mode changes colours.
    pub(super) plain: bool,
}

impl Group {
    /// Whether opaque paint in it is opaque on the page.
    pub(super) fn is_opaque(self) -> bool {
        self.plain && self.alpha > OPAQUE
    }
}

/// Above this opacity nothing of what is below shows.
pub(super) const OPAQUE: f32 = 0.98;

/// Clips and groups in force, each within the one before.
#[derive(Debug, Default)]
pub(super) struct Scope {
    clips: Vec<Clip>,
    groups: Vec<Group>,
}

impl Scope {
    pub(super) fn clip(&self) -> Clip {
        self.clips.last().copied().unwrap_or(Clip { bounds: EVERYWHERE, exact: true })
    }

    pub(super) fn push_clip(&mut self, bounds: Rect, exact: bool) {
        let outer = self.clip();
        let bounds = outer.bounds.intersect(bounds);
        self.clips.push(Clip { bounds, exact: exact && outer.exact });
    }

    pub(super) fn pop_clip(&mut self) {
        self.clips.pop();
    }

    pub(super) fn group(&self) -> Group {
        self.groups.last().copied().unwrap_or(Group { alpha: 1.0, plain: true })
    }

    pub(super) fn push_group(&mut self, alpha: f32, plain: bool) {
        let outer = self.group();
        self.groups.push(Group { alpha: outer.alpha * alpha, plain: outer.plain && plain });
    }

    pub(super) fn pop_group(&mut self) {
        self.groups.pop();
    }

    /// What something is painted with.
    pub(super) fn ink(&self, props: &DrawProps<'_>, mode: &DrawMode) -> Ink {
        let group = self.group();
        if matches!(mode, DrawMode::Invisible) {
            return Ink::None;
        }
        match &props.paint {
            Paint::Color(color) => {
                let [r, g, b, a] = color.to_rgba().to_rgba8();
                let alpha = f32::from(a) / 255.0 * group.alpha;
                let plain = group.plain
                    && props.soft_mask.is_none()
                    && matches!(
                        props.blend_mode,
                        // On white, these leave a colour what it is.
                        BlendMode::Normal | BlendMode::Multiply | BlendMode::Darken
                    );
                if plain || alpha < 0.02 {
                    Ink::Solid { rgb: [r, g, b], alpha }
                } else {
                    Ink::Unknown
                }
            }
            Paint::Pattern(_) => Ink::Unknown,
        }
    }
}

/// Whether a paint leaves what is under it to be read, as a highlighter does.
pub(super) fn highlights(props: &DrawProps<'_>) -> bool {
    matches!(props.blend_mode, BlendMode::Multiply | BlendMode::Darken)
}

/// Whether a path is a box.
pub(super) fn is_rect(path: &BezPath) -> bool {
    let bounds = path.bounding_box();
    let area = path.area().abs();
    (area - bounds.area()).abs() <= bounds.area() * 0.01
}
