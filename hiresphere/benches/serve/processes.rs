//! What the server's processes hold, and what its numbers say.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::load::{Asker, Server};

/// Between two looks at what goes on.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Every file of a folder, and of those in it, by name.
pub(crate) fn files_in(folder: PathBuf) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![folder], Vec::new());
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).expect("a folder").flatten();
        let (inner, here): (Vec<_>, Vec<_>) =
            entries.map(|entry| entry.path()).partition(|path| path.is_dir());
        folders.extend(inner);
        files.extend(here);
    }
    files.sort();
    files
}

/// A reader of files: its process' memory, in kilobytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Memory {
    /// At most, since it began.
    pub(crate) peak: u64,
    pub(crate) now: u64,
}

/// What a process holds; `None` when it is gone.
pub(crate) fn memory(process: u32) -> Option<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    Some(Memory { peak: of("VmHWM:")?, now: of("VmRSS:")? })
}

/// The readers that a server has at the moment.
pub(crate) fn readers(server: &Server) -> Vec<Memory> {
    let id = server.id();
    let mut found = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten() {
        let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|child| child.parse().ok());
        found.extend(children.filter_map(memory));
    }
    found
}

/// What `/metrics` says, by name with labels.
pub(crate) async fn numbers(asker: &Asker) -> BTreeMap<String, f64> {
    let (status, text) = asker.text("/metrics").await;
    assert!(status.is_success(), "{text}");
    let numbers = text.lines().filter(|line| !line.starts_with('#'));
    let number = |line: &str| {
        let (series, value) = line.rsplit_once(' ')?;
        Some((series.to_owned(), value.parse().ok()?))
    };
    numbers.filter_map(number).collect()
}

/// The sum of every series of a name.
pub(crate) fn sum(numbers: &BTreeMap<String, f64>, name: &str) -> f64 {
    numbers.iter().filter(|(series, _)| series.starts_with(name)).map(|(_, value)| value).sum()
}

/// Waits until `done`, looking now and then, and at the readers' memory meanwhile; answers the most that one held.
pub(crate) async fn until(
    asker: &Asker,
    server: &Server,
    patience: Duration,
    done: impl Fn(&BTreeMap<String, f64>) -> bool,
) -> u64 {
    let begun = Instant::now();
    let mut most = 0;
    loop {
        most = readers(server).iter().map(|reader| reader.peak).max().unwrap_or(0).max(most);
        if done(&numbers(asker).await) {
            return most;
        }
        assert!(begun.elapsed() < patience, "it takes longer than {patience:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
