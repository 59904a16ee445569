//! The server through real clients on a real port: HTTP, WebSocket, server-sent events and the command line
//! beside it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests"
)]

mod client;
mod feed;
mod scene;
mod server;

mod access;
mod applicants;
mod formats;
mod help;
mod hiring;
mod input;
mod journey;
mod live;
mod notifications;
mod numbers;
mod past;
mod refused_jobs;
mod refused_people;
mod repeats;
mod terminal;
mod traces;
mod uploads;
