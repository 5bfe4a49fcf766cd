//! The program itself: started, watched, stopped, killed.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::graphql::Client;
use crate::wait::eventually;

/// A running program, with a working directory of its own. Killed when dropped.
#[derive(Debug)]
pub struct Binary {
    child: Child,
    directory: PathBuf,
}

impl Binary {
    /// Starts the program with these arguments and nothing in its environment but these settings.
    pub fn start(directory: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        let output = |name| Stdio::from(File::create(directory.join(name)).unwrap());
        let child = Command::new(program())
            .args(arguments)
            .env_clear()
            .envs(settings.iter().copied())
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(output("stdout"))
            .stderr(output("stderr"))
            .spawn()
            .unwrap();
        Self { child, directory: directory.to_owned() }
    }

    /// Runs the program to its end.
    pub async fn run(directory: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Ended {
        Self::start(directory, arguments, settings).ends().await
    }

    /// Where it listens, once it says so.
    pub async fn address(&self) -> SocketAddr {
        eventually("the program says where it listens", async || {
            let log = self.output("stderr");
            let (_, rest) = log.split_once("serving address=")?;
            rest.split_once('\n')?.0.parse().ok()
        })
        .await
    }

    /// A visitor, once the program is ready.
    pub async fn ready(&self) -> Client {
        let client = Client::new(format!("http://{}", self.address().await));
        eventually("the program is ready", async || client.get("/readyz").await.0.is_success().then_some(()))
            .await;
        client
    }

    /// What it wrote so far to `stdout` or `stderr`.
    pub fn output(&self, stream: &str) -> String {
        std::fs::read_to_string(self.directory.join(stream)).unwrap()
    }

    /// Asks it to stop, as a service manager does.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Freezes it, as a machine does that is moved.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Kills it at once, as a power cut does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended.
    pub async fn ends(mut self) -> Ended {
        let status = eventually("the program ends", async || self.child.try_wait().unwrap()).await;
        Ended { status, stdout: self.output("stdout"), stderr: self.output("stderr") }
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that has ended.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

/// A directory to run in.
pub fn directory() -> TempDir {
    TempDir::with_prefix("btl-").unwrap()
}

/// The program, built from the sources as they are. The tests' own executable stands beside it, one level deeper.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let tests = std::env::current_exe().unwrap();
        let profile = tests.ancestors().nth(2).unwrap();
        let target = profile.parent().unwrap();
        let mut build = Command::new(env!("CARGO"));
        // The tests are named too, so that the libraries are built once, as the tests have them.
        let arguments = "build --quiet --locked --workspace --bin server --test e2e --target-dir";
        build.args(arguments.split(' ')).arg(target);
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(
            build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success(),
            "the program is built"
        );
        profile.join("server")
    })
}
