//! The contract of the ports, run against every engine. An engine is plugged in by one line at the end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod contract_suite;
mod stepped;

use std::path::Path;

use event_log::Log;
use event_log::folder::Folder;
use testkit::servers::Database;

/// The embedded engine in a folder of its own.
async fn sqlite(folder: &Path) -> (Folder, Log) {
    Folder::open(folder).await.expect("a data folder")
}

/// The distributed engine in a database of its own, its sequencer one step behind every append.
async fn postgres(folder: &Path) -> (Database, Log) {
    stepped::open(folder).await
}

contract_suite::against!(sqlite);
contract_suite::against!(postgres);
