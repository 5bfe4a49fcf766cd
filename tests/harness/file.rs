//! Files, as a front end sends and fetches them.

use std::io::Write as _;

use reqwest::header::{HeaderMap, RANGE};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::cast::text;
use crate::graphql::{Answer, Client};
use crate::person::Person;

/// A PDF that says this.
pub fn pdf(words: &str) -> Vec<u8> {
    format!("%PDF-1.7\n1 0 obj\n<< /Title ({words}) >>\nendobj\n%%EOF\n").into_bytes()
}

/// A Word document with these further parts.
pub fn docx(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let base: [(&str, &[u8]); 2] =
        [("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:document/>")];
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in base.iter().chain(parts) {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// What the server gave for a link.
#[derive(Debug)]
pub struct Given {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Given {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// The path of a link: tests reach the server elsewhere than people do.
pub fn path(url: &str) -> String {
    url::Url::parse(url).expect("a link is an address").path().to_owned()
}

/// Follows a link without any token.
pub async fn request(
    origin: &Client,
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
    bytes: Vec<u8>,
) -> Given {
    let client = reqwest::Client::new();
    let mut request = client.request(method, format!("{}{}", origin.origin(), path(url))).body(bytes);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status(), response.headers().clone());
    Given { status, headers, bytes: response.bytes().await.expect("the bytes arrive").to_vec() }
}

impl Person {
    /// Announces a file on `{"challengeId": ..}` or `{"proposalId": ..}`.
    pub async fn announces(&self, on: &Value, name: &str, size: usize) -> Answer {
        let input = json!({ "on": on, "name": name, "size": size });
        let changed =
            "attachment { id status size sha256 } upload { url method headers { name value } expiresAt }";
        self.does("createUpload", input, changed).await
    }

    /// Sends the bytes of a file that was announced.
    pub async fn sends(&self, announced: &Value, bytes: Vec<u8>) -> Given {
        assert_eq!(announced["upload"]["method"], "PUT");
        let url = text(&announced["upload"]["url"]);
        let headers = [("content-type", "application/octet-stream")];
        request(&self.client().await, Method::PUT, &url, &headers, bytes).await
    }

    /// Announces a file, sends it, and has it looked at.
    pub async fn uploads(&self, on: &Value, name: &str, bytes: Vec<u8>) -> Answer {
        let announced = self.announces(on, name, bytes.len()).await.ok();
        let sent = self.sends(&announced, bytes).await;
        assert_eq!(sent.status, StatusCode::NO_CONTENT, "{}", String::from_utf8_lossy(&sent.bytes));
        self.has_checked(&announced["attachment"]["id"]).await
    }

    /// Has a file looked at.
    pub async fn has_checked(&self, attachment: &Value) -> Answer {
        let changed = "attachment { id name status refusal size sha256 }";
        self.does("completeUpload", json!({ "attachmentId": attachment }), changed).await
    }

    /// A link to a file by its id; None if there is nothing to be had.
    pub async fn link_to(&self, attachment: &str) -> Option<String> {
        link(&self.client().await, attachment).await
    }

    /// Fetches a file by its id; None if there is no link to it.
    pub async fn fetches(&self, attachment: &str) -> Option<Given> {
        fetch(&self.client().await, attachment).await
    }

    /// Fetches a part of it.
    pub async fn fetches_part(&self, attachment: &str, range: &str) -> Given {
        let (client, url) = (self.client().await, self.link_to(attachment).await.expect("a link"));
        request(&client, Method::GET, &url, &[(RANGE.as_str(), range)], Vec::new()).await
    }
}

/// A link to a file by its id, in the name of whoever the client is.
pub async fn link(client: &Client, attachment: &str) -> Option<String> {
    let document = "query ($id: ID!) { node(id: $id) { ... on Attachment { downloadUrl } } }";
    let node = client.call(document, json!({ "id": attachment })).await.ok();
    node["downloadUrl"].as_str().map(str::to_owned)
}

/// Fetches a file by its id, in the name of whoever the client is.
pub async fn fetch(client: &Client, attachment: &str) -> Option<Given> {
    let url = link(client, attachment).await?;
    Some(request(client, Method::GET, &url, &[], Vec::new()).await)
}
