//! The live feed: every event as it happens, to whoever may see it, without a gap or a double.
//!
//! [`hub`] reads the log once for all connections and keeps the latest events at hand; each connection is a
//! [`follower`] with a position of its own, so a slow one costs nobody anything; [`view`] says what each
//! viewer may see of an event; [`tickets`] let browsers in without a token in an address; [`gateway`] is the
//! endpoint, WebSocket and server-sent events at one address; [`contract`] tells others what all of this is.

pub mod contract;
pub mod follower;
pub mod gateway;
pub mod hub;
pub mod tickets;
pub mod view;

pub use gateway::{Live, document, router};
pub use hub::Hub;
