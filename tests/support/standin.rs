//! A server in place of the platform that answers every call with what a test says. One thread a connection, HTTP by
//! hand: replies are byte for byte what the test made.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// What is answered to a path.
pub type Answers = dyn Fn(&str) -> String + Send + Sync;

/// One request.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub query: String,
    pub body: Vec<u8>,
}

/// What is answered to a request, byte for byte.
pub type Bytes = dyn Fn(&Asked) -> Vec<u8> + Send + Sync;

/// Starts answering; gives the base URL. The thread ends with the test.
pub fn start(answers: Arc<Answers>) -> String {
    start_with(Arc::new(move |asked: &Asked| {
        answers(&asked.path).into_bytes()
    }))
}

/// As [`start`], for answers that depend on the whole request or are no text.
pub fn start_with(answers: Arc<Bytes>) -> String {
    start_whole(Arc::new(move |asked: &Asked| {
        let body = answers(asked);
        [head("", body.len()).as_bytes(), &body].concat()
    }))
}

/// The head of an answer, with more headers, each with its end of line.
pub fn head(more: &str, length: usize) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; encoding=utf-8\r\n{more}Content-Length: {length}\r\n\r\n"
    )
}

/// As [`start_with`], for answers with a head of their own.
pub fn start_whole(answers: Arc<Bytes>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answers = answers.clone();
            std::thread::spawn(move || serve(stream, &*answers));
        }
    });
    format!("http://{address}")
}

/// Answers until the caller hangs up.
fn serve(mut stream: TcpStream, answers: &Bytes) {
    let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
    while let Some((first, body)) = read(&mut reader) {
        let target = first.split(' ').nth(1).unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let answer = answers(&Asked {
            path: path.to_owned(),
            query: query.to_owned(),
            body,
        });
        if stream.write_all(&answer).is_err() {
            return;
        }
    }
}

/// What is done to a reply on its way: target, request, and the reply as bytes.
pub type Change = dyn Fn(&str, &[u8], Vec<u8>) -> Vec<u8> + Send + Sync;

/// Stands before a shop and changes what it answers; gives the base URL.
pub fn before(shop: &str, change: Arc<Change>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let shop = shop.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (shop, change) = (shop.clone(), change.clone());
            std::thread::spawn(move || pass_on(stream, &shop, &*change));
        }
    });
    format!("http://{address}")
}

fn pass_on(mut stream: TcpStream, shop: &str, change: &Change) {
    let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
    while let Some((first, body)) = read(&mut reader) {
        let mut words = first.split(' ');
        let method = words.next().unwrap_or_default();
        let target = words.next().unwrap_or_default().to_owned();
        let headers = format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        );
        let reply = super::http::send(shop, method, &target, &headers, &body);
        let path = target.split('?').next().unwrap_or_default();
        let reply = change(path, &body, reply.body);
        let head = head("", reply.len());
        if stream
            .write_all(&[head.as_bytes(), &reply].concat())
            .is_err()
        {
            return;
        }
    }
}

/// The first line and the body of the next request.
fn read(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(given) = line.strip_prefix("content-length:") {
            length = given.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first, body))
}
