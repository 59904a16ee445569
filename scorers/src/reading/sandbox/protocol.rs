//! What pool and worker say to each other: frames of a 4-byte little-endian length and as many
//! bytes, over the child's standard input and output.
//!
//! The worker opens with [`HELLO`]. The pool sends its [`Orders`] once, as JSON; the worker confines itself and says what
//! is [`Missing`](super::Missing), as JSON. Then for each file: the pool sends its bytes; the worker sends its media type, and when it
//! is done the [`Reading`](crate::reading::Reading) as JSON. The media type comes first so that it
//! is known even when the file kills the worker. A worker that was ordered to attempt something does so instead, sends
//! the [`Outcome`](super::Outcome) as JSON, and ends.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::attempt::Attempt;
use super::layers::Layer;
use crate::reading::Limits;

/// The worker's first frame: that it is one, and of this version.
pub(super) const HELLO: &[u8] = b"hiresphere reading worker 3";

/// The largest answer a pool accepts. Text and hidden text are capped well below it.
pub(super) const LARGEST_ANSWER: usize = 32 << 20;

/// What a worker is told at its beginning.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Orders {
    /// What one file may cost.
    pub(super) limits: Limits,
    /// Layers to do without.
    pub(super) without: Vec<Layer>,
    /// Whether to read pictures, too.
    pub(super) eyes: Option<Networks>,
    /// What to try instead of reading files.
    pub(super) attempt: Option<Attempt>,
}

/// With what pictures are read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Networks {
    /// What is compiled in.
    Plain,
    /// PP-OCRv6, in this folder.
    In(PathBuf),
}

impl Networks {
    /// The better that there are.
    pub(super) fn best() -> Self {
        crate::reading::models().map_or(Self::Plain, Self::In)
    }

    /// Their folder, when they are in one.
    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Plain => None,
            Self::In(folder) => Some(folder),
        }
    }
}

pub(super) fn write_frame(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&length(bytes)?)?;
    out.write_all(bytes)?;
    out.flush()
}

/// Reads one frame; none at the end of input.
pub(super) fn read_frame(input: &mut impl Read, largest: usize) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        result => result?,
    }
    let mut bytes = vec![0; checked(length, largest)?];
    input.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}

pub(super) async fn send(out: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    out.write_all(&length(bytes)?).await?;
    out.write_all(bytes).await?;
    out.flush().await
}

pub(super) async fn receive(
    input: &mut (impl AsyncRead + Unpin),
    largest: usize,
) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    input.read_exact(&mut length).await?;
    let mut bytes = vec![0; checked(length, largest)?];
    input.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn length(bytes: &[u8]) -> io::Result<[u8; 4]> {
    let length = u32::try_from(bytes.len()).map_err(|_| too_long())?;
    Ok(length.to_le_bytes())
}

fn checked(length: [u8; 4], largest: usize) -> io::Result<usize> {
    let length = u32::from_le_bytes(length) as usize;
    if length > largest { Err(too_long()) } else { Ok(length) }
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "frame is longer than allowed")
}
