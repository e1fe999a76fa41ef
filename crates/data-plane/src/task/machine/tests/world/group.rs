//! The group that moves partitions, and the log that is read.

use super::*;

impl World {
    /// The group moves: some partitions are taken away or given, if it is not waiting for an answer.
    pub fn rebalance(&mut self) {
        if !self.joined || self.rebalance.is_some() || self.finished {
            return;
        }
        let mine: Vec<_> = self.owned.keys().cloned().collect();
        let others: Vec<_> = self
            .logs
            .keys()
            .filter(|tp| !self.owned.contains_key(tp))
            .cloned()
            .collect();
        let take_away = !mine.is_empty() && (others.is_empty() || self.dice.permille(500));
        if take_away {
            let lost = self.dice.permille(150);
            let partitions: Vec<_> = match lost {
                true => mine,
                false => mine
                    .into_iter()
                    .filter(|_| self.dice.permille(600))
                    .collect(),
            };
            if partitions.is_empty() {
                return;
            }
            if lost {
                self.live_elsewhere(&partitions);
            }
            self.rebalance = Some(Waiting::Revoke {
                partitions: partitions.clone(),
                lost,
                since: self.now,
            });
            self.after(
                Duration::ZERO,
                Event::Consumer(ConsumerEvent::Revoked { partitions, lost }),
            );
        } else {
            self.give(others);
        }
    }

    pub fn give(&mut self, partitions: Vec<TopicPartition>) {
        if self.rebalance.is_some() || !self.joined || partitions.is_empty() {
            return;
        }
        self.rebalance = Some(Waiting::Assign(partitions.clone()));
        self.after(
            Duration::ZERO,
            Event::Consumer(ConsumerEvent::Assigned(partitions)),
        );
    }

    pub fn give_all(&mut self) {
        let missing = self
            .logs
            .keys()
            .filter(|tp| !self.owned.contains_key(tp))
            .cloned()
            .collect();
        self.give(missing);
    }

    /// Another member works on the partitions for a while.
    pub(super) fn live_elsewhere(&mut self, partitions: &[TopicPartition]) {
        for tp in partitions {
            let (from, end) = (
                self.committed.get(tp).copied().unwrap_or(0),
                self.logs[tp].len() as i64,
            );
            let done = (from + self.dice.below(5) as i64).min(end);
            for offset in from..done {
                self.elsewhere.insert((tp.clone(), offset));
            }
            self.committed.insert(tp.clone(), done);
        }
    }

    // -------------------------------------------------------------------------------------- reading

    pub(super) fn read_now(&mut self) -> Option<RawBatch> {
        let limits = self.wanted?;
        let mut builder = RawBatchBuilder::default();
        let most = 1 + self.dice.below(limits.records.min(24) as u64) as usize;
        for (tp, owned) in &mut self.owned {
            let (log, partition) = (&self.logs[tp], Arc::new(tp.clone()));
            while !owned.paused
                && !owned.held
                && (owned.position as usize) < log.len()
                && builder.len() < most
            {
                let offset = owned.position;
                if !builder.is_empty() && builder.bytes() + 32 > limits.bytes {
                    break;
                }
                let record = BorrowedRecord {
                    offset,
                    timestamp: 0,
                    timestamp_type: TimestampType::CreateTime,
                    key: None,
                    value: Some(&[b'x'; 32]),
                };
                builder.push(&partition, owned.epoch, record);
                owned.position += 1;
            }
        }
        if builder.is_empty() {
            return None;
        }
        self.wanted = None;
        Some(builder.build())
    }

    pub(super) fn schedule_read(&mut self) {
        if self.wanted.is_some() {
            let delay = self.soon();
            self.after(delay, Event::Read(RawBatch::default()));
        }
    }

    pub(super) fn convert(&mut self, raw: &RawBatch) -> Converted {
        let (mut records, mut origin, mut failed, mut fatal) =
            (Vec::new(), Vec::new(), Vec::new(), None);
        'all: for run in raw.runs() {
            for place in run.records.clone() {
                match self.logs[&*run.partition][raw.offset(place) as usize] {
                    Kind::Dropped => {}
                    Kind::Garbage => {
                        let error = ConnectError::data("garbage");
                        if self.settings.tolerance == Tolerance::All && !self.settings.has_reporter
                        {
                            let place = ((*run.partition).clone(), raw.offset(place));
                            self.skipped.insert(place);
                        }
                        if self.settings.tolerance == Tolerance::None {
                            self.reason_to_fail = true;
                            fatal = Some(tolerance_exceeded(
                                error.clone(),
                                raw,
                                place,
                                Stage::ValueConverter,
                            ));
                        }
                        failed.push(FailedRecord {
                            place: place as u32,
                            stage: Stage::ValueConverter,
                            class: None,
                            error,
                        });
                        if fatal.is_some() {
                            break 'all;
                        }
                    }
                    Kind::Good | Kind::Poison => {
                        records.push(SinkRecord::new(run.partition.clone(), raw.offset(place)));
                        origin.push(place as u32);
                    }
                }
            }
        }
        Converted {
            records: RecordSlice::new(records),
            origin,
            failed,
            fatal,
            transform_share: 0.0,
        }
    }
}
