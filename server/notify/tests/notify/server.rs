//! A mail server that misbehaves on request.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server says at each step; an empty reply is silence, `CLOSE` hangs up.
#[derive(Clone)]
pub struct Script {
    pub banner: &'static str,
    pub hello: &'static str,
    pub auth: &'static str,
    pub mail: &'static str,
    pub rcpt: &'static str,
    pub data: &'static str,
    pub end: &'static str,
    pub quit: &'static str,
}

pub const CLOSE: &str = "CLOSE";

/// A healthy server.
pub const HEALTHY: Script = Script {
    banner: "220 mail.example ready",
    hello: "250-mail.example\r\n250 AUTH PLAIN LOGIN",
    auth: "235 welcome",
    mail: "250 ok",
    rcpt: "250 ok",
    data: "354 go on",
    end: "250 taken",
    quit: "221 bye",
};

/// A running server and what it was told.
pub struct Server {
    pub port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub async fn start(script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, script.clone(), Arc::clone(&log)));
            }
        });
        Self { port, heard }
    }

    /// Every line that clients have sent, message bodies included.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// A port on which nobody listens.
pub async fn closed_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port()
}

async fn converse(stream: TcpStream, script: Script, heard: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut in_message = false;
    let mut reply = script.banner;
    loop {
        match reply {
            CLOSE => return Ok(()),
            "" => std::future::pending().await,
            reply => writer.write_all(format!("{reply}\r\n").as_bytes()).await?,
        }
        reply = loop {
            let Some(line) = lines.next_line().await? else { return Ok(()) };
            heard.lock().unwrap().push(line.clone());
            if in_message {
                if line == "." {
                    in_message = false;
                    break script.end;
                }
                continue;
            }
            break match line.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => script.hello,
                "AUTH" => script.auth,
                "MAIL" => script.mail,
                "RCPT" => script.rcpt,
                "DATA" => {
                    in_message = script.data.starts_with('3');
                    script.data
                }
                "QUIT" => script.quit,
                _ => "502 what?",
            };
        };
    }
}
