//! PostgreSQL's own `pgbench` inserting the same rows: what this server gives to a client that is written in C and does
//! nothing else.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::{PAYLOAD, metadata};

/// One event into the table without triggers, a transaction of its own. What the clients of the other ways send as
/// parameters are parameters here, too, and as long; ids rise with time as theirs do.
const SCRIPT: &str = "\
\\set n :n + 1
INSERT INTO hiresphere.bare (aggregate_type, aggregate_id, sequence, event_type, event_version, event_id, payload, metadata) \
VALUES ('job', :run || lpad(to_hex(:client_id::bigint), 12, '0'), :n::bigint, 'job.paused.v1', '1', \
(lpad(to_hex(:n::bigint), 8, '0') || right(:run, 16) || lpad(to_hex(:client_id::bigint), 12, '0'))::uuid, \
:payload::json, :metadata::json);
";

/// The program and its script.
pub(crate) struct Pgbench {
    program: PathBuf,
    url: String,
    folder: tempfile::TempDir,
    runs: u16,
}

impl Pgbench {
    /// The one beside the server's programs; `None` when it is not there.
    pub(crate) fn find(url: &str) -> Option<Self> {
        let bin = PathBuf::from(std::env::var_os("HIRESPHERE_POSTGRES_BIN")?);
        let program = bin.join("pgbench");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("script"), SCRIPT).expect("a script");
        program.is_file().then(|| Self { program, url: url.to_owned(), folder, runs: 0 })
    }

    /// Inserts per second by this many clients. It knows whole seconds only.
    pub(crate) fn rate(&mut self, clients: usize, lasts: Duration) -> f64 {
        self.runs += 1;
        // The middle of a UUID, told apart by run.
        let run = format!("01934000-{:04x}-7000-8000-", self.runs);
        let id = uuid::Uuid::now_v7();
        let mut command = Command::new(&self.program);
        command.args(["--no-vacuum", "--protocol=prepared", "--client", &clients.to_string()]);
        command.args(["--jobs", &clients.min(2).to_string()]);
        command.args(["--time", &lasts.as_secs().max(1).to_string()]);
        command.args(["--define", "n=0", "--define", &format!("run={run}")]);
        command.args(["--define", &format!("payload={PAYLOAD}")]);
        command.args(["--define", &format!("metadata={}", metadata(id))]);
        command.arg("--file").arg(self.folder.path().join("script")).arg(&self.url);
        let ran = command.output().expect("pgbench runs");
        let (said, complained) =
            (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(ran.status.success(), "{said}{complained}");
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.and_then(|rest| rest.split_whitespace().next()).expect("a rate");
        rate.parse().expect("a number")
    }
}
