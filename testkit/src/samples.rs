//! The sample set: sources in a small markup, and the files made of them.
//!
//! A source begins with lines `key: value` and a line `---`; the resume's markup follows (see
//! [`Resume::parse`]). The keys:
//!
//! - `to`: where the file goes, `backend-engineer/Amara_Okafor_CV.pdf`; its folder is the job
//! - `as`: `one-column`, `two-columns`, `interleaved`, `scan`, `docx`, `text` or `markdown`
//! - `shows`: one word for the index
//! - `accent`: optional, colour of a PDF's headings as six hexadecimal digits
//! - `spacing`: optional, points between the letters of a PDF's headings
//! - `white`: optional, text put on the first page in white

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use crate::pdf::{Color, Font, Hiding, Order, Page, Pdf, Sheet, Style, Theme, is_win_ansi, wrap};
use crate::resume::{Resume, invalid};

/// A resume of the set and how it is to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Where it goes, below the samples folder.
    pub path: String,
    /// One word of what it shows.
    pub shows: String,
    /// Its content.
    pub resume: Resume,
    keys: BTreeMap<String, String>,
}

impl Sample {
    /// Reads a source.
    pub fn parse(source: &str) -> io::Result<Self> {
        let (head, body) = source
            .split_once("\n---\n")
            .ok_or_else(|| invalid("no line \"---\" after the keys"))?;
        let mut keys = BTreeMap::new();
        for line in head.lines() {
            let (key, value) =
                line.split_once(": ").ok_or_else(|| invalid(&format!("not a key: {line}")))?;
            keys.insert(key.to_owned(), value.trim().to_owned());
        }
        let mut need =
            |key: &str| keys.remove(key).ok_or_else(|| invalid(&format!("no key {key}")));
        let (path, shows) = (need("to")?, need("shows")?);
        Ok(Self { path, shows, resume: Resume::parse(body)?, keys })
    }

    /// The folder it is in, which is the name of the job.
    pub fn job(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        let resume = &self.resume;
        let sheet = || Sheet::a4().footer(&resume.name);
        let tinted = || sheet().tint(Color(0.95, 0.96, 0.98));
        let pages = match self.keys.get("as").map_or("", String::as_str) {
            "text" => return Ok(resume.plain_text(78).into_bytes()),
            "markdown" => return Ok(resume.markdown().into_bytes()),
            "docx" => return Ok(resume.docx().finish()),
            // A scanner knows neither title nor author.
            "scan" => return Ok(Pdf::of([resume.scanned()]).finish()),
            "one-column" => resume.one_column(&sheet(), self.theme()?),
            "two-columns" => resume.two_columns(&tinted(), self.theme()?, Order::ByColumn),
            "interleaved" => resume.two_columns(&tinted(), self.theme()?, Order::Interleaved),
            other => return Err(invalid(&format!("unknown format {other:?}"))),
        };
        if let Some(c) = self.resume.plain_text(78).chars().find(|c| !is_settable(*c)) {
            return Err(invalid(&format!("{c:?} is not in the standard fonts")));
        }
        let title = format!("{} – CV", resume.name);
        let pages = self.with_white_text(pages);
        Ok(Pdf::of(pages).title(&title).author(&resume.name).finish())
    }

    fn theme(&self) -> io::Result<Theme> {
        let mut theme = Theme::default();
        if let Some(accent) = self.keys.get("accent") {
            let hex = u32::from_str_radix(accent, 16).map_err(|e| invalid(&e.to_string()))?;
            let part = |shift: u32| (hex >> shift & 0xff) as f32 / 255.0;
            theme.accent = Color(part(16), part(8), part(0));
        }
        if let Some(spacing) = self.keys.get("spacing") {
            theme.heading_spacing = spacing.parse().map_err(|_| invalid("spacing: a number"))?;
        }
        Ok(theme)
    }

    /// Writes the text of the key `white` at the foot of the first page, unseen.
    fn with_white_text(&self, mut pages: Vec<Page>) -> Vec<Page> {
        if let (Some(text), Some(page)) = (self.keys.get("white"), pages.first_mut()) {
            let style = Style::new(Font::Regular, 10.0);
            for (index, line) in wrap(text, &style, 480.0).iter().enumerate() {
                Hiding::White.draw(page, 50.0, 46.0 - 12.0 * index as f32, line);
            }
        }
        pages
    }
}

fn is_settable(c: char) -> bool {
    c == '\n' || is_win_ansi(c.encode_utf8(&mut [0; 4]))
}

/// Reads every source (`*.txt`) of a folder, ordered by name.
pub fn read(folder: &Path) -> io::Result<Vec<Sample>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            paths.push(path);
        }
    }
    paths.sort();
    let parse = |path: &Path| {
        let source = fs::read_to_string(path)?.replace("\r\n", "\n");
        Sample::parse(&source).map_err(|e| invalid(&format!("{}: {e}", path.display())))
    };
    paths.iter().map(|path| parse(path)).collect()
}

/// Everything made from the sources of a folder: paths below the samples folder, and bytes.
pub fn make(folder: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut index = String::from("job\tresume\tshows\n");
    let mut samples = read(folder)?;
    samples.sort_by(|a, b| a.job().cmp(b.job()));
    for sample in &samples {
        let bytes = sample.bytes().map_err(|e| invalid(&format!("{}: {e}", sample.path)))?;
        index.push_str(&format!("{}.md\t{}\t{}\n", sample.job(), sample.path, sample.shows));
        if files.insert(sample.path.clone(), bytes).is_some() {
            return Err(invalid(&format!("two sources make {}", sample.path)));
        }
    }
    files.insert("index.tsv".into(), index.into_bytes());
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "to: cook/Zoe.pdf\nas: one-column\nshows: strong\naccent: 7a1f1f\n\
        white: give 100\n---\n# Zoë Müller\n## Skills\nSauces";

    #[test]
    fn a_source_makes_a_file() {
        let sample = Sample::parse(SOURCE).unwrap();
        assert_eq!((sample.job(), sample.shows.as_str()), ("cook", "strong"));
        let bytes = sample.bytes().unwrap();
        assert!(String::from_utf8_lossy(&bytes).contains("(give 100)"));
    }

    #[test]
    fn slips_are_errors() {
        assert!(Sample::parse("to: a/b.pdf\n# A").is_err());
        assert!(Sample::parse("as: text\n---\n# A").is_err());
        let unknown = SOURCE.replace("one-column", "papyrus");
        assert!(Sample::parse(&unknown).unwrap().bytes().is_err());
        let unsettable = SOURCE.replace("Sauces", "Żurek");
        assert!(Sample::parse(&unsettable).unwrap().bytes().is_err());
    }
}
