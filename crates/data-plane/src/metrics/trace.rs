//! What a batch went through, for who shows it as a trace.
//!
//! It is made only when somebody listens. Times are instants; `at` and `unix_ms` are one moment on both clocks. Errors are
//! told by their class, for their texts may hold what records or configurations hold.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_api::TopicPartition;

use super::StageName;

/// Something that is over.
#[derive(Clone, Debug)]
pub enum Trace {
    Batch(BatchTrace),
    Commit(CommitTrace),
}

/// From the request for records until all of them were written or dead-lettered, or their partitions went away.
#[derive(Clone, Debug)]
pub struct BatchTrace {
    pub when: When,
    pub records: usize,
    pub bytes: usize,
    /// With first and next offset; of many the first ones.
    pub partitions: Vec<(Arc<TopicPartition>, i64, i64)>,
    pub stages: Vec<StageTrace>,
    /// Where records come from, by their header `traceparent`.
    pub links: Vec<TraceParent>,
    /// Records with such a header that no link was kept for, other than repetitions.
    pub more_links: usize,
}

/// A commit of offsets, from the sink's `pre_commit` until the answer.
#[derive(Clone, Debug)]
pub struct CommitTrace {
    pub when: When,
    pub partitions: usize,
    pub stages: Vec<StageTrace>,
}

/// Begin and end.
#[derive(Clone, Copy, Debug)]
pub struct When {
    pub begun: Instant,
    pub ended: Instant,
    /// The end by the clock on the wall.
    pub unix_ms: i64,
}

impl When {
    /// Nanoseconds since the epoch of an instant of this trace.
    pub fn unix_nanos(&self, at: Instant) -> u64 {
        let end = Duration::from_millis(u64::try_from(self.unix_ms).unwrap_or_default());
        let before = self.ended.saturating_duration_since(at);
        let nanos = end.saturating_sub(before).as_nanos();
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }
}

/// One run of one stage.
#[derive(Clone, Debug)]
pub struct StageTrace {
    pub stage: StageName,
    pub begun: Instant,
    pub ended: Instant,
    pub records: usize,
    /// Class of the error and the exception's name, if it failed.
    pub error: Option<String>,
}

/// A W3C `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
    pub flags: u8,
}

impl TraceParent {
    /// None if it is not one, or names nothing.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut parts = text.split('-');
        let version = hex::<1>(parts.next()?)?;
        let trace_id = hex::<16>(parts.next()?)?;
        let span_id = hex::<8>(parts.next()?)?;
        let [flags] = hex::<1>(parts.next()?)?;
        // Later versions may append; this one does not, and the last of all is forbidden.
        let ends = version != [0] || parts.next().is_none();
        let names = trace_id != [0; 16] && span_id != [0; 8] && version != [0xff];
        (ends && names).then_some(Self {
            trace_id,
            span_id,
            flags,
        })
    }
}

/// Lower case digits, exactly as many as needed.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    let is_digit = |b: &u8| b.is_ascii_digit() || (b'a'..=b'f').contains(b);
    if digits.len() != 2 * N || !digits.iter().all(is_digit) {
        return None;
    }
    let mut bytes = [0; N];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_traceparent_names_a_span_or_is_none() {
        let found = TraceParent::parse(GOOD.as_bytes()).expect("a parent");
        assert_eq!(found.trace_id[..3], [0x0a, 0xf7, 0x65]);
        assert_eq!((found.span_id[7], found.flags), (0x31, 1));
        for bad in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        ] {
            assert_eq!(TraceParent::parse(bad.as_bytes()), None, "{bad}");
        }
        let later = format!("01{}-more", &GOOD[2..]);
        assert_eq!(TraceParent::parse(later.as_bytes()), Some(found));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_traceparent_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = TraceParent::parse(&bytes);
        }
    }
}
