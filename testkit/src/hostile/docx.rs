//! DOCX files that are broken or swell when opened.

use crate::docx::{DOCUMENT, Docx, THEME, wrapper};
use crate::package::{Packing, with_bad_checksum, zip_of, zip_with_filler};

/// A file of a few kilobytes whose `word/document.xml` inflates to about `megabytes`.
pub fn zip_bomb(megabytes: usize) -> Vec<u8> {
    let mut parts = Docx::new().parts();
    parts.retain(|(name, _)| *name != DOCUMENT);
    let (before, after) = wrapper("");
    let before = format!("{before}<w:p><w:r><w:t>");
    let after = format!("</w:t></w:r></w:p>{after}");
    let filler = (b'a', megabytes << 20);
    zip_with_filler(&parts, DOCUMENT, before.as_bytes(), filler, after.as_bytes())
}

/// A package that says it is a document and has none.
pub fn missing_document() -> Vec<u8> {
    let mut parts = Docx::new().paragraph("gone").parts();
    parts.retain(|(name, _)| *name != DOCUMENT);
    zip_of(&parts, Packing::Deflated)
}

/// A good document whose theme, which no reader of text needs, fails its checksum.
pub fn bad_theme_checksum(text: &str) -> Vec<u8> {
    with_bad_checksum(Docx::new().paragraph(text).finish(), THEME)
}

/// Tables in tables, `depth` of them, with `text` in the innermost.
pub fn deeply_nested_tables(depth: usize, text: &str) -> Vec<u8> {
    let open = "<w:tbl><w:tr><w:tc>".repeat(depth);
    let close = "<w:p/></w:tc></w:tr></w:tbl>".repeat(depth);
    let inner = format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>");
    Docx::new().block(format!("{open}{inner}{close}<w:p/>")).finish()
}

/// What Word writes for a document with a password: not a zip file but an OLE container whose
/// directory names the streams `EncryptionInfo` and `EncryptedPackage`.
pub fn encrypted_office_file() -> Vec<u8> {
    const SECTOR: usize = 512;
    const END: u32 = 0xffff_fffe;
    let mut header = vec![0_u8; SECTOR];
    let mut put = |at: usize, bytes: &[u8]| {
        header.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to = *from);
    };
    put(0, &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
    put(24, &[0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0]); // version 3, little endian, 512 and 64
    put(44, &1_u32.to_le_bytes()); // one sector of allocation table
    put(48, &1_u32.to_le_bytes()); // the directory is in sector 1
    put(56, &4096_u32.to_le_bytes()); // shorter streams would be kept elsewhere
    put(60, &END.to_le_bytes());
    put(68, &END.to_le_bytes());
    put(76, &0_u32.to_le_bytes()); // the allocation table is sector 0
    for slot in 1..109 {
        put(76 + slot * 4, &[0xff; 4]);
    }
    // Sectors: 0 the table, 1 the directory, 2 to 9 and 10 to 17 a stream each.
    let table = (0..SECTOR as u32 / 4).flat_map(|sector| {
        let next = match sector {
            0 => 0xffff_fffd,
            1 | 9 | 17 => END,
            2..=16 => sector + 1,
            _ => 0xffff_ffff,
        };
        next.to_le_bytes()
    });
    let directory = [
        directory_entry("Root Entry", 5, 1, END, 0),
        directory_entry("EncryptedPackage", 2, NONE, 2, 4096),
        directory_entry("EncryptionInfo", 2, NONE, 10, 4096),
        directory_entry("", 0, NONE, 0, 0),
    ];
    let noise = super::garbage(b"", 2 * 4096, 11);
    header.into_iter().chain(table).chain(directory.concat()).chain(noise).collect()
}

/// No other entry.
const NONE: u32 = 0xffff_ffff;

fn directory_entry(name: &str, kind: u8, child: u32, start: u32, size: u32) -> Vec<u8> {
    let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let length = if name.is_empty() { 0 } else { entry.len() as u16 + 2 };
    entry.resize(64, 0);
    entry.extend(length.to_le_bytes());
    entry.extend([kind, 1]);
    // The siblings: the smaller name hangs off the one the root points at.
    let left = if name == "EncryptedPackage" { 2 } else { NONE };
    for link in [left, NONE, child] {
        entry.extend(link.to_le_bytes());
    }
    entry.resize(116, 0);
    entry.extend(start.to_le_bytes());
    entry.extend(size.to_le_bytes());
    entry.resize(128, 0);
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read};
    use zip::ZipArchive;

    #[test]
    fn a_bomb_is_small_until_opened() {
        let bomb = zip_bomb(8);
        assert!(bomb.len() < 40_000, "{}", bomb.len());
        let mut archive = ZipArchive::new(Cursor::new(bomb)).unwrap();
        let mut text = String::new();
        archive.by_name(DOCUMENT).unwrap().read_to_string(&mut text).unwrap();
        assert!(text.len() > 8 << 20 && text.ends_with("</w:document>"));
    }

    #[test]
    fn only_the_theme_is_spoilt() {
        let mut archive = ZipArchive::new(Cursor::new(bad_theme_checksum("words"))).unwrap();
        let mut text = String::new();
        archive.by_name(DOCUMENT).unwrap().read_to_string(&mut text).unwrap();
        assert!(text.contains("words"));
        assert!(archive.by_name(THEME).unwrap().read_to_string(&mut text).is_err());
    }

    #[test]
    fn the_others_are_what_they_say() {
        let archive = ZipArchive::new(Cursor::new(missing_document())).unwrap();
        assert!(archive.index_for_name(DOCUMENT).is_none());
        assert!(deeply_nested_tables(2000, "deep").starts_with(b"PK"));
        let ole = encrypted_office_file();
        assert_eq!(ole.len(), 512 * 3 + 8192);
        let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(ole.windows(name.len()).any(|w| w == name));
    }
}
