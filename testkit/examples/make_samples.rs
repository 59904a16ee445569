//! Makes the sample resumes anew: `make_samples -- hiresphere/samples`.
//!
//! Sources are read from the folder's `source/`; files are written beside it, and `index.tsv`
//! lists them. A test fails when the files and their sources disagree.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let Some(folder) = env::args_os().nth(1).map(PathBuf::from) else {
        return Err(io::Error::other("which folder? For example: hiresphere/samples"));
    };
    for (path, bytes) in testkit::samples::make(&folder.join("source"))? {
        let file = folder.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(file, bytes)?;
    }
    Ok(())
}
