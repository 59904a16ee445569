//! The sandbox: files are parsed in a child process that can lose nothing but its own attempt.
//!
//! A [`Pool`] keeps a few children of this same program, started with a hidden argument that leads
//! to [`worker_main`]. Each limits itself (memory, CPU time, files, processes) before it sees a
//! byte of any file, and puts itself behind what layers this machine has besides ([`Layer`]): it then can open no file,
//! reach nobody and start nothing, which an [`Attempt`] shows. The pool enforces wall-clock time, and replaces a child
//! that died or that a file made suspect. A child whose parent is gone reads the end of its input and exits.

mod attempt;
mod child;
mod layers;
mod pool;
mod protocol;
mod rlimit;
mod worker;

pub use attempt::{Attempt, Outcome};
pub use layers::{Layer, Missing, Sandbox};
pub use pool::{Pool, PoolConfig, Unavailable};
pub use worker::worker_main;
