//! The bus on a real nats-server: what the log has arrives, whatever happens to the bus.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod feed;
mod messages;
mod relay;
mod support;
