//! A scanner for what is harmful: clamd.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clamav_client::tokio::{Socket, Tcp, scan_stream};
use domain::attachment::Refusal;
use futures_util::TryStreamExt as _;

use crate::error::{Error, Result};
use crate::storage::Content;

/// The longest a file may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where the scanner is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scanner {
    /// At a host and port.
    Tcp(String),
    /// At a socket of this machine.
    Socket(PathBuf),
}

impl Scanner {
    /// What it says of a file.
    pub(crate) async fn scan(&self, content: Content) -> Result<std::result::Result<(), Refusal>> {
        let bytes = content.whole().map_err(|error| io::Error::other(error.to_string()));
        let asked = async {
            match self {
                Self::Tcp(address) => scan_stream(bytes, Tcp { host_address: address.as_str() }, None).await,
                Self::Socket(path) => scan_stream(bytes, Socket { socket_path: path }, None).await,
            }
        };
        let answer = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the scanner does not answer");
                return Err(Error::StorageUnavailable);
            }
            Err(_) => {
                tracing::warn!("the scanner takes too long");
                return Err(Error::StorageUnavailable);
            }
        };
        // `stream: OK`, or `stream: NAME FOUND`, or what went wrong; with a zero at the end.
        let answer = String::from_utf8_lossy(&answer);
        let answer = answer.trim_end_matches(['\0', '\n']);
        if answer.ends_with(" FOUND") {
            tracing::warn!(answer, "the scanner refuses a file");
            Ok(Err(Refusal::Malware))
        } else if answer.ends_with(": OK") {
            Ok(Ok(()))
        } else {
            tracing::warn!(answer, "the scanner cannot scan");
            Err(Error::StorageUnavailable)
        }
    }
}
