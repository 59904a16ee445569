//! A stretch of text in one look.

/// Text with its look. What is not set is left to the paragraph's style.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    text: String,
    bold: bool,
    italic: bool,
    vanish: bool,
    color: Option<String>,
    half_points: Option<u32>,
}

impl Run {
    /// Plain text. A tab or a line break in it is written as one.
    pub fn new(text: &str) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The same in bold.
    pub fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// The same in italics.
    pub fn italic(self) -> Self {
        Self { italic: true, ..self }
    }

    /// The same marked as hidden (`w:vanish`).
    pub fn vanish(self) -> Self {
        Self { vanish: true, ..self }
    }

    /// The same in a colour given as six hexadecimal digits.
    pub fn color(self, hex: &str) -> Self {
        Self { color: Some(hex.into()), ..self }
    }

    /// The same in white.
    pub fn white(self) -> Self {
        self.color("FFFFFF")
    }

    /// The same at a size in half points: 20 is ten points.
    pub fn half_points(self, half_points: u32) -> Self {
        Self { half_points: Some(half_points), ..self }
    }

    /// The same at one point, too small to read.
    pub fn tiny(self) -> Self {
        self.half_points(2)
    }

    /// The run's XML, its text in `w:t`.
    pub(super) fn xml(&self) -> String {
        self.xml_in("w:t")
    }

    /// The run's XML, its text in the element that deleted text has.
    pub(super) fn deleted_xml(&self) -> String {
        self.xml_in("w:delText")
    }

    fn xml_in(&self, element: &str) -> String {
        let mut look = String::new();
        for (wanted, xml) in
            [(self.bold, "<w:b/>"), (self.italic, "<w:i/>"), (self.vanish, "<w:vanish/>")]
        {
            if wanted {
                look.push_str(xml);
            }
        }
        if let Some(color) = &self.color {
            look.push_str(&format!("<w:color w:val=\"{}\"/>", escape(color)));
        }
        if let Some(size) = self.half_points {
            look.push_str(&format!("<w:sz w:val=\"{size}\"/><w:szCs w:val=\"{size}\"/>"));
        }
        if !look.is_empty() {
            look = format!("<w:rPr>{look}</w:rPr>");
        }
        let mut text = String::new();
        for (index, line) in self.text.split('\n').enumerate() {
            if index > 0 {
                text.push_str("<w:br/>");
            }
            for (index, piece) in line.split('\t').enumerate() {
                if index > 0 {
                    text.push_str("<w:tab/>");
                }
                if !piece.is_empty() {
                    let piece = escape(piece);
                    text.push_str(&format!(
                        "<{element} xml:space=\"preserve\">{piece}</{element}>"
                    ));
                }
            }
        }
        format!("<w:r>{look}{text}</w:r>")
    }
}

/// `text` as it may stand in XML, in an element or in an attribute.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_tabs_become_elements() {
        let xml = Run::new("R&D <b>\t2019").bold().tiny().xml();
        assert!(xml.contains("R&amp;D &lt;b&gt;</w:t><w:tab/><w:t"));
        assert!(xml.contains("<w:b/>") && xml.contains("<w:sz w:val=\"2\"/>"));
    }
}
