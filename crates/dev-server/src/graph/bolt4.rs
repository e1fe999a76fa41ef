//! Bolt 4.4 in terms of Bolt 5: what the server library does not speak and the graph sink's driver does.
//!
//! Three things differ for what is used here. Logging in is part of HELLO. Nodes and relationships have no element ids.
//! Date-times count the seconds of their local clock, not those since the epoch, under tags of their own. Messages are
//! rewritten as they pass, in both directions; everything else is copied.

use std::io;

use boltr::chunk::{ChunkReader, ChunkWriter};
use bytes::{Buf as _, BufMut as _, BytesMut};
use chrono::{DateTime, Offset as _, TimeZone as _};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;

const HELLO: u8 = 0x01;
/// LOGON with an empty map.
const LOGON: [u8; 3] = [0xB1, 0x6A, 0xA0];
const MESSAGE_LIMIT: usize = 256 << 20;
const BUFFER: usize = 256 << 10;

const NODE: u8 = 0x4E;
const RELATIONSHIP: u8 = 0x52;
const UNBOUND_RELATIONSHIP: u8 = 0x72;
const DATE_TIME: u8 = 0x49;
const DATE_TIME_ZONE_ID: u8 = 0x69;
const OLD_DATE_TIME: u8 = 0x46;
const OLD_DATE_TIME_ZONE_ID: u8 = 0x66;

/// Two ends of a pipe: one for [`translate`], the other for a server of Bolt 5.
pub fn pair() -> (DuplexStream, DuplexStream) {
    tokio::io::duplex(BUFFER)
}

/// Carries messages between a client of Bolt 4.4 and a server of Bolt 5 until one of them hangs up.
///
/// # Errors
/// A connection is lost, or what came is no message.
pub async fn translate(client: TcpStream, server: DuplexStream) -> io::Result<()> {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = tokio::io::split(server);
    tokio::select! {
        result = requests(from_client, to_server) => result,
        result = answers(from_server, to_client) => result,
    }
}

async fn requests(from: impl AsyncRead + Unpin, to: impl AsyncWrite + Unpin) -> io::Result<()> {
    let (mut from, mut to) = (ChunkReader::new(from), ChunkWriter::new(to));
    from.set_max_message_size(MESSAGE_LIMIT);
    loop {
        let message = from.read_message().await.map_err(io::Error::other)?;
        let is_hello = message.get(1) == Some(&HELLO);
        let message = rewritten(&message, Direction::ToServer)?;
        to.write_message(&message).await.map_err(io::Error::other)?;
        if is_hello {
            to.write_message(&LOGON).await.map_err(io::Error::other)?;
        }
    }
}

async fn answers(from: impl AsyncRead + Unpin, to: impl AsyncWrite + Unpin) -> io::Result<()> {
    let (mut from, mut to) = (ChunkReader::new(from), ChunkWriter::new(to));
    from.set_max_message_size(MESSAGE_LIMIT);
    for place in 0u64.. {
        let message = from.read_message().await.map_err(io::Error::other)?;
        // The second is the answer to the LOGON that the client has not sent.
        if place == 1 {
            continue;
        }
        let message = rewritten(&message, Direction::ToClient)?;
        to.write_message(&message).await.map_err(io::Error::other)?;
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToServer,
    ToClient,
}

fn rewritten(message: &[u8], direction: Direction) -> io::Result<BytesMut> {
    let mut rewriter = Rewriter {
        rest: message,
        out: BytesMut::with_capacity(message.len() + 16),
        direction,
    };
    // A message is a structure; nothing is a sign of life.
    if !message.is_empty() {
        rewriter.value()?;
    }
    Ok(rewriter.out)
}

/// Reads PackStream and writes it again.
struct Rewriter<'a> {
    rest: &'a [u8],
    out: BytesMut,
    direction: Direction,
}

impl<'a> Rewriter<'a> {
    fn value(&mut self) -> io::Result<()> {
        let marker = *self.rest.first().ok_or_else(truncated)?;
        let small = usize::from(marker & 0x0F);
        match marker {
            0xB0..=0xBF => self.structure(small),
            0x80..=0x8F => self.copy(1 + small),
            0x90..=0x9F => self.items(1, small),
            0xA0..=0xAF => self.items(1, 2 * small),
            // Texts, bytes, lists and maps whose size stands in 1, 2 or 4 bytes.
            0xD0..=0xD2 | 0xCC..=0xCE => {
                let (width, size) = self.size(marker)?;
                self.copy(1 + width + size)
            }
            0xD4..=0xD6 => {
                let (width, size) = self.size(marker)?;
                self.items(1 + width, size)
            }
            0xD8..=0xDA => {
                let (width, size) = self.size(marker)?;
                self.items(1 + width, 2 * size)
            }
            0xC8 => self.copy(2),
            0xC9 => self.copy(3),
            0xCA => self.copy(5),
            0xCB | 0xC1 => self.copy(9),
            _ => self.copy(1),
        }
    }

    /// How many bytes tell the size, and the size.
    fn size(&self, marker: u8) -> io::Result<(usize, usize)> {
        let width = 1 << (marker & 0x03);
        let bytes = self.rest.get(1..1 + width).ok_or_else(truncated)?;
        let size = bytes
            .iter()
            .fold(0, |size, byte| size << 8 | usize::from(*byte));
        Ok((width, size))
    }

    fn take(&mut self, count: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn copy(&mut self, count: usize) -> io::Result<()> {
        let bytes = self.take(count)?;
        self.out.put_slice(bytes);
        Ok(())
    }

    fn items(&mut self, header: usize, count: usize) -> io::Result<()> {
        self.copy(header)?;
        for _ in 0..count {
            self.value()?;
        }
        Ok(())
    }

    fn structure(&mut self, fields: usize) -> io::Result<()> {
        use Direction::{ToClient, ToServer};
        let tag = *self.rest.get(1).ok_or_else(truncated)?;
        match (self.direction, tag, fields) {
            (ToClient, NODE, 4) => self.shortened(tag, 3, 1),
            (ToClient, RELATIONSHIP, 8) => self.shortened(tag, 5, 3),
            (ToClient, UNBOUND_RELATIONSHIP, 4) => self.shortened(tag, 3, 1),
            (ToClient, DATE_TIME, 3) => self.date_time(OLD_DATE_TIME, |offset| offset),
            (ToServer, OLD_DATE_TIME, 3) => self.date_time(DATE_TIME, |offset| -offset),
            (ToClient, DATE_TIME_ZONE_ID, 3) => self.zoned(OLD_DATE_TIME_ZONE_ID, to_local),
            (ToServer, OLD_DATE_TIME_ZONE_ID, 3) => self.zoned(DATE_TIME_ZONE_ID, to_utc),
            _ => self.items(2, fields),
        }
    }

    /// Leaves out the last fields.
    fn shortened(&mut self, tag: u8, kept: u8, dropped: usize) -> io::Result<()> {
        self.take(2)?;
        self.out.put_slice(&[0xB0 | kept, tag]);
        for _ in 0..kept {
            self.value()?;
        }
        let end = self.out.len();
        for _ in 0..dropped {
            self.value()?;
        }
        self.out.truncate(end);
        Ok(())
    }

    /// Seconds, nanoseconds, offset: the seconds move by what `shift` makes of the offset.
    fn date_time(&mut self, tag: u8, shift: impl Fn(i64) -> i64) -> io::Result<()> {
        self.take(2)?;
        let (seconds, nanoseconds, offset) = (self.integer()?, self.integer()?, self.integer()?);
        self.out.put_slice(&[0xB3, tag]);
        for number in [seconds.saturating_add(shift(offset)), nanoseconds, offset] {
            self.put_integer(number);
        }
        Ok(())
    }

    /// Seconds, nanoseconds, name of a zone.
    fn zoned(&mut self, tag: u8, shifted: impl Fn(i64, &str) -> Option<i64>) -> io::Result<()> {
        self.take(2)?;
        let (seconds, nanoseconds) = (self.integer()?, self.integer()?);
        let begin = self.out.len();
        let text = self.rest;
        self.value()?;
        self.out.truncate(begin);
        let text = &text[..text.len() - self.rest.len()];
        let zone = text_of(text).ok_or_else(|| io::Error::other("a zone without a name"))?;
        let unknown = || io::Error::other(format!("no time zone is called {zone}"));
        let seconds = shifted(seconds, zone).ok_or_else(unknown)?;
        self.out.put_slice(&[0xB3, tag]);
        self.put_integer(seconds);
        self.put_integer(nanoseconds);
        self.out.put_slice(text);
        Ok(())
    }

    fn integer(&mut self) -> io::Result<i64> {
        let marker = *self.rest.first().ok_or_else(truncated)?;
        let width = match marker {
            0xC8 => 2,
            0xC9 => 3,
            0xCA => 5,
            0xCB => 9,
            _ => 1,
        };
        let mut bytes = self.take(width)?;
        if width > 1 {
            bytes.advance(1);
        }
        let width = bytes.len();
        Ok(bytes.get_int(width))
    }

    fn put_integer(&mut self, number: i64) {
        boltr::packstream::encode::encode_int(&mut self.out, number);
    }
}

/// A text behind its marker.
fn text_of(value: &[u8]) -> Option<&str> {
    let header = match *value.first()? {
        0x80..=0x8F => 1,
        0xD0 => 2,
        0xD1 => 3,
        _ => return None,
    };
    std::str::from_utf8(value.get(header..)?).ok()
}

fn zone(name: &str) -> Option<chrono_tz::Tz> {
    name.parse().ok()
}

fn to_local(seconds: i64, name: &str) -> Option<i64> {
    let utc = DateTime::from_timestamp(seconds, 0)?.naive_utc();
    let offset = zone(name)?.offset_from_utc_datetime(&utc).fix();
    Some(seconds + i64::from(offset.local_minus_utc()))
}

/// Of a clock that shows the time twice, the first; of one that never shows it, the time before the gap.
fn to_utc(seconds: i64, name: &str) -> Option<i64> {
    let local = DateTime::from_timestamp(seconds, 0)?.naive_utc();
    let zone = zone(name)?;
    let found = zone.from_local_datetime(&local).earliest();
    let offset = match found {
        Some(found) => found.offset().fix(),
        None => zone.offset_from_utc_datetime(&local).fix(),
    };
    Some(seconds - i64::from(offset.local_minus_utc()))
}

fn truncated() -> io::Error {
    io::Error::other("a message ends too early")
}
