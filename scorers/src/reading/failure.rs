//! Why a file gave no text: the stable codes and what to tell the person who sent it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a file gave no text. The serialised names are stable codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Failure {
    /// It was read, and no visible character is in it, nor in its pictures.
    EmptyText,
    /// It has no bytes at all.
    EmptyFile,
    /// A password is needed.
    Encrypted,
    /// It claims to be of its type but cannot be read.
    Corrupt,
    /// Not a type that can be read.
    UnsupportedType,
    /// More bytes than allowed, packed or unpacked.
    TooLarge,
    /// More pages than allowed.
    TooManyPages,
    /// It took longer than allowed.
    TimedOut,
    /// It needed more memory than allowed.
    OutOfMemory,
    /// The reader died on it.
    Crashed,
    /// The file could not be opened or read from disk.
    Unreadable,
}

impl Failure {
    /// The stable code, as serialised: `EMPTY_TEXT`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::EmptyText => "EMPTY_TEXT",
            Self::EmptyFile => "EMPTY_FILE",
            Self::Encrypted => "ENCRYPTED",
            Self::Corrupt => "CORRUPT",
            Self::UnsupportedType => "UNSUPPORTED_TYPE",
            Self::TooLarge => "TOO_LARGE",
            Self::TooManyPages => "TOO_MANY_PAGES",
            Self::TimedOut => "TIMED_OUT",
            Self::OutOfMemory => "OUT_OF_MEMORY",
            Self::Crashed => "CRASHED",
            Self::Unreadable => "UNREADABLE",
        }
    }

    /// One sentence for people: what happened and what to do next.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::EmptyText => {
                "No text could be found in the file, nor read in its pictures; send a PDF or DOCX \
                 whose text can be selected, or a sharper scan."
            }
            Self::EmptyFile => "The file is empty; check that it was saved, and send it again.",
            Self::Encrypted => {
                "The file is protected by a password; save a copy without one and send that."
            }
            Self::Corrupt => {
                "The file is damaged and cannot be opened; export it again and send the new copy."
            }
            Self::UnsupportedType => {
                "This kind of file cannot be read; send the resume as PDF, DOCX, ODT, RTF, \
                 HTML or plain text."
            }
            Self::TooLarge => {
                "The file is larger than allowed, or unpacks to more than allowed; send a smaller \
                 copy, for example with smaller pictures."
            }
            Self::TooManyPages => {
                "The file has more pages than allowed; send only the resume, without attachments."
            }
            Self::TimedOut => {
                "The file took too long to read; export it again in a simpler form, or send plain \
                 text."
            }
            Self::OutOfMemory => {
                "The file needs more memory to read than allowed; export it again in a simpler \
                 form, or send plain text."
            }
            Self::Crashed => {
                "The file could not be read because its contents broke the reader; export it \
                 again, or send it in another format."
            }
            Self::Unreadable => {
                "The file could not be opened from storage; try again, and upload it once more if \
                 that does not help."
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;

    #[test]
    fn the_code_is_the_serialised_name() {
        for failure in [
            Failure::EmptyText,
            Failure::EmptyFile,
            Failure::Encrypted,
            Failure::Corrupt,
            Failure::UnsupportedType,
            Failure::TooLarge,
            Failure::TooManyPages,
            Failure::TimedOut,
            Failure::OutOfMemory,
            Failure::Crashed,
            Failure::Unreadable,
        ] {
            let json = serde_json::to_string(&failure).unwrap();
            assert_eq!(json, format!("\"{}\"", failure.code()));
            assert!(failure.advice().ends_with('.'), "{failure} is not a sentence");
        }
    }
}
