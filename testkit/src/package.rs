//! Zip files with fixed dates, and the packed streams inside them.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipArchive, ZipWriter};

/// Whether a file's parts are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    /// As they are. The bytes are the same on every machine.
    Stored,
    /// Deflated, as word processors do. The packed bytes may differ from one processor to another.
    Deflated,
}

/// A zip file of these parts, in this order.
pub(crate) fn zip_of(parts: &[(&str, Vec<u8>)], packing: Packing) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, options(packing)).expect("a part's name is valid");
        writer.write_all(bytes).expect("memory can be written to");
    }
    writer.finish().expect("memory can be written to").into_inner()
}

/// A zip file of these parts and a last, deflated one that is `before`, then `length` times
/// `filler`, then `after`. The long middle is never held in memory.
pub(crate) fn zip_with_filler(
    parts: &[(&str, Vec<u8>)],
    name: &str,
    before: &[u8],
    (filler, length): (u8, usize),
    after: &[u8],
) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (part, bytes) in parts {
        writer.start_file(*part, options(Packing::Deflated)).expect("a part's name is valid");
        writer.write_all(bytes).expect("memory can be written to");
    }
    writer.start_file(name, options(Packing::Deflated)).expect("a part's name is valid");
    let chunk = vec![filler; 1 << 16];
    writer.write_all(before).expect("memory can be written to");
    let mut left = length;
    while left > 0 {
        let now = chunk.get(..left.min(chunk.len())).unwrap_or(&chunk);
        writer.write_all(now).expect("memory can be written to");
        left -= now.len();
    }
    writer.write_all(after).expect("memory can be written to");
    writer.finish().expect("memory can be written to").into_inner()
}

/// A zlib stream, as PDF's FlateDecode wants, of `length` times `filler` and then `after`.
pub(crate) fn zlib_of(filler: u8, length: usize, after: &[u8]) -> Vec<u8> {
    let zip = zip_with_filler(&[], "x", b"", (filler, length), after);
    let mut archive = ZipArchive::new(Cursor::new(zip)).expect("just written");
    let mut raw = archive.by_index_raw(0).expect("has one part");
    let mut out = vec![0x78, 0x9c];
    raw.read_to_end(&mut out).expect("memory can be read");
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in std::iter::repeat_n(&filler, length).chain(after) {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    out.extend((b << 16 | a).to_be_bytes());
    out
}

/// The same zip file with the checksum of one part made wrong, in both places that state it.
pub(crate) fn with_bad_checksum(mut zip: Vec<u8>, part: &str) -> Vec<u8> {
    // Where the checksum and the name lie behind each kind of header's signature.
    for (signature, checksum, name) in [(b"PK\x03\x04", 14, 30), (b"PK\x01\x02", 16, 46)] {
        let found = (0..zip.len()).find(|at| {
            zip.get(*at..).is_some_and(|rest| {
                rest.starts_with(signature)
                    && rest.get(name..).is_some_and(|rest| rest.starts_with(part.as_bytes()))
            })
        });
        if let Some(byte) = found.and_then(|at| zip.get_mut(at + checksum)) {
            *byte ^= 0xff;
        }
    }
    zip
}

fn options(packing: Packing) -> SimpleFileOptions {
    let method = match packing {
        Packing::Stored => CompressionMethod::Stored,
        Packing::Deflated => CompressionMethod::Deflated,
    };
    SimpleFileOptions::default()
        .compression_method(method)
        .last_modified_time(DateTime::default())
        .system(System::Unix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_and_bytes_repeat() {
        let parts = [("a.txt", b"one".to_vec()), ("b/c.txt", b"two".repeat(500))];
        for packing in [Packing::Stored, Packing::Deflated] {
            let zip = zip_of(&parts, packing);
            assert_eq!(zip, zip_of(&parts, packing));
            let mut archive = ZipArchive::new(Cursor::new(zip)).unwrap();
            let mut text = String::new();
            archive.by_name("b/c.txt").unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text.len(), 1500);
        }
    }

    #[test]
    fn a_bad_checksum_spoils_one_part_only() {
        let parts = [("a.txt", b"one".to_vec()), ("b.txt", b"two".to_vec())];
        let zip = with_bad_checksum(zip_of(&parts, Packing::Deflated), "b.txt");
        let mut archive = ZipArchive::new(Cursor::new(zip)).unwrap();
        let mut text = String::new();
        assert!(archive.by_name("a.txt").unwrap().read_to_string(&mut text).is_ok());
        assert!(archive.by_name("b.txt").unwrap().read_to_string(&mut text).is_err());
    }
}
