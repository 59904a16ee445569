//! Zip containers of documents, opened within limits: what their parts unpack to is counted,
//! whatever the container claims.

use std::io::{BufReader, Cursor, Read};

use zip::ZipArchive;
use zip::read::ZipReadOptions;

use super::{Failure, Limits};

pub(super) type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Opens a container's directory.
pub(super) fn archive<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Archive<'a>, Failure> {
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Failure::Corrupt)?;
    if archive.len() > limits.zip_entries { Err(Failure::TooLarge) } else { Ok(archive) }
}

/// Opens one part for reading, within what is left of the budget.
pub(super) fn open<'a, 'b>(
    archive: &'a mut Archive<'b>,
    name: &str,
    limits: &Limits,
    budget: &'a mut u64,
) -> Result<BufReader<Metered<'a, impl Read + use<'a, 'b>>>, Failure> {
    let index = archive.index_for_name(name).ok_or(Failure::Corrupt)?;
    // A wrong checksum on a part that still parses is the packer's mistake, not a reason to refuse.
    let options = ZipReadOptions::new().ignore_crc32(true);
    let entry = archive.by_index_with_options(index, options).map_err(|error| match error {
        zip::result::ZipError::UnsupportedArchive(what) if what.contains("assword") => {
            Failure::Encrypted
        }
        _ => Failure::Corrupt,
    })?;
    let packed = entry.compressed_size().max(1);
    let most = limits
        .part_bytes
        .min(packed.saturating_mul(limits.unpacked_ratio).max(1 << 20))
        .min(*budget);
    if entry.size() > most {
        return Err(Failure::TooLarge); // It says so itself.
    }
    Ok(BufReader::new(Metered { inner: entry, left: most, budget }))
}

/// Counts what is unpacked, whatever the container claims, and stops at the limit.
pub(super) struct Metered<'a, R> {
    inner: R,
    left: u64,
    budget: &'a mut u64,
}

/// The message that [`failure`] tells a limit from damage by.
const OVER_LIMIT: &str = "unpacks to more than allowed";

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buf)?;
        let count = read as u64;
        if count > self.left {
            return Err(std::io::Error::other(OVER_LIMIT));
        }
        self.left -= count;
        *self.budget = self.budget.saturating_sub(count);
        Ok(read)
    }
}

/// What an XML error in a part means for the document.
pub(super) fn failure(error: &quick_xml::Error) -> Failure {
    match error {
        quick_xml::Error::Io(error) if error.to_string() == OVER_LIMIT => Failure::TooLarge,
        _ => Failure::Corrupt,
    }
}
