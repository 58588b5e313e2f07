//! Stubs of the server: one that keeps secrets in memory, and parts for servers that respond as a test needs.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// A request: its request line, its headers with names in lower case, and its body.
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Returns the value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Listens on a free port, calls `serve` with each connection in its own thread, and returns the origin.
pub(crate) fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream));
        }
    });
    origin
}

/// Reads the head of a request, without its body.
pub(crate) fn read_head(reader: &mut BufReader<TcpStream>) -> Request {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        let length = reader.read_line(&mut line).unwrap_or(0);
        let line = line.trim_end();
        if length == 0 || line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    let line = if lines.is_empty() { String::new() } else { lines.remove(0) };
    let lower = |line: String| {
        let (name, value) = line.split_once(':').unwrap();
        format!("{}: {}", name.to_lowercase(), value.trim())
    };
    Request { line, headers: lines.into_iter().map(lower).collect(), body: Vec::new() }
}

/// Reads the body of a request after its head.
pub(crate) fn read_body(reader: &mut BufReader<TcpStream>, request: &mut Request) {
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).unwrap();
}

/// Writes a response, after which the connection is closed.
pub(crate) fn respond(mut stream: &TcpStream, status: &str, body: &str) {
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}", body.len());
    drop(stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()));
}

/// Starts a server that stores secrets and returns them. It counts no views.
pub(crate) fn storing() -> String {
    let secrets = Mutex::new(HashMap::<String, Value>::new());
    listen(move |stream| {
        let mut reader = BufReader::new(stream);
        let mut request = read_head(&mut reader);
        let name = request.line.split('/').nth(3).and_then(|rest| rest.split(' ').next());
        let name = name.unwrap_or_default().to_owned();
        if request.header("expect").is_some() {
            reader.get_ref().write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
        }
        read_body(&mut reader, &mut request);
        let mut secrets = secrets.lock().unwrap();
        let time = "2030-01-01T00:00:00Z";
        let request_body = || serde_json::from_slice::<Value>(&request.body).unwrap();
        let (status, response) = match name.as_str() {
            "create" => {
                let id = format!("{:016}", secrets.len());
                secrets.insert(id.clone(), request_body());
                ("201 Created", json!({ "id": id, "created_at": time, "expires_at": time }))
            }
            "open" => {
                let secret = &secrets[request_body()["id"].as_str().unwrap()];
                let envelope = &secret["envelope"];
                let response = json!({ "envelope": envelope, "max_views": 1, "views_left": 1, "created_at": time, "expires_at": time });
                ("200 OK", response)
            }
            "reveal" => {
                let secret = &secrets[request_body()["id"].as_str().unwrap()];
                ("200 OK", json!({ "share": secret["share"], "views_left": 0 }))
            }
            _ => ("404 Not Found", json!({ "error": "unavailable" })),
        };
        respond(reader.get_ref(), status, &response.to_string());
    })
}
