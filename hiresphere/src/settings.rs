//! Settings: where everything is. From the command line, else the environment, else a file, else what is usual.

use std::path::{Path, PathBuf};

use event_log::master_key::{self, MasterKey};
use serde::Deserialize;

use crate::cli::PlaceArgs;
use crate::failure::Failure;
use crate::grading::GradingFile;
use crate::notifications::NotificationsFile;

/// Where everything is kept when nobody says so.
const DATA: &str = "hiresphere-data";
/// The master key itself, as 64 hexadecimal digits.
const MASTER_KEY: &str = "HIRESPHERE_MASTER_KEY";

/// Where the log and everything around it is: which engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a folder, in one process: the embedded engine.
    Folder(PathBuf),
    /// On servers that many processes share: the distributed engine.
    Servers(Servers),
}

/// The servers of the distributed engine.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Servers {
    /// PostgreSQL: the log, read models, tokens.
    pub(crate) database_url: String,
    /// NATS with JetStream: the bus. Not everything needs it.
    pub(crate) nats_url: Option<String>,
    /// PostgreSQL: people's keys.
    pub(crate) keys_url: String,
    /// Sealed documents.
    pub(crate) documents_url: String,
    /// The file of the master key, when it is not in the environment.
    pub(crate) master_key_file: PathBuf,
    /// A folder of this process.
    pub(crate) data: PathBuf,
}

/// The file of settings (YAML); every entry may be missing.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: Option<PathBuf>,
    database_url: Option<String>,
    nats_url: Option<String>,
    keys_url: Option<String>,
    documents_url: Option<String>,
    master_key_file: Option<PathBuf>,
    grading: Option<GradingFile>,
    notifications: Option<NotificationsFile>,
}

impl std::fmt::Debug for Servers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // URLs hold passwords.
        f.debug_struct("Servers").finish_non_exhaustive()
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::Servers(servers) => write!(f, "{}", without_user(&servers.database_url)),
        }
    }
}

/// A URL as it may be shown.
fn without_user(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => url.to_owned(),
    }
}

impl PlaceArgs {
    /// What was asked for, all sources together.
    pub(crate) fn place(&self) -> Result<Place, Failure> {
        let file = match &self.config {
            Some(path) => read(path)?,
            None => File::default(),
        };
        let data = self.data.clone().or(file.data).unwrap_or_else(|| DATA.into());
        let database_url = self.database_url.clone().or(file.database_url);
        let nats_url = self.nats_url.clone().or(file.nats_url);
        let Some(database_url) = database_url else {
            if nats_url.is_none() {
                return Ok(Place::Folder(data));
            }
            let message = "a bus without a database is no engine";
            let advice = "give both --database-url and --nats-url, or neither";
            return Err(Failure::new("SETTINGS", message, advice));
        };
        let keys_url = self.keys_url.clone().or(file.keys_url);
        let documents_url = self.documents_url.clone().or(file.documents_url);
        let key_file = self.master_key_file.clone().or(file.master_key_file);
        Ok(Place::Servers(Servers {
            keys_url: keys_url.unwrap_or_else(|| database_url.clone()),
            documents_url: documents_url
                .unwrap_or_else(|| data.join("documents").display().to_string()),
            master_key_file: key_file.unwrap_or_else(|| data.join("keys").join("master")),
            database_url,
            nats_url,
            data,
        }))
    }
}

impl Servers {
    /// The bus.
    pub(crate) fn bus(&self) -> Result<&str, Failure> {
        self.nats_url.as_deref().ok_or_else(|| {
            let message = "the distributed engine needs a bus as well";
            Failure::new("SETTINGS", message, "give --nats-url beside --database-url")
        })
    }

    /// The master key; made only when `make` says that nothing is sealed yet and nobody said where it is.
    pub(crate) fn master_key(&self, make: bool) -> Result<MasterKey, Failure> {
        if let Ok(digits) = std::env::var(MASTER_KEY) {
            let digits = zeroize::Zeroizing::new(digits);
            return Ok(master_key::parse(&digits)?);
        }
        let file = &self.master_key_file;
        Ok(if make { master_key::read_or_make(file)? } else { master_key::read(file)? })
    }
}

/// Who grades, by the settings file.
pub(crate) fn grading_file(args: &PlaceArgs) -> Result<GradingFile, Failure> {
    let file = args.config.as_deref().map(read).transpose()?;
    Ok(file.and_then(|file| file.grading).unwrap_or_default())
}

/// How people are told, by the settings file.
pub(crate) fn notifications_file(args: &PlaceArgs) -> Result<NotificationsFile, Failure> {
    let file = args.config.as_deref().map(read).transpose()?;
    Ok(file.and_then(|file| file.notifications).unwrap_or_default())
}

fn read(path: &Path) -> Result<File, Failure> {
    let doing = format!("read {}", path.display());
    let text = std::fs::read_to_string(path).map_err(|e| Failure::io(&doing, &e))?;
    yaml_serde::from_str(&text).map_err(|e| {
        let message = format!("failed to {doing}: {e}");
        let advice = "it is YAML with any of: data, database_url, nats_url, keys_url, documents_url, \
                      master_key_file, grading, notifications";
        Failure::new("SETTINGS", message, advice)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_wins_over_the_file_and_secrets_are_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("hiresphere.yaml");
        let text =
            "database_url: postgres://u:secret@db/hr\nnats_url: nats://bus\ndata: /scratch\n";
        std::fs::write(&config, text).unwrap();
        let mut args = PlaceArgs { config: Some(config.clone()), ..PlaceArgs::default() };
        let place = args.place().unwrap();
        let Place::Servers(servers) = &place else { panic!("{place:?}") };
        assert_eq!(servers.keys_url, servers.database_url);
        assert_eq!(servers.documents_url, "/scratch/documents");
        assert_eq!(place.to_string(), "postgres://db/hr");
        assert!(!format!("{place:?}{place}").contains("secret"));
        args.nats_url = Some("nats://other".into());
        let Place::Servers(servers) = args.place().unwrap() else { panic!() };
        assert_eq!(servers.bus().unwrap(), "nats://other");

        std::fs::write(&config, "database-url: typo\n").unwrap();
        assert_eq!(args.place().unwrap_err().code, "SETTINGS");
        args.config = None;
        assert_eq!(args.place().unwrap_err().code, "SETTINGS", "a bus alone is not enough");
        assert_eq!(PlaceArgs::default().place().unwrap(), Place::Folder(DATA.into()));
    }
}
