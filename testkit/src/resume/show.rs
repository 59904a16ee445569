//! A resume shown in each format that people send.

use super::{Block, Resume, Section};
use crate::docx::{Docx, Run};
use crate::pdf::{Order, Page, Sheet, Story, Theme, scan};

impl Resume {
    /// Pages in one column.
    pub fn one_column(&self, sheet: &Sheet, theme: Theme) -> Vec<Page> {
        let mut story = self.masthead(sheet, theme);
        story.small(&self.contacts.join("  |  "));
        self.sections.iter().for_each(|section| set(&mut story, section));
        sheet.one_column(&story)
    }

    /// Pages with contacts and the sections marked for it in a sidebar.
    pub fn two_columns(&self, sheet: &Sheet, theme: Theme, order: Order) -> Vec<Page> {
        let header = self.masthead(sheet, theme);
        let narrow = Theme { body: theme.body * 0.9, ..theme };
        let mut side = Story::new(sheet.side_width(), narrow);
        let mut main = Story::new(sheet.main_width(), theme);
        side.heading("Contact");
        for contact in &self.contacts {
            side.small(contact);
        }
        for section in &self.sections {
            set(if section.beside { &mut side } else { &mut main }, section);
        }
        sheet.two_columns(&header, &side, &main, order)
    }

    fn masthead(&self, sheet: &Sheet, theme: Theme) -> Story {
        let mut story = Story::new(sheet.full_width(), theme);
        story.name(&self.name);
        if !self.headline.is_empty() {
            story.headline(&self.headline);
        }
        story
    }

    /// A page that is an image of the plain text.
    pub fn scanned(&self) -> Page {
        let text = self.plain_text(68);
        scan(&text.lines().collect::<Vec<_>>())
    }

    /// A DOCX, its parts unpacked.
    pub fn docx(&self) -> Docx {
        let mut docx = Docx::new().stored().title(&self.name);
        if !self.headline.is_empty() {
            docx = docx.runs(&[Run::new(&self.headline).italic().color("666666")]);
        }
        docx = docx.paragraph(&self.contacts.join(" | "));
        for section in &self.sections {
            docx = docx.heading(1, &section.heading);
            // A sidebar's short lines become a table of two columns, as templates do it.
            if let Some(rows) = pairs(section) {
                let rows: Vec<[&str; 2]> = rows.iter().map(|(a, b)| [a.as_str(), b]).collect();
                docx = docx.table(&rows.iter().map(<[&str; 2]>::as_slice).collect::<Vec<_>>());
                continue;
            }
            for block in &section.blocks {
                docx = match block {
                    Block::Entry { title, dates } => docx.entry(title, dates),
                    Block::Paragraph(text) => docx.paragraph(text),
                    Block::Bullet(text) => docx.bullet(text),
                };
            }
        }
        docx
    }

    /// Plain text in lines of at most `width` characters, words permitting.
    pub fn plain_text(&self, width: usize) -> String {
        let mut out = format!("{}\n", self.name.to_uppercase());
        for line in [&self.headline].into_iter().chain(&self.contacts).filter(|l| !l.is_empty()) {
            out.push_str(&format!("{line}\n"));
        }
        for section in &self.sections {
            let heading = section.heading.to_uppercase();
            let rule = "-".repeat(heading.chars().count());
            out.push_str(&format!("\n{heading}\n{rule}\n"));
            let mut listed = false;
            for block in &section.blocks {
                match block {
                    Block::Entry { title, dates } => {
                        let gap = if listed { "\n" } else { "" };
                        let dates = match dates.as_str() {
                            "" => String::new(),
                            dates => format!(" ({dates})"),
                        };
                        out.push_str(&format!("{gap}{title}{dates}\n"));
                    }
                    Block::Paragraph(text) => fill(&mut out, text, "", "", width),
                    Block::Bullet(text) => fill(&mut out, text, "* ", "  ", width),
                }
                listed = true;
            }
        }
        out
    }

    /// Markdown.
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n\n", self.name);
        if !self.headline.is_empty() {
            out.push_str(&format!("**{}**\n\n", self.headline));
        }
        out.push_str(&format!("{}\n", self.contacts.join(" · ")));
        for section in &self.sections {
            out.push_str(&format!("\n## {}\n", section.heading));
            let mut in_list = false;
            for block in &section.blocks {
                let is_bullet = matches!(block, Block::Bullet(_));
                if !(in_list && is_bullet) {
                    out.push('\n');
                }
                in_list = is_bullet;
                out.push_str(&match block {
                    Block::Entry { title, dates } if dates.is_empty() => format!("### {title}\n"),
                    Block::Entry { title, dates } => format!("### {title}\n*{dates}*\n"),
                    Block::Paragraph(text) => format!("{text}\n"),
                    Block::Bullet(text) => format!("- {text}\n"),
                });
            }
        }
        out
    }
}

fn set(story: &mut Story, section: &Section) {
    story.heading(&section.heading);
    for block in &section.blocks {
        match block {
            Block::Entry { title, dates } => story.entry(title, dates),
            Block::Paragraph(text) => story.paragraph(text),
            Block::Bullet(text) => story.bullet(text),
        };
    }
}

/// The rows of a sidebar section whose every line reads `label: text`.
fn pairs(section: &Section) -> Option<Vec<(String, String)>> {
    let row = |block: &Block| match block {
        Block::Paragraph(text) | Block::Bullet(text) => {
            text.split_once(": ").map(|(label, text)| (label.to_owned(), text.to_owned()))
        }
        Block::Entry { .. } => None,
    };
    if !section.beside {
        return None;
    }
    section.blocks.iter().map(row).collect()
}

/// Adds `text` broken at spaces, its first line behind `first` and the others behind `later`.
fn fill(out: &mut String, text: &str, first: &str, later: &str, width: usize) {
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > width {
            out.push_str(&format!("{line}\n"));
            line = later.to_owned();
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out.push_str(&format!("{line}\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resume() -> Resume {
        let work = "Ran the line on the busiest nights of the year and trained two commis chefs";
        Resume::parse(&format!(
            "# Zoë Müller\nCook\n@ zoe@example.com\n## Work\n### Cook, Inn | 2019 – 2022\n- {work}\n\
             ### Commis\n{work}\n##< Languages\n- German: native\n- English: fluent"
        ))
        .unwrap()
    }

    #[test]
    fn plain_text_is_wrapped_and_ruled() {
        let text = resume().plain_text(40);
        assert!(text.starts_with("ZOË MÜLLER\nCook\nzoe@example.com\n\nWORK\n----\n"));
        assert!(text.contains("Cook, Inn (2019 – 2022)\n* Ran the line"));
        assert!(text.lines().all(|line| line.chars().count() <= 40));
    }

    #[test]
    fn markdown_keeps_lists_together() {
        let text = resume().markdown();
        assert!(text.contains("### Cook, Inn\n*2019 – 2022*\n\n- Ran"));
        assert!(text.contains("- German: native\n- English: fluent\n"));
    }

    #[test]
    fn a_sidebar_of_pairs_becomes_a_table() {
        let parts = resume().docx().parts();
        let xml = parts.iter().find(|(name, _)| *name == "word/document.xml").unwrap();
        let xml = String::from_utf8(xml.1.clone()).unwrap();
        assert_eq!(xml.matches("<w:tr>").count(), 2);
    }

    #[test]
    fn every_layout_gives_pages() {
        let (sheet, theme) = (Sheet::a4(), Theme::default());
        assert_eq!(resume().one_column(&sheet, theme).len(), 1);
        assert_eq!(resume().two_columns(&sheet, theme, Order::Interleaved).len(), 1);
        assert_eq!(resume().scanned().images.len(), 1);
    }
}
