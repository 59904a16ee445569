//! Requests to typed input; what cannot be input is a problem with a stable code.

mod command;
mod form;
mod params;
mod path;

pub(crate) use command::traceparent;
pub use command::{Command, Meta};
pub use form::{Form, Upload};
pub use params::Params;
pub use path::{Id, Ids};
