//! `server backup`: a copy of everything, taken while the server runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, ensure};
use app::db::Location;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::config::{Config, Storage};
use crate::{parts, schema};

/// What a backup says of itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// How it is laid out; this program writes and reads 1.
    pub format: u32,
    /// The end of the audit chain when it was begun: whatever was acknowledged by then is in the copy.
    pub head_seq: i64,
    /// The hash of that entry.
    pub head_hash: String,
}

/// The layout that this program knows.
pub const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
/// The copy of an SQLite database.
pub const SQLITE: &str = "database.db";
/// The dump of a PostgreSQL database, in its custom format.
pub const POSTGRES: &str = "database.dump";
/// Uploaded files, as they lie in the storage.
pub const FILES: &str = "files";

impl Manifest {
    /// Reads it from a backup.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let text = fs::read(folder.join(MANIFEST)).context("there is no whole backup in that folder")?;
        let manifest: Self = serde_json::from_slice(&text).context(MANIFEST)?;
        ensure!(manifest.format == FORMAT, "the backup was made by another version of this program");
        Ok(manifest)
    }
}

/// Copies the database, then the files: whatever the copied database names is there by then. The manifest is written last;
/// without it there is no backup.
pub async fn run(config: Config, folder: PathBuf) -> anyhow::Result<ExitCode> {
    let db = parts::connect_read_only(&config).await?;
    ensure!(
        schema::missing(&db.read).await?.is_empty(),
        "the database is not up to date: run `server migrate`"
    );
    make(&folder).context("the folder cannot be made")?;
    let app = parts::app(&config, db)?;
    let (head_seq, head_hash) = app::audit::head(&app).await?;
    match parts::location(&config) {
        Location::Sqlite(_) => {
            app.db.copy_to(&folder.join(SQLITE)).await.context("the database cannot be copied")?;
        }
        Location::Postgres(url) => dump(url.expose_secret(), &folder.join(POSTGRES))?,
    }
    match &config.storage {
        Storage::Directory(files) => {
            copy(files, &folder.join(FILES)).context("the files cannot be copied")?;
        }
        Storage::Bucket(bucket, _) => println!("the files stay in the bucket {bucket}: keep its own copies"),
    }
    let manifest = Manifest { format: FORMAT, head_seq, head_hash };
    fs::write(folder.join(MANIFEST), serde_json::to_vec_pretty(&manifest)?)?;
    persist(&folder).context("the backup cannot be written to the end")?;
    println!("ok: {} entries, head {}", manifest.head_seq, manifest.head_hash);
    Ok(ExitCode::SUCCESS)
}

/// A folder of its own, for nobody else to read.
fn make(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::DirBuilder::new().mode(0o700).create(folder)
}

fn dump(url: &str, to: &Path) -> anyhow::Result<()> {
    let mut dump = postgres("pg_dump", url)?;
    dump.args(["--format=custom", "--no-owner", "--no-acl", "--file"]).arg(to);
    finish(dump)
}

/// A program of PostgreSQL's, told where to connect. The password goes by the environment, where others cannot see it.
pub fn postgres(program: &str, url: &str) -> anyhow::Result<Command> {
    let mut url = Url::parse(url).context("DATABASE_URL")?;
    let mut command = Command::new(program);
    let given = url.query_pairs().find(|(name, _)| name == "password").map(|(_, value)| value.into_owned());
    // This is how the library decodes; it would take a plus sign for a blank.
    let encoded = format!("password={}", url.password().unwrap_or_default().replace('+', "%2B"));
    let in_front =
        url::form_urlencoded::parse(encoded.as_bytes()).next().map(|(_, value)| value.into_owned());
    let password = given.or(in_front).filter(|password| !password.is_empty());
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
        // Fails only for an address that cannot have one.
        let _ = url.set_password(None);
        let pairs = url.query_pairs().filter(|(name, _)| name != "password");
        let others: Vec<_> = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(others);
        }
    }
    command.arg("--dbname").arg(url.as_str());
    Ok(command)
}

/// Runs it to its end; what it complains about goes to standard error.
pub fn finish(mut command: Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{program} cannot be started"))?;
    ensure!(status.success(), "{program} failed");
    Ok(())
}

/// Copies a folder and what is in it; none is an empty one.
pub fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir(to)?;
    let entries = match fs::read_dir(from) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy(&from, &to)?;
        } else {
            match fs::copy(&from, &to) {
                // Cleaned away since the folder was read: nothing names it any more.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                copied => drop(copied?),
            }
        }
    }
    Ok(())
}

/// Everything in a folder, on the disk.
pub fn persist(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            persist(&entry.path())?;
        } else {
            fs::File::open(entry.path())?.sync_all()?;
        }
    }
    fs::File::open(folder)?.sync_all()
}
