//! The bus on a real nats-server: what the log has arrives, whatever happens to the bus.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "tells what a soak did")]

mod clocks;
mod feed;
mod messages;
mod poison;
mod queue;
mod relay;
mod shared;
mod soak;
mod stranger;
mod support;
