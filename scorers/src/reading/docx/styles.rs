//! Styles: whether text is hidden, tiny or coloured, as `styles.xml` says and as runs override.

use std::collections::HashMap;
use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::reading::xml::{attribute, rgb};

/// What a run, a paragraph's style or the defaults say of how text looks. None is "not said".
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Look {
    pub(super) vanish: Option<bool>,
    pub(super) color: Option<[u8; 3]>,
    /// In half points.
    pub(super) size: Option<f64>,
    /// Behind the text: a colour, or a pattern or theme that is not known.
    pub(super) shade: Option<Shade>,
}

/// What is behind text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shade {
    Rgb([u8; 3]),
    Unknown,
}

impl Look {
    /// This look, with what `over` says instead.
    pub(super) fn under(self, over: Self) -> Self {
        Self {
            vanish: over.vanish.or(self.vanish),
            color: over.color.or(self.color),
            size: over.size.or(self.size),
            shade: over.shade.or(self.shade),
        }
    }

    /// Takes note of one property element of a run or a paragraph.
    pub(super) fn note(&mut self, element: &BytesStart<'_>) {
        match element.local_name().as_ref() {
            "vanish" => self.vanish = Some(is_on(element)),
            "color" => {
                self.color = attribute(element, "val").and_then(|val| rgb(&val)).or(self.color);
            }
            "sz" => self.size = attribute(element, "val").and_then(|val| val.parse().ok()),
            "shd" => self.shade = shade(element),
            "highlight" => {
                self.shade = match attribute(element, "val").as_deref() {
                    Some("none") | None => None,
                    Some("white") => Some(Shade::Rgb([255; 3])),
                    Some(_) => Some(Shade::Unknown),
                }
            }
            _ => {}
        }
    }
}

/// A toggle property: on unless it says it is off.
fn is_on(element: &BytesStart<'_>) -> bool {
    !matches!(attribute(element, "val").as_deref(), Some("0" | "false" | "off"))
}

/// What a shading element paints: its fill, unless a pattern is laid over it.
pub(super) fn shade(element: &BytesStart<'_>) -> Option<Shade> {
    let fill = attribute(element, "fill");
    match attribute(element, "val").as_deref() {
        None | Some("clear" | "nil") => match fill.as_deref() {
            None | Some("auto") if attribute(element, "themeFill").is_none() => None,
            None | Some("auto") => Some(Shade::Unknown),
            Some(fill) => Some(rgb(fill).map_or(Shade::Unknown, Shade::Rgb)),
        },
        Some("solid") => attribute(element, "color").and_then(|c| rgb(&c)).map(Shade::Rgb),
        Some(_) => Some(Shade::Unknown),
    }
}

/// The looks that `styles.xml` names.
#[derive(Debug, Default)]
pub(super) struct Styles {
    defaults: Look,
    by_id: HashMap<String, (Option<String>, Look)>,
    /// The style of paragraphs that name none.
    paragraph: Option<String>,
}

impl Styles {
    /// Reads `styles.xml`. What cannot be read is left out: the text is there all the same.
    pub(super) fn read(part: impl BufRead, depth: usize) -> Self {
        let mut styles = Self::default();
        let mut reader = Reader::from_reader(part);
        reader.config_mut().check_end_names = false;
        let mut buf = Vec::new();
        let mut path: Vec<String> = Vec::new();
        let mut open: Option<(String, Option<String>, Look)> = None;
        loop {
            buf.clear();
            let (element, empty) = match reader.read_event_into(&mut buf) {
                Ok(Event::Start(element)) => (element, false),
                Ok(Event::Empty(element)) => (element, true),
                Ok(Event::End(_)) => {
                    if path.pop().as_deref() == Some("style")
                        && let Some((id, based_on, look)) = open.take()
                    {
                        styles.by_id.insert(id, (based_on, look));
                    }
                    continue;
                }
                Ok(Event::Eof) | Err(_) => return styles,
                Ok(_) => continue,
            };
            let name = element.local_name().as_ref().to_owned();
            match (name.as_str(), path.last().map(String::as_str), &mut open) {
                ("style", ..) if !empty => {
                    let id = attribute(&element, "styleId").unwrap_or_default();
                    let default = attribute(&element, "default").is_some_and(|v| v == "1");
                    let of_paragraphs =
                        attribute(&element, "type").is_some_and(|t| t == "paragraph");
                    if default && of_paragraphs {
                        styles.paragraph = Some(id.clone());
                    }
                    open = Some((id, None, Look::default()));
                }
                ("basedOn", _, Some((_, based_on, _))) => *based_on = attribute(&element, "val"),
                // A table style's conditions (first row...) do not hold for all of its text.
                (_, Some("rPr" | "pPr"), Some((_, _, look)))
                    if !path.iter().any(|name| name == "tblStylePr") =>
                {
                    look.note(&element);
                }
                (_, Some("rPr" | "pPr"), None) if path.iter().any(|n| n == "docDefaults") => {
                    styles.defaults.note(&element);
                }
                _ => {}
            }
            if !empty {
                path.push(name);
                if path.len() > depth {
                    return styles;
                }
            }
        }
    }

    /// How a paragraph's text looks by its style, or by the style of paragraphs that name none.
    pub(super) fn paragraph(&self, id: Option<&str>) -> Look {
        self.defaults.under(self.named(id.or(self.paragraph.as_deref())))
    }

    /// What a style and those it is based on say.
    pub(super) fn named(&self, id: Option<&str>) -> Look {
        let mut look = Look::default();
        let mut next = id;
        // A style can be based on itself in a damaged file.
        for _ in 0..16 {
            let Some((based_on, own)) = next.and_then(|id| self.by_id.get(id)) else { break };
            look = own.under(look);
            next = based_on.as_deref();
        }
        look
    }
}
