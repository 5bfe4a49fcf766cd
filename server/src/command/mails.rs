//! `server mails`: every mail as it looks.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::samples;

/// Writes them into a folder.
pub fn run(folder: &Path) -> anyhow::Result<ExitCode> {
    let (mut files, texts) = samples::files()?;
    files.extend(texts);
    for (path, text) in &files {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).with_context(|| format!("{} cannot be made", parent.display()))?;
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    println!("{} files in {}; begin with index.html", files.len(), folder.display());
    Ok(ExitCode::SUCCESS)
}
