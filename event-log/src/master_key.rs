//! The master key: 32 random bytes that wrap people's keys. It is in a file or in the environment, never in a
//! database, and is made once.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::LogError;
use crate::vault::fresh_master_key;

/// A master key.
pub type MasterKey = Zeroizing<[u8; 32]>;

/// The key in a file: 32 bytes, or 64 hexadecimal digits.
///
/// # Errors
/// `MASTER_KEY`, `IO`.
pub fn read(file: &Path) -> Result<MasterKey, LogError> {
    let mut open = File::open(file).map_err(|e| {
        let why = if e.kind() == io::ErrorKind::NotFound {
            format!("{} is missing", file.display())
        } else {
            format!("{} cannot be read: {e}", file.display())
        };
        LogError::Keys(why)
    })?;
    let mut bytes = Zeroizing::new(Vec::new());
    open.read_to_end(&mut bytes).map_err(|e| LogError::io("read the master key", &e))?;
    if let Ok(key) = <[u8; 32]>::try_from(bytes.as_slice()) {
        return Ok(Zeroizing::new(key));
    }
    let digits = std::str::from_utf8(&bytes).ok().and_then(|text| parse(text).ok());
    digits.ok_or_else(|| LogError::Keys(format!("{} does not hold 32 bytes", file.display())))
}

/// The key in a text of 64 hexadecimal digits.
///
/// # Errors
/// `MASTER_KEY`.
pub fn parse(text: &str) -> Result<MasterKey, LogError> {
    let wrong = || LogError::Keys("it is not 64 hexadecimal digits".into());
    let text = text.trim().as_bytes();
    let mut key = Zeroizing::new([0; 32]);
    if text.len() != 64 {
        return Err(wrong());
    }
    for (byte, pair) in key.iter_mut().zip(text.chunks(2)) {
        let digit = |at: usize| pair.get(at).and_then(|c| char::from(*c).to_digit(16));
        let (high, low) = (digit(0).ok_or_else(wrong)?, digit(1).ok_or_else(wrong)?);
        *byte = u8::try_from(high * 16 + low).map_err(|_| wrong())?;
    }
    Ok(key)
}

/// The key in a file, which is made when there is none: only where nothing is sealed yet.
///
/// # Errors
/// `MASTER_KEY`, `DISK_FULL`, `IO`.
pub fn read_or_make(file: &Path) -> Result<MasterKey, LogError> {
    if file.exists() {
        return read(file);
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|e| LogError::io("make the folder of keys", &e))?;
        private_folder(folder)?;
    }
    let key = fresh_master_key()?;
    write_private(file, key.as_slice())?;
    Ok(key)
}

/// Writes a file that only its owner can read, whole or not at all.
fn write_private(file: &Path, bytes: &[u8]) -> Result<(), LogError> {
    let io = |e: io::Error| LogError::io("write the master key", &e);
    let staged = file.with_extension("new");
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open = options.open(&staged).map_err(io)?;
    open.write_all(bytes).map_err(io)?;
    open.sync_all().map_err(io)?;
    fs::rename(&staged, file).map_err(io)?;
    // The name must last as well as the bytes: what it seals cannot be read without it.
    if let Some(folder) = file.parent() {
        File::open(folder).and_then(|f| f.sync_all()).map_err(io)?;
    }
    Ok(())
}

/// Lets nobody else into a folder.
pub(crate) fn private_folder(path: &Path) -> Result<(), LogError> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(path, mode).map_err(|e| LogError::io("protect the keys", &e))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_bytes_or_digits_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys").join("master");
        let made = read_or_make(&file).unwrap();
        assert_eq!(*read_or_make(&file).unwrap(), *made, "made once");
        let digits: String = made.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(*parse(&format!("{digits}\n")).unwrap(), *made);
        fs::write(&file, format!("{digits}\n")).unwrap();
        assert_eq!(*read(&file).unwrap(), *made);
        for wrong in ["", "00", &digits[1..], &digits.replace('0', "x").replace('1', "y")] {
            fs::write(&file, wrong).unwrap();
            assert_eq!(read(&file).unwrap_err().code(), "MASTER_KEY", "{wrong}");
        }
        assert_eq!(read(&folder.path().join("none")).unwrap_err().code(), "MASTER_KEY");
    }
}
