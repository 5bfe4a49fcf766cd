//! `server restore`: a backup brought back into an empty place, and checked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use app::db::Location;
use secrecy::ExposeSecret as _;

use super::backup::{FILES, Manifest, POSTGRES, SQLITE, copy, finish, persist, postgres};
use crate::config::{Config, Storage};
use crate::{parts, schema};

/// Restores, then walks the audit chain: it must hold and contain the end that it had when the backup was begun.
pub async fn run(config: Config, folder: PathBuf) -> anyhow::Result<ExitCode> {
    let manifest = Manifest::read(&folder)?;
    let directory = match &config.storage {
        Storage::Directory(files) => Some(files.clone()),
        Storage::Bucket(..) => None,
    };
    let is_empty = |files: &PathBuf| fs::read_dir(files).map_or(true, |mut entries| entries.next().is_none());
    ensure!(directory.as_ref().is_none_or(is_empty), "there are files in the storage already");
    match parts::location(&config) {
        Location::Sqlite(path) => {
            let copy = folder.join(SQLITE);
            ensure!(copy.exists(), "the backup is not one of an SQLite database");
            put(&copy, &path).context("the database cannot be restored")?;
        }
        Location::Postgres(url) => {
            let dump = folder.join(POSTGRES);
            ensure!(dump.exists(), "the backup is not one of a PostgreSQL database");
            ensure!(parts::is_empty(&config).await?, "there is something in the database already");
            let mut restore = postgres("pg_restore", url.expose_secret())?;
            restore.args(["--no-owner", "--no-acl", "--single-transaction", "--exit-on-error"]).arg(dump);
            finish(restore)?;
        }
    }
    if let Some(files) = directory.filter(|_| folder.join(FILES).exists()) {
        // An empty folder may be there already.
        let _ = fs::remove_dir(&files);
        fs::create_dir_all(files.parent().unwrap_or(Path::new(".")))?;
        copy(&folder.join(FILES), &files).context("the files cannot be restored")?;
        persist(&files)?;
    }
    let app = parts::app(&config, parts::connect_read_only(&config).await?)?;
    match app::audit::verify(&app, Some(&manifest.head_hash)).await? {
        Ok((entries, head)) => println!("ok: {entries} entries, head {head}"),
        Err(broken) => {
            println!("broken: {broken}");
            return Ok(ExitCode::FAILURE);
        }
    }
    if !schema::missing(&app.db.read).await?.is_empty() {
        println!("the tables are those of an earlier version: run `server migrate`");
    }
    Ok(ExitCode::SUCCESS)
}

/// A copy appears under its name whole or not at all, and never in the place of another.
fn put(copy: &Path, path: &Path) -> anyhow::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let mut coming = path.as_os_str().to_owned();
    coming.push(".restoring");
    fs::copy(copy, &coming)?;
    fs::File::open(&coming)?.sync_all()?;
    // Unlike renaming, linking refuses a name that is taken.
    let linked = fs::hard_link(&coming, path);
    fs::remove_file(&coming)?;
    linked.context("there is a database already")?;
    fs::File::open(parent)?.sync_all()?;
    Ok(())
}
