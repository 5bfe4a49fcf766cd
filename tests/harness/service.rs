//! What a server of ours asks of others, as they are shipped: a scanner, and a service that speaks S3. `tests/run` installs them.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::wait::eventually;

/// A program that ends with its owner.
#[derive(Debug)]
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(mut command: Command) -> Program {
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    Program(child.unwrap_or_else(|error| panic!("{name}: {error}; tests/run installs it")))
}

/// A port that nobody listens at.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A clamd that knows one harmful thing: [`Clamd::HARMFUL`].
#[derive(Debug)]
pub struct Clamd {
    _program: Program,
    _directory: tempfile::TempDir,
}

impl Clamd {
    /// What it finds.
    pub const HARMFUL: &str = "BTL-HARMFUL-TEST-FILE";

    /// Starts one at that port and waits until it answers.
    pub async fn start(port: u16) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let signature = domain::text::hex(Self::HARMFUL.as_bytes());
        std::fs::write(directory.path().join("test.ndb"), format!("Btl.Test:0:*:{signature}\n")).unwrap();
        let settings = format!(
            "TCPSocket {port}\nTCPAddr 127.0.0.1\nForeground yes\nDatabaseDirectory {}\n",
            directory.path().display()
        );
        let file = directory.path().join("clamd.conf");
        std::fs::write(&file, settings).unwrap();
        // Debian keeps it where only root looks.
        let of_debian = Path::new("/usr/sbin/clamd");
        let mut command = Command::new(if of_debian.exists() { of_debian } else { Path::new("clamd") });
        command.arg("--config-file").arg(&file);
        let program = start(command);
        eventually("clamd listens", async || std::net::TcpStream::connect(("127.0.0.1", port)).ok()).await;
        Self { _program: program, _directory: directory }
    }
}

/// A service that speaks S3, with one empty bucket.
#[derive(Debug)]
pub struct S3 {
    /// Where it is.
    pub endpoint: String,
    _program: Program,
}

impl S3 {
    /// The bucket.
    pub const BUCKET: &str = "btl-files";

    /// Starts one.
    pub async fn start() -> Self {
        let port = free_port();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("s3/.venv/bin/moto_server");
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let program = start(command);
        let endpoint = format!("http://127.0.0.1:{port}");
        let bucket = format!("{endpoint}/{}", Self::BUCKET);
        eventually("the bucket is there", async || {
            let made = reqwest::Client::new().put(&bucket).send().await.ok()?;
            made.status().is_success().then_some(())
        })
        .await;
        Self { endpoint, _program: program }
    }
}
