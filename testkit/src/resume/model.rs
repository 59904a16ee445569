//! A resume and the markup it is written in.
//!
//! ```text
//! # Amara Okafor                      the name, always first
//! Senior Backend Engineer             the headline: the next plain line
//! @ amara.okafor@example.com          a line of contact details, as many as needed
//!
//! ## Experience                       a section; "##<" puts it in the sidebar, where there is one
//! ### Engineer, Paystream | 2019 – 2023   an entry with its dates
//! A paragraph, which may run
//! over several lines.
//! - A bullet, which may too
//! ```

use std::io;

/// A resume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// Whose it is.
    pub name: String,
    /// The line under the name; may be empty.
    pub headline: String,
    /// Addresses, numbers, a town.
    pub contacts: Vec<String>,
    /// In order.
    pub sections: Vec<Section>,
}

/// A section of a resume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// Whether a two-column layout puts it beside the main text.
    pub beside: bool,
    /// In order.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A job or a degree.
    Entry {
        /// What and where.
        title: String,
        /// From when to when; may be empty.
        dates: String,
    },
    /// A paragraph.
    Paragraph(String),
    /// A paragraph with a bullet.
    Bullet(String),
}

impl Resume {
    /// Reads the markup. What stands before any section and is not understood is an error, so
    /// that a slip in a sample does not go unseen.
    pub fn parse(markup: &str) -> io::Result<Self> {
        let mut resume = Self {
            name: String::new(),
            headline: String::new(),
            contacts: Vec::new(),
            sections: Vec::new(),
        };
        let mut continues = false;
        for line in markup.lines().map(str::trim) {
            if line.is_empty() {
                continues = false;
                continue;
            }
            continues = resume.take(line, continues)?;
        }
        match resume.name.is_empty() {
            true => Err(invalid("no name: the first line must be \"# Name\"")),
            false => Ok(resume),
        }
    }

    /// Takes one line; tells whether the next plain line continues it.
    fn take(&mut self, line: &str, continues: bool) -> io::Result<bool> {
        let starts = |mark: &str| line.strip_prefix(mark).map(str::to_owned);
        if let Some(text) = starts("### ") {
            let (title, dates) = text.rsplit_once(" | ").unwrap_or((&text, ""));
            let (title, dates) = (title.trim().into(), dates.trim().into());
            self.blocks(line)?.push(Block::Entry { title, dates });
            return Ok(false);
        }
        for (mark, beside) in [("## ", false), ("##< ", true)] {
            if let Some(heading) = starts(mark) {
                self.sections.push(Section { heading, beside, blocks: Vec::new() });
                return Ok(false);
            }
        }
        if let Some(name) = starts("# ") {
            self.name = name;
            return Ok(false);
        }
        if let Some(contact) = starts("@ ") {
            self.contacts.push(contact);
            return Ok(false);
        }
        if let Some(text) = starts("- ") {
            self.blocks(line)?.push(Block::Bullet(text));
            return Ok(true);
        }
        if self.sections.is_empty() && self.headline.is_empty() && !self.name.is_empty() {
            self.headline = line.into();
            return Ok(false);
        }
        let blocks = self.blocks(line)?;
        match blocks.last_mut() {
            Some(Block::Paragraph(text) | Block::Bullet(text)) if continues => {
                text.push(' ');
                text.push_str(line);
            }
            _ => blocks.push(Block::Paragraph(line.into())),
        }
        Ok(true)
    }

    fn blocks(&mut self, line: &str) -> io::Result<&mut Vec<Block>> {
        match self.sections.last_mut() {
            Some(section) => Ok(&mut section.blocks),
            None => Err(invalid(&format!("not in any section: {line}"))),
        }
    }
}

/// An error in a sample's source.
pub(crate) fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKUP: &str = "# Zoë Müller\nCook\n@ zoe@example.com\n\n## Work\n### Cook, Inn | 2019 – 2022\n\
        Ran the\nline.\n\n- Cut waste\n  by 18%\n- Trained two\n##< Skills\nSauces";

    #[test]
    fn markup_is_read() {
        let resume = Resume::parse(MARKUP).unwrap();
        assert_eq!((resume.name.as_str(), resume.headline.as_str()), ("Zoë Müller", "Cook"));
        assert_eq!(resume.contacts, ["zoe@example.com"]);
        assert_eq!(
            resume.sections[0].blocks,
            [
                Block::Entry { title: "Cook, Inn".into(), dates: "2019 – 2022".into() },
                Block::Paragraph("Ran the line.".into()),
                Block::Bullet("Cut waste by 18%".into()),
                Block::Bullet("Trained two".into()),
            ]
        );
        assert!(resume.sections[1].beside);
    }

    #[test]
    fn slips_are_errors() {
        assert!(Resume::parse("Cook\n").is_err());
        assert!(Resume::parse("# A\nCook\nstray line\n").is_err());
        assert!(Resume::parse("# A\n- stray bullet\n").is_err());
    }
}
