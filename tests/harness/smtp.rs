//! A mail server that keeps what it gets, and that can be told to be troublesome.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A point in the conversation at which the server may misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Somebody connected.
    Greeting,
    /// `EHLO` or `HELO`.
    Hello,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`.
    Data,
    /// The body is complete.
    Body,
}

/// What goes wrong with one mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The server replies this, e.g. `450 later`.
    Says(Stage, &'static str),
    /// The server keeps the connection and says nothing any more.
    Hangs(Stage),
    /// The server breaks off. At [`Stage::Body`] it has taken the mail by then.
    Drops(Stage),
}

/// A mail as it came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Whom the envelope names.
    pub recipients: Vec<String>,
    /// Header and body, dots unstuffed.
    pub bytes: Vec<u8>,
    /// When.
    pub at: Instant,
}

/// The mail server. It stops when dropped.
#[derive(Debug)]
pub struct Smtp {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<State>,
    listening: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    received: Mutex<Vec<Received>>,
    troubles: Mutex<VecDeque<Trouble>>,
}

impl Smtp {
    /// Listens on a port of its own.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let listening = tokio::spawn(listen(listener, Arc::clone(&state)));
        Self { address, state, listening }
    }

    /// The next connection that has none meets this trouble.
    pub fn expects(&self, trouble: Trouble) {
        self.state.troubles.lock().unwrap().push_back(trouble);
    }

    /// Troubles that have met nobody meet nobody any more.
    pub fn calms(&self) {
        self.state.troubles.lock().unwrap().clear();
    }

    /// How many mails so far.
    pub fn count(&self) -> usize {
        self.state.received.lock().unwrap().len()
    }

    /// Everything so far, in order of arrival.
    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, state: Arc<State>) {
    while let Ok((connection, _)) = listener.accept().await {
        let trouble = state.troubles.lock().unwrap().pop_front();
        let session = Session { state: Arc::clone(&state), trouble, recipients: Vec::new() };
        // A client that breaks off ends its session and nothing else.
        tokio::spawn(async move { session.serve(connection).await.is_ok() });
    }
}

struct Session {
    state: Arc<State>,
    trouble: Option<Trouble>,
    recipients: Vec<String>,
}

impl Session {
    async fn serve(mut self, connection: TcpStream) -> std::io::Result<()> {
        let (reader, mut writer) = connection.into_split();
        let mut reader = BufReader::new(reader);
        let mut stage = Stage::Greeting;
        let mut reply = "220 sink";
        loop {
            match self.trouble {
                Some(Trouble::Hangs(at)) if at == stage => std::future::pending().await,
                Some(Trouble::Drops(at)) if at == stage => return Ok(()),
                Some(Trouble::Says(at, words)) if at == stage => reply = words,
                _ => {}
            }
            writer.write_all(format!("{reply}\r\n").as_bytes()).await?;
            if stage == Stage::Data && reply.starts_with('3') {
                let bytes = read_body(&mut reader).await?;
                stage = Stage::Body;
                let refused = matches!(self.trouble, Some(Trouble::Says(Stage::Body, words)) if !words.starts_with('2'));
                if !refused {
                    let recipients = std::mem::take(&mut self.recipients);
                    self.state.received.lock().unwrap().push(Received {
                        recipients,
                        bytes,
                        at: Instant::now(),
                    });
                }
                reply = "250 taken";
                continue;
            }
            let mut line = String::new();
            if reader.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            (stage, reply) = match verb.as_str() {
                "EHLO" => (Stage::Hello, "250-sink\r\n250 8BITMIME"),
                "HELO" => (Stage::Hello, "250 sink"),
                "MAIL" => (Stage::Sender, "250 ok"),
                "RCPT" => {
                    self.recipients.push(address(&line));
                    (Stage::Recipient, "250 ok")
                }
                "DATA" => (Stage::Data, "354 go on"),
                "RSET" => {
                    self.recipients.clear();
                    (Stage::Hello, "250 ok")
                }
                "NOOP" => (Stage::Hello, "250 ok"),
                "QUIT" => {
                    writer.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => (Stage::Hello, "502 unknown"),
            };
        }
    }
}

/// Up to the line of a single dot; a dot that was doubled on the way is single again.
async fn read_body(reader: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(body);
        }
        body.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

/// What stands between `<` and `>`.
fn address(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(address, _)| address).unwrap_or_default().to_owned()
}
