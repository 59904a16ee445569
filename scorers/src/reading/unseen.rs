//! Characters that leave no mark: which of them smuggle text, and which are ordinary writing.
//!
//! Tag characters can spell out a whole instruction that nobody sees; bidi controls can make text
//! read otherwise than it is stored; zero-width characters break up words. All are taken out of
//! visible text. Reported are only those that ordinary documents do not contain: a joiner inside an
//! emoji or a Persian word, a soft hyphen, a byte order mark and directional marks are ordinary.

/// Splits text into what can be seen and, if something suspicious was in it, what could not.
pub(super) fn split(text: &str) -> (String, Option<String>) {
    if text.is_ascii() && !text.bytes().any(|b| b.is_ascii_control() && !is_layout(char::from(b))) {
        return (text.to_owned(), None);
    }
    let chars: Vec<char> = text.chars().collect();
    let mut visible = String::with_capacity(text.len());
    let mut unseen = String::new();
    let mut suspicious = false;
    let (mut run, mut longest) = (0usize, 0usize);
    let right_to_left = chars.iter().any(|&c| is_right_to_left(c));
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|i| chars.get(i)).copied();
        let after = chars.get(at + 1).copied();
        let kept = visible.len();
        match c {
            '\u{E0020}'..='\u{E007E}' => {
                // A flag's subdivision (Scotland) is spelt in tags after a black flag.
                if in_flag(&chars, at) {
                    visible.push(c);
                } else {
                    suspicious = true;
                    if let Some(spelt) = char::from_u32(c as u32 - 0xE0000) {
                        unseen.push(spelt);
                    }
                }
            }
            '\u{E007F}' if in_flag(&chars, at) => visible.push(c),
            '\u{E0000}'..='\u{E001F}' | '\u{E007F}' | '\u{E0100}'..='\u{E01EF}' => {
                suspicious = true;
            }
            // Joiners are spelling between letters of scripts that join, and in emoji.
            '\u{200C}' | '\u{200D}' if joins(before) && joins(after) => visible.push(c),
            // Embedding, override and isolate can reorder what is shown.
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
                suspicious |= !right_to_left || matches!(c, '\u{202D}' | '\u{202E}');
            }
            '\u{200B}'
            | '\u{200C}'
            | '\u{200D}'
            | '\u{2060}'..='\u{2064}'
            | '\u{206A}'..='\u{206F}'
            | '\u{180E}'
            | '\u{115F}'
            | '\u{1160}'
            | '\u{3164}'
            | '\u{FFA0}' => {
                // Inside a word it hides the word from whoever searches for it.
                let alphanumeric = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                suspicious |= c != '\u{200C}' && alphanumeric(before) && alphanumeric(after);
            }
            // Ordinary, and of no use to a reader.
            '\u{FEFF}' | '\u{200E}' | '\u{200F}' | '\u{061C}' => {}
            // A soft hyphen shows only where a line breaks.
            '\u{00AD}' => {
                if matches!(after, None | Some('\n')) {
                    visible.push('-');
                }
            }
            '\u{FFF9}'..='\u{FFFB}' => {}
            // Emoji and CJK variants are chosen by a selector after the character.
            '\u{FE00}'..='\u{FE0F}' => {
                if before.is_some_and(|b| !b.is_ascii_alphabetic()) {
                    visible.push(c);
                }
            }
            c if c.is_control() && !is_layout(c) => {}
            c => visible.push(c),
        }
        run = if visible.len() == kept && is_mask(c) { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    // Single ones are what web pages leave behind when text is pasted; a row of them is a message.
    if suspicious || longest >= 4 {
        if unseen.trim().is_empty() {
            unseen = masked_words(text);
        }
        (visible, Some(unseen))
    } else {
        (visible, None)
    }
}

fn is_layout(c: char) -> bool {
    matches!(c, '\n' | '\t' | '\r' | '\x0C')
}

/// The words that invisible characters were in, as a person would read them.
fn masked_words(text: &str) -> String {
    let mut words = Vec::new();
    let mut count = 0usize;
    for word in text.split_whitespace() {
        let masks = word.chars().filter(|&c| is_mask(c)).count();
        if masks > 0 {
            count += masks;
            let word: String = word.chars().filter(|&c| !is_mask(c)).collect();
            if !word.is_empty() && words.len() < 100 {
                words.push(word);
            }
        }
    }
    if words.is_empty() { format!("[{count} invisible characters]") } else { words.join(" ") }
}

fn is_mask(c: char) -> bool {
    matches!(c, '\u{E0000}'..='\u{E01EF}' | '\u{200B}'..='\u{200D}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{180E}' | '\u{115F}' | '\u{1160}' | '\u{3164}'
        | '\u{FFA0}' | '\u{FE00}'..='\u{FE0F}')
}

/// Whether `c` is a letter of a script written from right to left.
pub(super) fn is_right_to_left(c: char) -> bool {
    matches!(c as u32, 0x0590..=0x08FF | 0xFB1D..=0xFDFF | 0xFE70..=0xFEFC | 0x10800..=0x10FFF
        | 0x1E800..=0x1EEFF)
}

/// Whether the tag at `at` belongs to a black flag before it.
fn in_flag(chars: &[char], at: usize) -> bool {
    chars[..at]
        .iter()
        .rev()
        .take(8)
        .find(|c| !matches!(**c, '\u{E0020}'..='\u{E007E}'))
        .is_some_and(|c| *c == '\u{1F3F4}')
}

/// Whether a joiner next to `c` is spelling: scripts that join (Arabic to Thai), emoji, and the
/// selector between an emoji and its joiner.
fn joins(c: Option<char>) -> bool {
    c.is_some_and(|c| {
        matches!(c as u32,
            0x0600..=0x0E7F | 0x0F00..=0x109F | 0x1780..=0x18AF | 0xFB50..=0xFDFF
            | 0xFE0F | 0xFE70..=0xFEFC | 0x2190..=0x2BFF | 0x1F000..=0x1FAFF)
    })
}
