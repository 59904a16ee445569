//! The files a person names: each once, in a stable order, folders walked.

use std::collections::HashSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A file to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    /// The path as given or walked.
    pub(crate) path: PathBuf,
    /// The same, absolute: what makes it one file.
    pub(crate) absolute: PathBuf,
}

impl Input {
    /// The path as text.
    pub(crate) fn shown(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    /// The file's name.
    pub(crate) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        name.to_string_lossy().into_owned()
    }
}

/// Every file named or found in a folder named, in the order given, folders in the order of their
/// names' bytes. Hidden entries of folders are left out, and so is `not`. A path that does not exist
/// is an input still: it has an outcome like any other.
pub(crate) fn collect(given: &[PathBuf], not: &[&Path]) -> Result<Vec<Input>, Failure> {
    let mut found = Vec::new();
    let mut known = HashSet::new();
    let not: Vec<PathBuf> = not.iter().filter_map(|p| fs::canonicalize(p).ok()).collect();
    for path in given {
        if path.is_dir() {
            walk(path, &not, &mut known, &mut found)?;
        } else {
            push(path.clone(), &mut known, &mut found)?;
        }
    }
    Ok(found)
}

fn push(
    path: PathBuf,
    known: &mut HashSet<PathBuf>,
    found: &mut Vec<Input>,
) -> Result<(), Failure> {
    let absolute =
        std::path::absolute(&path).map_err(|e| Failure::io("find the current folder", &e))?;
    // `absolute` leaves `..` and links alone: two links are two files.
    if known.insert(absolute.clone()) {
        found.push(Input { path, absolute });
    }
    Ok(())
}

fn walk(
    folder: &Path,
    not: &[PathBuf],
    known: &mut HashSet<PathBuf>,
    found: &mut Vec<Input>,
) -> Result<(), Failure> {
    // A folder that cannot be listed is one unreadable input; the others go on.
    let listing = fs::read_dir(folder).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
    let Ok(mut entries) = listing else { return push(folder.to_owned(), known, found) };
    entries.sort_by_key(|e| e.file_name().as_encoded_bytes().to_vec());
    for entry in entries {
        let path = entry.path();
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let skipped = || fs::canonicalize(&path).is_ok_and(|p| not.contains(&p));
        if hidden || skipped() {
            continue;
        }
        // A link to a folder may lead back up: it is left alone.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(&path, not, known, found)?,
            Ok(kind) if kind.is_symlink() && path.is_dir() => {}
            _ => push(path, known, found)?,
        }
    }
    Ok(())
}

/// Why a file's bytes cannot be had: a stable code and what happened.
pub(crate) type NotRead = (scorers::reading::Failure, String);

/// The bytes of a file, unless they are more than `limit`. Never waits on a pipe or a device.
pub(crate) fn bytes_of(path: &Path, limit: u64) -> Result<Vec<u8>, NotRead> {
    use scorers::reading::Failure as Reason;
    let unreadable = |e: std::io::Error| (Reason::Unreadable, e.to_string());
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err((Reason::Unreadable, "a folder that cannot be listed".into()));
    }
    if !metadata.is_file() {
        return Err((Reason::Unreadable, "not a file".into()));
    }
    let too_large =
        |bytes: u64| (Reason::TooLarge, format!("{bytes} bytes, at most {limit} are read"));
    if metadata.len() > limit {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::new();
    // It may grow while it is read.
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(inputs: &[Input], under: &Path) -> Vec<String> {
        let shorten = |i: &Input| i.path.strip_prefix(under).unwrap_or(&i.path).to_path_buf();
        inputs.iter().map(|i| shorten(i).to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn folders_are_walked_in_order_and_files_come_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("b")).unwrap();
        for name in ["z.pdf", "b/one.txt", "a.pdf", ".hidden", "job.md"] {
            fs::write(at(name), name).unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path(), at("b/loop")).unwrap();
        let given = [at("z.pdf"), folder.path().to_path_buf(), at("missing.pdf")];
        let found = collect(&given, &[&at("job.md")]).unwrap();
        assert_eq!(names(&found, folder.path()), ["z.pdf", "a.pdf", "b/one.txt", "missing.pdf"]);
    }

    #[test]
    fn what_is_no_readable_file_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("large");
        fs::write(&file, [0u8; 100]).unwrap();
        assert_eq!(bytes_of(&file, 100).unwrap().len(), 100);
        assert_eq!(bytes_of(&file, 99).unwrap_err().0.code(), "TOO_LARGE");
        assert_eq!(bytes_of(folder.path(), 99).unwrap_err().0.code(), "UNREADABLE");
        assert_eq!(bytes_of(&folder.path().join("none"), 99).unwrap_err().0.code(), "UNREADABLE");
    }
}
