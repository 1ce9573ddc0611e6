//! A small HTTP/1.1 client over one keep-alive connection. It uses little of the processor that the servers share.

use std::ops::Range;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::Result;

/// The initial size of the buffer, so that most answers are read at once.
const BUFFER: usize = 256 * 1024;

/// A connection to a server.
pub struct Connection {
    stream: TcpStream,
    /// The answer that was read last.
    buffer: Vec<u8>,
    /// The decoded body of a chunked answer.
    decoded: Vec<u8>,
}

/// The status and the body of an answer.
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

/// How an answer says where its body ends.
enum Framing {
    Length(usize),
    Chunked,
}

/// Returns the bytes of a GraphQL request.
pub fn request(address: &str, query: &str, variables: &Value) -> Vec<u8> {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\naccept: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}

impl Connection {
    pub async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(BUFFER), decoded: Vec::new() })
    }

    /// Sends a request and reads its answer.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            self.fill().await?;
        };
        let (status, framing) = parse(&self.buffer[..head])?;
        let body = match framing {
            Framing::Length(length) => {
                while self.buffer.len() < head + length {
                    self.fill().await?;
                }
                &self.buffer[head..head + length]
            }
            Framing::Chunked => {
                self.read_chunks(head).await?;
                &self.decoded
            }
        };
        Ok(Answer { status, body })
    }

    async fn read_chunks(&mut self, mut at: usize) -> Result<()> {
        self.decoded.clear();
        loop {
            let end = loop {
                match find(&self.buffer[at..], b"\r\n") {
                    Some(end) => break at + end,
                    None => self.fill().await?,
                }
            };
            let length = std::str::from_utf8(&self.buffer[at..end])?.split(';').next().unwrap_or_default().trim();
            let chunk: Range<usize> = end + 2..end + 2 + usize::from_str_radix(length, 16)?;
            while self.buffer.len() < chunk.end + 2 {
                self.fill().await?;
            }
            if chunk.is_empty() {
                return Ok(());
            }
            at = chunk.end + 2;
            self.decoded.extend_from_slice(&self.buffer[chunk]);
        }
    }

    async fn fill(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn parse(head: &[u8]) -> Result<(u16, Framing)> {
    let head = std::str::from_utf8(head)?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("an answer without a status")?.parse()?;
    let mut framing = None;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            framing = Some(Framing::Length(value.trim().parse()?));
        } else if name.eq_ignore_ascii_case("transfer-encoding") && value.trim().eq_ignore_ascii_case("chunked") {
            framing = Some(Framing::Chunked);
        }
    }
    Ok((status, framing.ok_or("an answer without a length")?))
}

/// Sends one request over a new connection and returns the body of its answer.
pub async fn once(address: &str, query: &str, variables: &Value) -> Result<Vec<u8>> {
    let mut connection = Connection::open(address).await?;
    let answer = connection.exchange(&request(address, query, variables)).await?;
    if answer.status != 200 {
        return Err(format!("status {}: {}", answer.status, String::from_utf8_lossy(answer.body)).into());
    }
    Ok(answer.body.to_vec())
}

/// Sends one request and returns the `data` of its answer. An answer with errors is an error.
pub async fn data(address: &str, query: &str, variables: &Value) -> Result<Value> {
    let body = once(address, query, variables).await?;
    let mut answer: Value = serde_json::from_slice(&body)?;
    if answer.get("errors").is_some() {
        return Err(format!("{query}: {answer}").into());
    }
    Ok(answer["data"].take())
}
