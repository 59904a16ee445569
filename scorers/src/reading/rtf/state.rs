//! What holds where the walk is: of characters, of paragraphs, of groups, of stories and shapes.

use super::words::Group;
use crate::reading::HiddenKind;
use crate::reading::looks::Behind;

/// A colour by its place in the table, or something that is not known.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shade {
    Color(usize),
    Unknown,
}

/// How characters look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) invisible: bool,
    pub(super) deleted: bool,
    pub(super) color: usize,
    /// In half points.
    pub(super) size: i32,
    pub(super) font: Option<i32>,
    pub(super) shade: Option<Shade>,
}

impl Default for Look {
    fn default() -> Self {
        Self { invisible: false, deleted: false, color: 0, size: 24, font: None, shade: None }
    }
}

/// How a paragraph looks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Paragraph {
    pub(super) listed: bool,
    pub(super) in_table: bool,
    pub(super) off_page: bool,
    pub(super) shade: Option<Shade>,
}

/// What a group is for, and what holds in it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct State {
    pub(super) group: Group,
    /// What was opened with this group, and ends with it.
    pub(super) opened: Option<Opened>,
    /// Whether `\*` was the first thing in it.
    pub(super) ignorable: bool,
    /// How many characters stand in for one that old readers do not know.
    pub(super) stand_ins: usize,
    pub(super) look: Look,
    pub(super) paragraph: Paragraph,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Opened {
    Header,
    Footer,
    Note,
    Box,
    Name,
    Value,
    Unshown(HiddenKind),
}

/// A run of paragraphs: the body, a header, a note, a box.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// Its paragraph has text.
    pub(super) begun: bool,
    /// Its paragraph has a bullet.
    pub(super) bullet: bool,
    pub(super) in_row: bool,
    pub(super) in_cell: bool,
    pub(super) cell: usize,
    /// What cells of the row are painted with.
    pub(super) cells: Vec<Option<Shade>>,
    pub(super) next_cell: Option<Shade>,
    /// What the box is painted with.
    pub(super) behind: Option<Behind>,
    pub(super) off_page: bool,
}

/// A shape that is open.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) fill: Option<[u8; 3]>,
    pub(super) unfilled: bool,
    pub(super) pattern: bool,
    pub(super) off_page: bool,
}

impl Story {
    /// What is in a box stands on what fills its shape, or on what the shape is on.
    pub(super) fn of_box(shape: &Shape, around: Option<&Self>) -> Self {
        let filled = if shape.pattern {
            Some(Behind::Unknown)
        } else if shape.unfilled {
            None
        } else {
            shape.fill.map(Behind::Rgb)
        };
        Self {
            behind: filled.or(around.and_then(|around| around.behind)),
            off_page: shape.off_page || around.is_some_and(|around| around.off_page),
            ..Self::default()
        }
    }
}
