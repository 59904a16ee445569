//! What `scripts/models.sh` fetches: where it is, and whether it is what was pinned.

use std::env::consts::ARCH;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// SHA-256, name, and the platform that a file is for where that is not every one.
const PINS: &str = include_str!("../../models.sha256");

/// A program for musl cannot load a library for glibc, which is what is fetched.
const OS: &str = if cfg!(target_env = "musl") { "musl" } else { std::env::consts::OS };

/// The folder with what was fetched.
const FOLDER: &str = "HIRESPHERE_MODELS";

/// Path to another libpdfium, or to the folder it is in.
pub(super) const PDFIUM: &str = "HIRESPHERE_PDFIUM";

/// A file that was pinned for this platform, and what is there of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fetched {
    /// Its name.
    pub name: &'static str,
    /// Where it was looked for; nowhere for want of a home folder.
    pub path: Option<PathBuf>,
    /// What is there.
    pub found: Found,
    /// Whether the environment names this very file, which then is used whatever it is.
    pub named: bool,
}

/// What is there of a pinned file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// What was pinned.
    Whole,
    /// Something else, or nothing that can be read.
    Differs,
    /// Nothing.
    Missing,
}

/// Every file that was pinned for this platform. Reads all of them.
#[must_use]
pub fn fetched() -> Vec<Fetched> {
    let of = |Pin { sum, name }: Pin| {
        let named = named_pdfium().filter(|_| is_pdfium(name));
        let (is_named, path) = (named.is_some(), named.or_else(|| Some(folder()?.join(name))));
        let found = path.as_deref().map_or(Found::Missing, |path| found(path, sum));
        Fetched { name, path, found, named: is_named }
    };
    pins(OS, ARCH).map(of).collect()
}

/// The folder for it: the one that `HIRESPHERE_MODELS` names, or the user's.
pub(super) fn folder() -> Option<PathBuf> {
    let folder = said(FOLDER).or_else(usual_folder)?;
    // Readers work in another folder.
    std::path::absolute(folder).ok()
}

/// Where the folder is, when nothing says so: in the user's data.
fn usual_folder() -> Option<PathBuf> {
    let data = said("XDG_DATA_HOME").or_else(|| Some(said("HOME")?.join(".local/share")));
    Some(data?.join("hiresphere/models"))
}

/// A path in the environment; an empty one is none.
fn said(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// libpdfium: what the environment names, else what was fetched. That is loaded without anybody asking for it, and so only
/// when it is what was pinned.
pub(super) fn pdfium() -> Option<PathBuf> {
    static PLACE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let whole = || {
        let pin = pins(OS, ARCH).find(|pin| is_pdfium(pin.name))?;
        let path = folder()?.join(pin.name);
        (found(&path, pin.sum) == Found::Whole).then_some(path)
    };
    PLACE.get_or_init(|| named_pdfium().or_else(whole)).clone()
}

/// The libpdfium that the environment names.
fn named_pdfium() -> Option<PathBuf> {
    let place = std::path::absolute(said(PDFIUM)?).ok()?;
    Some(if place.is_dir() { place.join(super::pdf::library_name()) } else { place })
}

fn is_pdfium(name: &str) -> bool {
    name.starts_with("libpdfium.")
}

struct Pin {
    sum: &'static str,
    name: &'static str,
}

/// The pins of one platform, and those of every one.
fn pins(os: &str, arch: &str) -> impl Iterator<Item = Pin> {
    let platform = format!("{os}-{arch}");
    PINS.lines().filter(|line| !line.starts_with('#')).filter_map(move |line| {
        let mut parts = line.split_whitespace();
        let pin = Pin { sum: parts.next()?, name: parts.next()? };
        parts.next().is_none_or(|of| of == platform).then_some(pin)
    })
}

fn found(path: &Path, sum: &str) -> Found {
    match sum_of(path) {
        Ok(is) if is == sum => Found::Whole,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Missing,
        Ok(_) | Err(_) => Found::Differs,
    }
}

fn sum_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut part = vec![0; 1 << 16];
    loop {
        match file.read(&mut part)? {
            0 => break,
            read => hash.update(part.get(..read).unwrap_or_default()),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_has_its_own_library_and_the_same_networks() {
        let names = |os, arch| pins(os, arch).map(|pin| pin.name).collect::<Vec<_>>();
        let networks = ["PP-OCRv6_det_small.rten", "PP-OCRv6_rec_small.rten", "ppocrv6_dict.txt"];
        assert_eq!(names("freebsd", "x86_64"), networks);
        for (os, library) in [("linux", "libpdfium.so"), ("macos", "libpdfium.dylib")] {
            for arch in ["x86_64", "aarch64"] {
                assert_eq!(names(os, arch), [&networks[..], &[library]].concat());
            }
        }
        let sums = PINS.lines().filter(|line| !line.starts_with('#')).map(|line| &line[..66]);
        let is_sum = |sum: &str| {
            let (hex, space) = sum.split_at(64);
            space == "  " && hex.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
        };
        assert!(sums.clone().count() == 7 && sums.clone().all(is_sum));
    }

    #[test]
    fn a_file_is_whole_something_else_or_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let sum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert_eq!(found(&path, sum), Found::Missing);
        std::fs::write(&path, "hello").unwrap();
        assert_eq!(found(&path, sum), Found::Whole);
        std::fs::write(&path, "hell").unwrap();
        assert_eq!(found(&path, sum), Found::Differs);
        assert_eq!(found(folder.path(), sum), Found::Differs);
    }
}
