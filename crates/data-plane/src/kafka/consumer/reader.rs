//! [`Reader`]: messages of the assigned partitions, out of librdkafka's queue and into batches.
//!
//! What librdkafka believes of positions is not trusted: a batch read moves them on errors too, and a pause forgets
//! what was read ahead. The offset after the last record that left here is kept per partition, and that is where
//! reading goes on.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use connect_api::TopicPartition;
use rdkafka::error::RDKafkaErrorCode;

use super::context::Context;
use crate::kafka::ffi::{BatchQueue, Message};
use crate::kafka::{ReadLimits, Start};
use crate::raw::{BorrowedRecord, RawBatch, RawBatchBuilder};

pub(super) struct Reader {
    pub queue: BatchQueue<Context>,
    /// Read from the queue and not yet given out: what did not fit in the last batch.
    ahead: VecDeque<Message>,
    partitions: Vec<Partition>,
    /// Places in `partitions` by what messages carry; none: not assigned.
    places: HashMap<(usize, i32), Option<usize>>,
    last: Option<((usize, i32), usize)>,
    /// Bytes of a recent record and records of a recent batch, to guess how much to take.
    record_bytes: usize,
    batch_records: usize,
}

/// An assigned partition.
pub(super) struct Partition {
    pub id: Arc<TopicPartition>,
    pub epoch: u64,
    /// The offset of the next record to give out; none until the first one is known.
    pub next: Option<i64>,
    pub paused: bool,
    /// It was to be read from another place, and librdkafka is not there yet.
    pub held: bool,
    /// Messages were taken since it was assigned or sought, so librdkafka's position is not ours.
    pub moved: bool,
}

/// An error that came in place of a record.
pub(super) struct ReadError {
    pub partition: Arc<TopicPartition>,
    /// Where to go on; none if nothing was read yet.
    pub next: Option<i64>,
    pub code: RDKafkaErrorCode,
    pub reason: String,
}

impl Reader {
    pub fn new(queue: BatchQueue<Context>) -> Self {
        Self {
            queue,
            ahead: VecDeque::new(),
            partitions: Vec::new(),
            places: HashMap::new(),
            last: None,
            record_bytes: 1024,
            batch_records: 0,
        }
    }

    pub fn partitions(&self) -> &[Partition] {
        &self.partitions
    }

    pub fn find(&mut self, partition: &TopicPartition) -> Option<&mut Partition> {
        self.partitions.iter_mut().find(|p| *p.id == *partition)
    }

    /// Begins these partitions, forgetting what was known and read of them.
    pub fn begin(&mut self, starts: &[Start]) {
        for start in starts {
            self.drop_ahead(&start.partition);
            let partition = Partition {
                id: start.partition.clone(),
                epoch: start.epoch,
                next: start.offset,
                paused: start.paused,
                held: false,
                moved: false,
            };
            match self.find(&start.partition) {
                Some(known) => *known = partition,
                None => self.partitions.push(partition),
            }
        }
        self.forget_places();
    }

    pub fn end(&mut self, partitions: &[TopicPartition]) {
        for partition in partitions {
            self.drop_ahead(partition);
            self.partitions.retain(|p| *p.id != *partition);
            self.forget_places();
        }
    }

    /// Pauses: what was read ahead will be read again.
    pub fn pause(&mut self, partition: &TopicPartition) -> bool {
        self.drop_ahead(partition);
        let known = self.find(partition);
        known.map(|p| p.paused = true).is_some()
    }

    /// Nothing of it is given out until it [begins](Self::begin) again.
    pub fn hold(&mut self, partition: &TopicPartition) {
        if let Some(known) = self.find(partition) {
            known.held = true;
        }
    }

    /// Messages carry handles of topics, which may be freed and used anew once an assignment changes.
    fn forget_places(&mut self) {
        self.places.clear();
        self.last = None;
    }

    fn drop_ahead(&mut self, partition: &TopicPartition) {
        for message in std::mem::take(&mut self.ahead) {
            match self.place(&message) {
                Some(i) if *self.partitions[i].id == *partition => self.skip(i, &message),
                Some(_) => self.ahead.push_back(message),
                None => {}
            }
        }
    }

    /// Notes that a message was taken and not given out.
    fn skip(&mut self, i: usize, message: &Message) {
        let partition = &mut self.partitions[i];
        partition.moved = true;
        if message.error().is_none() {
            partition.next.get_or_insert(message.offset());
        }
    }

    fn place(&mut self, message: &Message) -> Option<usize> {
        let tag = message.tag();
        if let Some((last, place)) = self.last
            && last == tag
        {
            return Some(place);
        }
        let partitions = &self.partitions;
        let find = || {
            let (topic, partition) = (message.topic(), message.partition());
            let same = |p: &Partition| p.id.partition == partition && *p.id.topic == *topic;
            partitions.iter().position(same)
        };
        let place = *self.places.entry(tag).or_insert_with(find);
        self.last = place.map(|place| (tag, place)).or(self.last);
        place
    }

    /// A batch of what waits. Errors that came in place of records are handed to `errors`.
    pub fn read(&mut self, limits: ReadLimits, errors: &mut Vec<ReadError>) -> RawBatch {
        let records = self.batch_records.min(limits.records);
        let bytes = (records * self.record_bytes).min(limits.bytes);
        let mut batch = RawBatchBuilder::with_capacity(records, bytes);
        'full: loop {
            while let Some(message) = self.ahead.front() {
                let full = batch.len() >= limits.records
                    || (batch.bytes() + message.size() > limits.bytes && !batch.is_empty());
                if full {
                    break 'full;
                }
                if let Some(message) = self.ahead.pop_front() {
                    self.take(message, &mut batch, errors);
                }
            }
            let room = limits.bytes.saturating_sub(batch.bytes()) / self.record_bytes.max(1);
            let most = (room + 1)
                .min(limits.records - batch.len().min(limits.records))
                .min(BatchQueue::<Context>::MOST);
            if most == 0 || self.queue.read(most, &mut self.ahead) == 0 {
                break;
            }
        }
        if !batch.is_empty() {
            self.record_bytes = batch.bytes() / batch.len() + 1;
            self.batch_records = batch.len();
        }
        batch.build()
    }

    fn take(&mut self, message: Message, batch: &mut RawBatchBuilder, errors: &mut Vec<ReadError>) {
        let Some(i) = self.place(&message) else {
            return;
        };
        if let Some(code) = message.error() {
            let partition = &mut self.partitions[i];
            partition.moved = true;
            let reason = message.value().map(String::from_utf8_lossy);
            errors.push(ReadError {
                partition: partition.id.clone(),
                next: partition.next,
                code,
                reason: reason.unwrap_or_default().into_owned(),
            });
            return;
        }
        if self.partitions[i].paused || self.partitions[i].held {
            return self.skip(i, &message);
        }
        let partition = &mut self.partitions[i];
        partition.moved = true;
        let offset = message.offset();
        if let Some(next) = partition.next
            && offset < next
        {
            // librdkafka has started anew, as the group's offset was beyond the end and `auto.offset.reset` says so.
            let partition = &partition.id;
            tracing::warn!(%partition, next, offset, "the topic was made anew or cut off: offsets went back");
        }
        let (timestamp, timestamp_type) = message.timestamp();
        let record = BorrowedRecord {
            offset,
            timestamp,
            timestamp_type,
            key: message.key(),
            value: message.value(),
        };
        batch.push(&partition.id, partition.epoch, record);
        message.each_header(|name, value| batch.push_header(name, value));
        partition.next = Some(offset + 1);
    }
}
