//! One connection's requests, one after the other.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::count::Unanswered;
use super::{Seen, Shared, Trouble};

/// Bytes of a request's head.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// A request's head, and what came with it.
struct Head {
    seen: Seen,
    /// All that has been read.
    read: Vec<u8>,
    /// Bytes of the whole request.
    whole: usize,
}

pub(super) async fn serve(mut client: TcpStream, shared: &Shared) -> io::Result<()> {
    // What is written in pieces is sent in pieces.
    client.set_nodelay(true)?;
    while let Some(head) = read_head(&mut client).await? {
        let unanswered = shared.unanswered.add();
        let trouble = shared.meet(head.seen.clone());
        match trouble {
            Some(Trouble::Answer(status, code)) => {
                take(&mut client, &head, usize::MAX).await?;
                let body = match head.seen.method.as_str() {
                    "HEAD" => String::new(),
                    _ => format!("<Error><Code>{code}</Code><Message>no</Message></Error>"),
                };
                let answer = format!(
                    "HTTP/1.1 {status} No\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                drop(unanswered);
                client.write_all(answer.as_bytes()).await?;
            }
            Some(Trouble::CutSending(bytes)) => {
                take(&mut client, &head, bytes).await?;
                return cut(client);
            }
            Some(Trouble::StallSending(bytes)) => {
                take(&mut client, &head, bytes).await?;
                return shared.stall().await;
            }
            other => return hand_on(client, head, shared, other, unanswered).await,
        }
    }
    Ok(())
}

/// Reads a head; `None` if the connection ends before one.
async fn read_head(client: &mut TcpStream) -> io::Result<Option<Head>> {
    let mut read = Vec::new();
    let end = loop {
        if let Some(end) = read.windows(4).position(|it| it == b"\r\n\r\n") {
            break end;
        }
        if read.len() > MAX_HEAD_BYTES || client.read_buf(&mut read).await? == 0 {
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(&read[..end]).into_owned();
    let mut lines = text.split("\r\n");
    let mut words = lines
        .next()
        .unwrap_or_default()
        .split(' ')
        .map(str::to_owned);
    let seen = Seen {
        method: words.next().unwrap_or_default(),
        target: words.next().unwrap_or_default(),
        headers: lines
            .filter_map(|it| it.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
    };
    let length = seen.header("content-length").and_then(|it| it.parse().ok());
    Ok(Some(Head {
        whole: end + 4 + length.unwrap_or(0),
        seen,
        read,
    }))
}

/// Reads a request up to so many bytes.
async fn take(client: &mut TcpStream, head: &Head, bytes: usize) -> io::Result<()> {
    let mut left = head.whole.min(bytes).saturating_sub(head.read.len());
    let mut buffer = vec![0; 16 << 10];
    while left > 0 {
        let room = left.min(buffer.len());
        match client.read(&mut buffer[..room]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => left -= read,
        }
    }
    Ok(())
}

/// Has the other side see that the connection is no more.
fn cut(client: TcpStream) -> io::Result<()> {
    client.set_zero_linger()
}

/// Asks the server, each time on a connection of its own that ends with the answer.
async fn hand_on(
    mut client: TcpStream,
    head: Head,
    shared: &Shared,
    trouble: Option<Trouble>,
    unanswered: Unanswered<'_>,
) -> io::Result<()> {
    let mut server = TcpStream::connect(shared.server).await?;
    let pause = match trouble {
        Some(Trouble::Slow(rate)) => Some(rate),
        _ => None,
    };
    let line = head.read.iter().position(|it| *it == b'\n').unwrap_or(0) + 1;
    let (line, rest) = head.read.split_at(line);
    server.write_all(line).await?;
    server.write_all(b"connection: close\r\n").await?;
    server.write_all(rest).await?;
    let left = head.whole.saturating_sub(head.read.len());
    copy(&mut client, &mut server, left, pause).await?;
    server.readable().await?;
    drop(unanswered);

    match trouble {
        Some(Trouble::CutReceiving(bytes)) => {
            copy(&mut server, &mut client, bytes, None).await?;
            client.flush().await?;
            // What was given before arrives before the cut.
            sleep(Duration::from_millis(50)).await;
            cut(client)
        }
        Some(Trouble::StallReceiving(bytes)) => {
            copy(&mut server, &mut client, bytes, None).await?;
            shared.stall().await
        }
        Some(Trouble::Short(bytes)) => {
            let mut answer = Vec::new();
            server.read_to_end(&mut answer).await?;
            answer.truncate(answer.len().saturating_sub(bytes));
            client.write_all(&answer).await?;
            client.shutdown().await
        }
        Some(Trouble::Instead(head)) => {
            server.read_to_end(&mut Vec::new()).await?;
            // It ends with this answer, and nobody is to ask once more on it.
            let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
            client.write_all(head.as_bytes()).await?;
            client.shutdown().await
        }
        _ => {
            copy(&mut server, &mut client, usize::MAX, pause).await?;
            client.shutdown().await
        }
    }
}

/// Copies up to so many bytes, or to the end; at a rate, in pieces of an eighth of a second.
async fn copy(
    from: &mut TcpStream,
    to: &mut TcpStream,
    bytes: usize,
    rate: Option<usize>,
) -> io::Result<()> {
    let piece = rate.map_or(16 << 10, |rate| (rate / 8).max(1));
    let mut buffer = vec![0; piece];
    let mut left = bytes;
    while left > 0 {
        let room = left.min(piece);
        let read = from.read(&mut buffer[..room]).await?;
        if read == 0 {
            break;
        }
        to.write_all(&buffer[..read]).await?;
        left -= read;
        if rate.is_some() {
            sleep(Duration::from_millis(125)).await;
        }
    }
    Ok(())
}
