//! Text broken into the lines of one column: names, headings, entries with dates, bullets.

use super::font::Font;
use super::page::{Color, Style};

/// How a story looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Theme {
    /// Colour of the name, the headings and their rules.
    pub accent: Color,
    /// Size of body text in points.
    pub body: f32,
    /// Space between the letters of headings, in points; 0 for none.
    pub heading_spacing: f32,
    /// Whether headings have a rule below.
    pub rules: bool,
}

impl Default for Theme {
    fn default() -> Self {
        Self { accent: Color::NAVY, body: 10.0, heading_spacing: 0.0, rules: true }
    }
}

/// One line, ready to be placed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// Pieces of text, each with how far from the column's left edge it starts.
    pub(super) spans: Vec<(f32, Style, String)>,
    /// Empty space above, dropped at the top of a page.
    pub(super) space_before: f32,
    /// From the top of the line to the top of the next.
    pub(super) height: f32,
    /// A rule under the line.
    pub(super) rule: Option<Color>,
    /// Whether the line must not be the last of a page: headings.
    pub(super) keep_with_next: bool,
}

/// A column of text being set. Lines are broken as they are added.
#[derive(Debug, Clone)]
pub struct Story {
    width: f32,
    theme: Theme,
    pub(super) lines: Vec<Line>,
}

impl Story {
    /// An empty column of this width in points.
    pub fn new(width: f32, theme: Theme) -> Self {
        Self { width, theme, lines: Vec::new() }
    }

    /// The column's width in points.
    pub fn width(&self) -> f32 {
        self.width
    }

    /// A person's name, large.
    pub fn name(&mut self, name: &str) -> &mut Self {
        let style = Style::new(Font::Bold, self.theme.body * 2.2).color(self.theme.accent);
        self.wrapped(0.0, 0.0, style, name)
    }

    /// The line under the name: a job title.
    pub fn headline(&mut self, text: &str) -> &mut Self {
        let style = Style::new(Font::Regular, self.theme.body * 1.2).color(Color::GREY);
        self.wrapped(0.0, 2.0, style, text)
    }

    /// A small line: an address, a phone number.
    pub fn small(&mut self, text: &str) -> &mut Self {
        let style = Style::new(Font::Regular, self.theme.body * 0.92);
        self.wrapped(0.0, 2.0, style, text)
    }

    /// A section's heading, in capitals.
    pub fn heading(&mut self, text: &str) -> &mut Self {
        let style = Style::new(Font::Bold, self.theme.body * 1.1)
            .color(self.theme.accent)
            .letter_spacing(self.theme.heading_spacing);
        let from = self.lines.len();
        self.wrapped(0.0, self.theme.body * 1.3, style, &text.to_uppercase());
        let rule = self.theme.rules.then_some(self.theme.accent);
        for line in self.lines.iter_mut().skip(from) {
            line.keep_with_next = true;
        }
        if let Some(last) = self.lines.last_mut() {
            last.rule = rule;
            last.height += self.theme.body * 0.4;
        }
        self
    }

    /// A job or a degree in bold; its dates stand at the right end of the same line, or on a
    /// line below where the column is too narrow for both.
    pub fn entry(&mut self, title: &str, dates: &str) -> &mut Self {
        let style = Style::new(Font::Bold, self.theme.body);
        let quiet = Style::new(Font::Regular, self.theme.body * 0.95).color(Color::GREY);
        let dates_at = self.width - quiet.width(dates);
        let from = self.lines.len();
        if dates.is_empty() || style.width(title) + 12.0 > dates_at {
            self.wrapped(0.0, self.theme.body * 0.6, style, title);
            if !dates.is_empty() {
                self.wrapped(0.0, 0.0, quiet, dates);
            }
        } else {
            self.wrapped(0.0, self.theme.body * 0.6, style, title);
            if let Some(line) = self.lines.last_mut() {
                line.spans.push((dates_at, quiet, dates.into()));
            }
        }
        for line in self.lines.iter_mut().skip(from) {
            line.keep_with_next = true;
        }
        self
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) -> &mut Self {
        let style = Style::new(Font::Regular, self.theme.body);
        self.wrapped(0.0, self.theme.body * 0.3, style, text)
    }

    /// A paragraph with a bullet, its later lines indented like its first.
    pub fn bullet(&mut self, text: &str) -> &mut Self {
        let style = Style::new(Font::Regular, self.theme.body);
        let from = self.lines.len();
        self.wrapped(self.theme.body * 1.1, self.theme.body * 0.15, style, text);
        if let Some(line) = self.lines.get_mut(from) {
            line.spans.insert(0, (self.theme.body * 0.2, style, "•".into()));
        }
        self
    }

    /// A paragraph in any style.
    pub fn styled(&mut self, style: Style, text: &str) -> &mut Self {
        self.wrapped(0.0, 0.0, style, text)
    }

    /// Breaks `text` into lines that start at `indent`.
    fn wrapped(&mut self, indent: f32, space_before: f32, style: Style, text: &str) -> &mut Self {
        for (index, words) in wrap(text, &style, self.width - indent).into_iter().enumerate() {
            self.lines.push(Line {
                spans: vec![(indent, style, words)],
                space_before: if index == 0 { space_before } else { 0.0 },
                height: style.size * 1.32,
                rule: None,
                keep_with_next: false,
            });
        }
        self
    }
}

/// Breaks `text` at spaces so that each line fits `width`; a word wider than that is cut.
pub fn wrap(text: &str, style: &Style, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if style.width(&longer) <= width {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for c in word.chars() {
            if !line.is_empty() && style.width(&format!("{line}{c}")) > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_its_column() {
        let style = Style::new(Font::Regular, 10.0);
        let text = "Led a team of nine cooks through two inspections and a refit ".repeat(6);
        let lines = wrap(&text, &style, 140.0);
        assert!(lines.len() > 5);
        assert!(lines.iter().all(|line| style.width(line) <= 140.0));
        assert_eq!(lines.join(" "), text.trim());
    }

    #[test]
    fn a_word_wider_than_the_column_is_cut() {
        let style = Style::new(Font::Regular, 10.0);
        let lines = wrap("a averyveryverylongword", &style, 40.0);
        assert!(lines.iter().all(|line| style.width(line) <= 40.0));
        assert_eq!(lines.concat(), "aaveryveryverylongword");
    }

    #[test]
    fn dates_end_at_the_right_edge_or_go_below() {
        let mut story = Story::new(300.0, Theme::default());
        story.entry("Sous Chef, The Anchor", "2019 – 2022");
        story.entry("Commis Chef at a restaurant with a really long name indeed", "2016 – 2019");
        let (at, style, dates) = story.lines[0].spans[1].clone();
        assert!((at + style.width(&dates) - 300.0).abs() < 0.01);
        assert!(story.lines[1..].iter().all(|line| line.spans.len() == 1));
    }
}
