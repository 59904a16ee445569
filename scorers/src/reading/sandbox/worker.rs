//! The worker: what runs in the child process.

use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;

use super::attempt::Outcome;
use super::layers::{self, Missing};
use super::protocol::{HELLO, Networks, Orders, read_frame, write_frame};
use super::rlimit;
use crate::reading::{Eyes, Failure, Limits, Reading, read_with, sniff};

/// Stack for parsing: a document that nests without end should meet a parser's own limit first.
const STACK: usize = 64 << 20;

/// The body of a worker process: reads files from standard input until it ends.
///
/// The program calls this, and nothing else, when it is started with the arguments of
/// [`PoolConfig`](super::PoolConfig). It never prints; what it has to say are frames on standard
/// output.
pub fn worker_main() -> ExitCode {
    // A panic is an answer (`CRASHED`), and its message could quote the file.
    std::panic::set_hook(Box::new(|_| {}));
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    let mut input = io::stdin().lock();
    write_frame(&mut io::stdout(), HELLO)?;
    let Some(orders) = read_frame(&mut input, 1 << 16)? else { return Ok(()) };
    let Orders { limits, without, eyes, attempt } = serde_json::from_slice(&orders)?;
    let largest = usize::try_from(limits.bytes).unwrap_or(usize::MAX);
    rlimit::stand_back();

    // Mapped before it counts against a file: libpdfium, if there is one.
    crate::reading::pdf::prepare(&limits);
    let eyes = eyes.map(|networks| open(&networks)).transpose()?;
    let baseline = rlimit::mapped();
    let memory = limits.memory;

    // The threads started from here on are behind it, too, being started by this one.
    let mut missing: Vec<Missing> = layers::of_this_thread(&without).into_iter().collect();
    if let Some(eyes) = &eyes {
        eyes.warm_up();
    }
    let (files, next) = mpsc::sync_channel::<Vec<u8>>(1);
    let (started, confined) = mpsc::sync_channel::<()>(1);
    thread::Builder::new().stack_size(STACK).spawn(move || {
        rlimit::confine(baseline, memory);
        let _ = started.send(());
        for bytes in next {
            if answer(&bytes, &limits, eyes.as_ref()).is_err() {
                // The pool is gone.
                std::process::exit(0);
            }
        }
    })?;
    if confined.recv().is_err() {
        return Err(io::Error::other("the parsing thread did not start"));
    }
    // Last: from here on no thread is started.
    missing.extend(layers::of_all_threads(&without));
    write_frame(&mut io::stdout(), &serde_json::to_vec(&missing)?)?;
    if let Some(attempt) = attempt {
        let outcome = attempt.refusal().map_or(Outcome::Done, Outcome::Refused);
        return write_frame(&mut io::stdout(), &serde_json::to_vec(&outcome)?);
    }

    // This thread waits on the input all the time, also while a file is parsed: when the pool dies,
    // the input ends, and returning ends the process, whatever the parser is doing.
    while let Some(bytes) = read_frame(&mut input, largest)? {
        if files.send(bytes).is_err() {
            break;
        }
    }
    Ok(())
}

/// Opens what reads pictures; what is compiled in when the files are not what they should be, which the reading then says.
fn open(networks: &Networks) -> io::Result<Eyes> {
    Eyes::open(networks.folder()).or_else(|_| Eyes::open(None)).map_err(io::Error::other)
}

fn answer(bytes: &[u8], limits: &Limits, eyes: Option<&Eyes>) -> io::Result<()> {
    rlimit::allow_cpu(limits.wall_time.as_secs());
    let mut out = io::stdout().lock();
    let media_type =
        catch_unwind(|| sniff(bytes).media_type()).unwrap_or("application/octet-stream");
    write_frame(&mut out, media_type.as_bytes())?;
    let reading = catch_unwind(AssertUnwindSafe(|| read_with(bytes, limits, eyes)))
        .unwrap_or_else(|_| Reading::failed(media_type, Failure::Crashed));
    write_frame(&mut out, &serde_json::to_vec(&reading)?)?;
    out.flush()
}
