//! A disk that is full under the running server: whoever applies is told DISK_FULL, nothing of theirs is half
//! done, and when there is room again everything goes on without a restart.
//!
//! The disk is as large as the kernel lets the process' files grow (RLIMIT_FSIZE), which needs no rights. On a
//! real one: `HIRESPHERE_SMALL_DISK=DIR`, a folder on a small file system of its own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod load;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use load::feed::Follower;
use load::people::Person;
use load::{Place, Server};
use reqwest::StatusCode;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use tokio::process::Command;
use tokio::sync::watch;

/// A disk that can be filled.
enum Disk {
    /// Files of this process can grow to a size.
    Bounded(Pid),
    /// A file system of its own, and the file that takes its room.
    Real(PathBuf),
}

impl Disk {
    fn of(server: &Server, place: &Place) -> Self {
        match small_disk() {
            Some(folder) => Self::Real(folder.join("filler")),
            None => {
                let id = i32::try_from(server.id()).expect("an id");
                let disk = Self::Bounded(Pid::from_raw(id).expect("an id"));
                assert!(longest_file(&place.data()) > 0);
                disk
            }
        }
    }

    /// Leaves room for this many more bytes: in the longest file, or in all of them.
    fn leave(&self, room: u64, place: &Place) {
        match self {
            Self::Bounded(pid) => {
                // What is read from in the middle of a file is not held up; what grows is.
                limit(*pid, Some(if room == 0 { 0 } else { longest_file(&place.data()) + room }));
            }
            Self::Real(filler) => {
                let mut file = fs::File::create(filler).expect("a filler");
                while file.write_all(&[1; 4096]).is_ok() {}
                while file.write_all(&[1]).is_ok() {}
                let size = file.metadata().expect("a filler").len();
                file.set_len(size.saturating_sub(room)).expect("a shorter filler");
            }
        }
    }

    fn make_room(&self) {
        match self {
            Self::Bounded(pid) => limit(*pid, None),
            Self::Real(filler) => fs::remove_file(filler).expect("the filler goes"),
        }
    }
}

fn small_disk() -> Option<PathBuf> {
    std::env::var_os("HIRESPHERE_SMALL_DISK").map(PathBuf::from)
}

/// Only the soft limit, so that it can be raised again.
fn limit(pid: Pid, bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    let limit = Rlimit { current: bytes.or(maximum), maximum };
    prlimit(Some(pid), Resource::Fsize, limit).expect("a limit");
}

fn longest_file(data: &Path) -> u64 {
    let entries = fs::read_dir(data).expect("the data folder");
    entries.map(|e| e.and_then(|e| e.metadata()).map_or(0, |m| m.len())).max().unwrap_or(0)
}

/// The server, with the signal ignored that would end it where it should be told EFBIG. What it says goes to the
/// same disk, as a server's log may: that it cannot be written must do no harm.
fn deaf_to_xfsz(place: &Place) -> Command {
    let serve = place.command();
    let serve = serve.as_std();
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(serve.get_program());
    let said = fs::File::create(place.data().with_file_name("said.log")).expect("a file");
    command.args(serve.get_args()).stderr(said);
    command
}

/// Rooms that a round leaves, in bytes: writing stops at another place of the way in each.
const ROOMS: [u64; 6] = [0, 4_096, 16_384, 40_000, 70_000, 120_000];
const IN_A_ROUND: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_when_there_is_room_again_everything_goes_on() {
    let mut place = small_disk().map_or_else(Place::new, |folder| Place::within(&folder));
    let command = deaf_to_xfsz(&place);
    let server = place.serve_by(command).await;
    let disk = Disk::of(&server, &place);
    let asker = place.asker();
    let job = asker.open_job().await;
    let mut accepted = BTreeSet::from([asker.applied(&job, &Person::nth(0)).await]);
    let everybody = ROOMS.len() * IN_A_ROUND + 1;
    let seen = watch::Sender::new(0);
    let following = Follower::new(&place).until_scored(everybody, vec![], seen);
    let following = tokio::spawn(following);

    let mut people = (1..).map(Person::nth);
    for room in ROOMS {
        disk.leave(room, &place);
        let mut turned_away = Vec::new();
        for person in people.by_ref().take(IN_A_ROUND) {
            let (status, answer) = asker.apply(&job, &person).await;
            if status == StatusCode::ACCEPTED {
                accepted.insert(answer["id"].as_str().unwrap().to_owned());
                continue;
            }
            assert_eq!((status.as_u16(), &answer["code"]), (507, &"DISK_FULL".into()), "{answer}");
            turned_away.push(person);
        }
        assert!(room > 0 || turned_away.len() == IN_A_ROUND, "without room nobody is accepted");
        // Reading goes on.
        let (status, jobs) = asker.get("/v1/jobs").await;
        assert_eq!(
            (status.as_u16(), &jobs["items"][0]["job"]),
            (200, &job.as_str().into()),
            "{jobs}"
        );
        disk.make_room();
        for person in turned_away {
            accepted.insert(asker.applied(&job, &person).await);
        }
    }

    let heard = following.await.expect("a follower");
    assert_eq!((heard.cut_off, accepted.len()), (0, everybody), "nobody twice, and no restart");
    for kind in [
        "candidate.registered.v1",
        "candidate.resume_received.v1",
        "application.submitted.v1",
        "application.score_recorded.v1",
    ] {
        assert_eq!(heard.of(kind).len(), everybody, "{kind} once for each person");
    }
    place.kill(server).await;
    let rebuilt = place.rebuild().await;
    assert_eq!(
        (&rebuilt["equal"], rebuilt["events"].as_u64()),
        (&true.into(), Some(heard.told.len() as u64))
    );
}
