//! A bare HTTP/1.1 client: one request at a time over one kept connection.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest head of a response; longer ones are refused.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// A request as it goes over the wire.
#[derive(Debug, Clone)]
pub struct WireRequest {
    pub bytes: Vec<u8>,
    /// Where the body starts.
    pub body_at: usize,
}

impl WireRequest {
    pub fn post(address: SocketAddr, path: &str, content_type: &str, body: &[u8]) -> Self {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: {content_type}\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        let body_at = head.len();
        let mut bytes = head.into_bytes();
        bytes.extend(body);
        Self { bytes, body_at }
    }
}

/// What came back.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    pub status: u16,
    /// From the request's first byte to the body's first byte, or to the end of
    /// the head when there is no body.
    pub first_byte: Duration,
    /// Bytes of the body as sent, chunk heads included.
    pub body_bytes: usize,
}

/// A kept connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; 256 << 10],
        })
    }

    /// Sends a request and reads its whole answer, discarding the body.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<Answer> {
        let start = Instant::now();
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let head = loop {
            filled += self.fill(filled).await?;
            if let Some(head) = Head::parse(&self.buffer[..filled])? {
                break head;
            }
            if filled > HEAD_BYTES_MAX {
                return Err(malformed("the head of the answer is too long"));
            }
        };
        let mut body = Body::new(head.framing);
        let mut first_byte = start.elapsed();
        let mut body_bytes = filled - head.length;
        body.take(&self.buffer[head.length..filled])?;
        while !body.is_complete() {
            let count = self.fill(0).await?;
            if body_bytes == 0 {
                first_byte = start.elapsed();
            }
            body_bytes += count;
            body.take(&self.buffer[..count])?;
        }
        Ok(Answer {
            status: head.status,
            first_byte,
            body_bytes,
        })
    }

    async fn fill(&mut self, from: usize) -> io::Result<usize> {
        match self.stream.read(&mut self.buffer[from..]).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
}

#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    framing: Framing,
    /// Up to and with the empty line.
    length: usize,
}

impl Head {
    /// `None` while the end has not been received.
    fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(None);
        };
        let text = std::str::from_utf8(&bytes[..end]).map_err(|_| malformed("binary head"))?;
        let mut lines = text.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1)?.parse().ok())
            .ok_or_else(|| malformed("no status"))?;
        let mut framing = Framing::Length(0);
        for line in lines {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            if name.eq_ignore_ascii_case("content-length") {
                let length = value.trim().parse();
                framing = Framing::Length(length.map_err(|_| malformed("bad length"))?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                framing = Framing::Chunked;
            }
        }
        Ok(Some(Self {
            status,
            framing,
            length: end + 4,
        }))
    }
}

/// Tells where a body ends, over pieces of any size.
#[derive(Debug)]
struct Body {
    framing: Framing,
    /// Bytes of the current chunk, or of the whole, still to come.
    remaining: usize,
    line: Vec<u8>,
    chunk: Chunk,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chunk {
    Size,
    Data,
    /// The line end after the data.
    DataEnd,
    /// Lines after the last chunk.
    Trailer,
    Complete,
}

impl Body {
    fn new(framing: Framing) -> Self {
        Self {
            framing,
            remaining: match framing {
                Framing::Length(length) => length,
                Framing::Chunked => 0,
            },
            line: Vec::new(),
            chunk: Chunk::Size,
        }
    }

    fn is_complete(&self) -> bool {
        match self.framing {
            Framing::Length(_) => self.remaining == 0,
            Framing::Chunked => self.chunk == Chunk::Complete,
        }
    }

    fn take(&mut self, mut piece: &[u8]) -> io::Result<()> {
        if let Framing::Length(_) = self.framing {
            self.remaining = self
                .remaining
                .checked_sub(piece.len())
                .ok_or_else(|| malformed("more body than announced"))?;
            return Ok(());
        }
        while let Some(byte) = piece.first() {
            if self.chunk == Chunk::Data {
                let count = self.remaining.min(piece.len());
                piece = &piece[count..];
                self.remaining -= count;
                if self.remaining == 0 {
                    self.chunk = Chunk::DataEnd;
                }
                continue;
            }
            self.line.push(*byte);
            piece = &piece[1..];
            if *byte == b'\n' {
                self.line_ended()?;
            } else if self.line.len() > HEAD_BYTES_MAX {
                return Err(malformed("a line of the body is too long"));
            }
        }
        Ok(())
    }

    fn line_ended(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        let line = line.trim_ascii();
        self.chunk = match self.chunk {
            Chunk::DataEnd => Chunk::Size,
            Chunk::Size => {
                let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
                let digits = std::str::from_utf8(digits).unwrap_or_default();
                self.remaining =
                    usize::from_str_radix(digits, 16).map_err(|_| malformed("bad chunk size"))?;
                if self.remaining == 0 {
                    Chunk::Trailer
                } else {
                    Chunk::Data
                }
            }
            Chunk::Trailer if line.is_empty() => Chunk::Complete,
            other => other,
        };
        Ok(())
    }
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let check = |bytes: &[u8], status: u16, framing: Framing| {
            let head = Head::parse(bytes).expect("well-formed").expect("complete");
            assert_eq!((head.status, head.framing), (status, framing));
        };
        check(
            b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n",
            200,
            Framing::Length(12),
        );
        check(
            b"HTTP/1.1 503 Busy\r\nretry-after: 1\r\n\r\n",
            503,
            Framing::Length(0),
        );
        check(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nrest",
            200,
            Framing::Chunked,
        );
        assert_eq!(
            Head::parse(b"HTTP/1.1 200 OK\r\n").expect("incomplete"),
            None
        );
        assert!(Head::parse(b"nonsense\r\n\r\n").is_err());
    }

    #[test]
    fn chunked_bodies_end_where_they_end_however_they_are_cut() {
        let body = b"5;x=1\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nt: 1\r\n\r\n";
        for size in 1..=body.len() {
            let mut parsed = Body::new(Framing::Chunked);
            for piece in body.chunks(size) {
                assert!(!parsed.is_complete(), "{size}");
                parsed.take(piece).expect("well-formed");
            }
            assert!(parsed.is_complete(), "{size}");
        }
        assert!(Body::new(Framing::Chunked).take(b"zz\r\n").is_err());
        assert!(Body::new(Framing::Length(1)).take(b"ab").is_err());
    }
}
