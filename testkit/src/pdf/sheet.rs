//! Stories placed on pages: one column, or a sidebar beside a main column.

use super::font::Font;
use super::page::{Color, Page, Style};
use super::story::{Line, Story};

/// The order in which a two-column page's lines are written to its content stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The sidebar from top to bottom, then the main column.
    ByColumn,
    /// From the top of the page down, whichever column a line is in: a reader that takes text as
    /// it comes mixes the columns.
    Interleaved,
}

/// Paper, margins and what repeats on every page.
#[derive(Debug, Clone)]
pub struct Sheet {
    size: (f32, f32),
    margin: f32,
    gutter: f32,
    side_width: f32,
    footer: Option<String>,
    tint: Option<Color>,
}

impl Sheet {
    /// A4 with margins of 50 points.
    pub fn a4() -> Self {
        Self::new(595.0, 842.0)
    }

    /// US Letter with margins of 50 points.
    pub fn letter() -> Self {
        Self::new(612.0, 792.0)
    }

    fn new(width: f32, height: f32) -> Self {
        let (margin, gutter, side_width) = (50.0, 24.0, 150.0);
        Self { size: (width, height), margin, gutter, side_width, footer: None, tint: None }
    }

    /// Repeats a line at the foot of every page, followed by the page's number.
    pub fn footer(mut self, text: &str) -> Self {
        self.footer = Some(text.into());
        self
    }

    /// Colours the paper behind the sidebar.
    pub fn tint(mut self, color: Color) -> Self {
        self.tint = Some(color);
        self
    }

    /// Width of text that spans the page.
    pub fn full_width(&self) -> f32 {
        self.size.0 - 2.0 * self.margin
    }

    /// Width of the sidebar.
    pub fn side_width(&self) -> f32 {
        self.side_width
    }

    /// Width of the main column beside a sidebar.
    pub fn main_width(&self) -> f32 {
        self.full_width() - self.side_width - self.gutter
    }

    /// Sets a story on as many pages as it takes.
    pub fn one_column(&self, story: &Story) -> Vec<Page> {
        let top = self.size.1 - self.margin;
        self.pages(place(story, self.margin, top, top, self.margin), None)
    }

    /// Sets a header across the first page, and under it a sidebar beside a main column.
    pub fn two_columns(
        &self,
        header: &Story,
        side: &Story,
        main: &Story,
        order: Order,
    ) -> Vec<Page> {
        let top = self.size.1 - self.margin;
        let mut placed = place(header, self.margin, top, top, self.margin);
        let under = placed.last().map_or(top, |last| last.bottom) - 14.0;
        let main_x = self.margin + self.side_width + self.gutter;
        placed.extend(place(side, self.margin, under, top, self.margin));
        placed.extend(place(main, main_x, under, top, self.margin));
        if order == Order::Interleaved {
            // Stable, so that lines at one height keep the sidebar first.
            placed.sort_by(|a, b| a.page.cmp(&b.page).then(b.baseline.total_cmp(&a.baseline)));
        }
        self.pages(placed, Some(under))
    }

    fn pages(&self, placed: Vec<Placed<'_>>, columns_from: Option<f32>) -> Vec<Page> {
        let count = placed.iter().map(|line| line.page + 1).max().unwrap_or(1);
        let (width, height) = self.size;
        let mut pages: Vec<Page> = (0..count).map(|_| Page::new(width, height)).collect();
        if let (Some(tint), Some(under)) = (self.tint, columns_from) {
            for (index, page) in pages.iter_mut().enumerate() {
                let top = if index == 0 { under + 6.0 } else { height };
                page.rect(0.0, 0.0, self.margin + self.side_width + 10.0, top, tint);
            }
        }
        for line in placed {
            if let Some(page) = pages.get_mut(line.page) {
                line.draw(page);
            }
        }
        if let Some(footer) = &self.footer {
            let style = Style::new(Font::Regular, 8.0).color(Color::GREY);
            for (index, page) in pages.iter_mut().enumerate() {
                let text = format!("{footer}  |  page {} of {count}", index + 1);
                page.text_right(width - self.margin, self.margin * 0.5, &style, &text);
            }
        }
        pages
    }
}

/// A line with its place.
struct Placed<'a> {
    line: &'a Line,
    page: usize,
    x: f32,
    baseline: f32,
    bottom: f32,
    width: f32,
}

impl Placed<'_> {
    fn draw(&self, page: &mut Page) {
        for (offset, style, text) in &self.line.spans {
            page.text(self.x + offset, self.baseline, style, text);
        }
        if let Some(color) = self.line.rule {
            page.rect(self.x, self.baseline - 4.0, self.width, 0.7, color);
        }
    }
}

/// Places a story's lines from `first_top` down on the first page, from `top` on later ones.
fn place(story: &Story, x: f32, first_top: f32, top: f32, bottom: f32) -> Vec<Placed<'_>> {
    let mut placed: Vec<Placed<'_>> = Vec::new();
    let (mut page, mut y) = (0, first_top);
    let mut fresh = true;
    for (index, line) in story.lines.iter().enumerate() {
        // A heading needs room for itself and what it heads.
        let group = story.lines.iter().skip(index);
        let kept = group.clone().take_while(|line| line.keep_with_next).count();
        let needed: f32 = group.take(kept + 1).map(|line| line.space_before + line.height).sum();
        if y - needed < bottom && !fresh {
            (page, y, fresh) = (page + 1, top, true);
        }
        if !fresh {
            y -= line.space_before;
        }
        let size = line.spans.iter().map(|(_, style, _)| style.size).fold(0.0, f32::max);
        let baseline = y - size;
        y -= line.height;
        placed.push(Placed { line, page, x, baseline, bottom: y, width: story.width() });
        fresh = false;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::Theme;

    fn story(width: f32, label: &str, lines: usize) -> Story {
        let mut story = Story::new(width, Theme::default());
        (0..lines).for_each(|n| {
            story.paragraph(&format!("{label}{n}"));
        });
        story
    }

    fn shown(page: &Page) -> String {
        String::from_utf8_lossy(page.content.as_bytes()).into_owned()
    }

    #[test]
    fn a_long_story_takes_several_pages() {
        let sheet = Sheet::a4().footer("Someone");
        let pages = sheet.one_column(&story(sheet.full_width(), "line", 120));
        assert_eq!(pages.len(), 3);
        assert!(shown(&pages[0]).contains("page 1 of 3)"));
    }

    #[test]
    fn a_heading_moves_to_the_page_of_what_it_heads() {
        let sheet = Sheet::a4();
        let mut long = story(sheet.full_width(), "line", 45);
        while sheet.one_column(&long).len() == 1 {
            long = story(sheet.full_width(), "line", long.lines.len() + 1);
        }
        long.lines.pop();
        long.lines.pop();
        long.heading("Skills").paragraph("after");
        let pages = sheet.one_column(&long);
        assert_eq!(pages.len(), 2);
        assert!(shown(&pages[1]).contains("SKILLS"));
    }

    #[test]
    fn interleaving_mixes_the_columns_and_order_keeps_them_apart() {
        let sheet = Sheet::a4();
        let header = story(sheet.full_width(), "top", 1);
        let side = story(sheet.side_width(), "side", 3);
        let main = story(sheet.main_width(), "main", 3);
        let order = |order| {
            let pages = sheet.two_columns(&header, &side, &main, order);
            let text = shown(&pages[0]);
            ["side0", "main0", "side2"].map(|word| text.find(word).unwrap())
        };
        let [side0, main0, side2] = order(Order::ByColumn);
        assert!(side0 < side2 && side2 < main0);
        let [side0, main0, side2] = order(Order::Interleaved);
        assert!(side0 < main0 && main0 < side2);
    }

    #[test]
    fn columns_run_on_to_later_pages() {
        let sheet = Sheet::a4().tint(Color(0.9, 0.9, 0.9));
        let header = story(sheet.full_width(), "top", 1);
        let side = story(sheet.side_width(), "side", 5);
        let main = story(sheet.main_width(), "main", 70);
        let pages = sheet.two_columns(&header, &side, &main, Order::Interleaved);
        assert_eq!(pages.len(), 2);
        assert!(shown(&pages[1]).contains("(main69)") && !shown(&pages[1]).contains("(side"));
    }
}
