//! TIFF: what a scanner makes of a stack of paper is one file of several pictures, a page each (TIFF 6.0, section 2).

use std::collections::HashSet;

/// The tag that says what a picture is for...
const SUBFILE_TYPE: u16 = 254;
/// ...and its bit that says: a smaller twin of another one.
const REDUCED: u32 = 1;

/// Where the pages of a file begin, in their order, at most so many; smaller twins of pages are none. Of a file that cannot be
/// followed, as far as it can.
pub(crate) fn pages(bytes: &[u8], most: usize) -> Vec<u32> {
    let file = File { bytes, big_endian: bytes.starts_with(b"MM") };
    let (mut pages, mut known) = (Vec::new(), HashSet::new());
    let mut next = file.long(4);
    while let Some(at) = next.filter(|at| *at != 0 && pages.len() < most) {
        // Pictures that follow each other in a circle have no end.
        if !known.insert(at) {
            break;
        }
        let start = at as usize;
        let Some(entries) = file.short(start) else { break };
        let after = start + 2 + usize::from(entries) * 12;
        let of = |n: usize| start + 2 + n * 12;
        let purpose = (0..usize::from(entries))
            .find(|n| file.short(of(*n)) == Some(SUBFILE_TYPE))
            .and_then(|n| file.long(of(n) + 8));
        if purpose.is_none_or(|purpose| purpose & REDUCED == 0) {
            pages.push(at);
        }
        next = file.long(after);
    }
    pages
}

/// The same file, with this page for its first.
pub(crate) fn beginning_at(bytes: &[u8], page: u32) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let first = if bytes.starts_with(b"MM") { page.to_be_bytes() } else { page.to_le_bytes() };
    if let Some(place) = bytes.get_mut(4..8) {
        place.copy_from_slice(&first);
    }
    bytes
}

struct File<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl File<'_> {
    fn short(&self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn long(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }
}
