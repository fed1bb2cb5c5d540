//! HTTP by hand over one connection a call, so that a test sees what really comes over the wire: cut answers too.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;

/// What came back before the connection ended.
pub struct Raw {
    /// 0 when nothing came.
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
    /// The connection was reset instead of ended.
    pub reset: bool,
}

impl Raw {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the answer is JSON")
    }

    /// The length that the head promised.
    pub fn promised(&self) -> usize {
        let line = self
            .head
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with("content-length:"));
        line.and_then(|line| line.split(':').nth(1))
            .and_then(|length| length.trim().parse().ok())
            .unwrap_or(0)
    }
}

/// Sends one request and reads until the connection ends.
pub fn send(base_url: &str, method: &str, target: &str, headers: &str, body: &[u8]) -> Raw {
    let address = base_url.strip_prefix("http://").expect("a plain address");
    let mut stream = TcpStream::connect(address).expect("the sandbox listens");
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n"
    );
    stream
        .write_all(&[head.as_bytes(), body].concat())
        .expect("the request is taken");
    let mut answer = Vec::new();
    let reset = stream.read_to_end(&mut answer).is_err();
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .map_or(answer.len(), |at| at + 4);
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    Raw {
        status,
        head,
        body: answer[end..].to_vec(),
        reset,
    }
}

/// Posts JSON text as it is.
pub fn post(base_url: &str, target: &str, body: &str) -> Raw {
    let headers = format!(
        "Content-Type: application/json\r\nContent-Length: {}\r\n",
        body.len()
    );
    send(base_url, "POST", target, &headers, body.as_bytes())
}
