//! Every effect is checked against what really happened, then done.

use super::*;

impl World {
    pub(super) fn check_and_do(&mut self, effect: Effect) {
        assert!(!self.finished, "{effect:?} after the end");
        match effect {
            Effect::PrepareDeadLetters => {
                let delay = self.soon();
                self.after(delay, Event::Prepared(Ok(())));
            }
            Effect::Join => self.joined = true,
            Effect::Sink(call) => self.serve(call),
            Effect::Fetch(limits) => {
                assert!(self.wanted.replace(limits).is_none(), "two fetches at once");
                self.schedule_read();
            }
            Effect::Convert { batch, raw } => {
                let (converted, delay) = (self.convert(&raw), self.soon());
                self.after(delay, Event::Converted { batch, converted });
            }
            Effect::DeadLetter { batch, raw, failed } => self.deliver(batch, &raw, &failed),
            Effect::Assign(starts) => {
                let Some(Waiting::Assign(partitions)) = self.rebalance.take() else {
                    panic!("assign unasked")
                };
                assert_eq!(starts.len(), partitions.len());
                self.set_positions(&starts, true);
            }
            Effect::Unassign(mut given_back) => {
                let Some(Waiting::Revoke {
                    mut partitions,
                    lost,
                    ..
                }) = self.rebalance.take()
                else {
                    panic!("unassign unasked")
                };
                given_back.sort();
                partitions.sort();
                assert_eq!(given_back, partitions);
                for tp in &partitions {
                    self.owned.remove(tp);
                    self.forbidden.insert(tp.clone());
                }
                if !lost {
                    self.live_elsewhere(&partitions);
                }
            }
            Effect::Seek(starts) => self.seek(starts),
            Effect::Pause(partitions) => self.set_paused(&partitions, true),
            Effect::Resume(partitions) => {
                self.set_paused(&partitions, false);
                self.schedule_read();
            }
            Effect::Commit { seq, offsets } => self.commit(seq, offsets.offsets().clone()),
            Effect::CloseConsumer(_) => {
                self.joined = false;
                let delay = self.soon();
                self.after(delay, Event::ConsumerClosed);
            }
            Effect::Report(TaskStatus::Failed(error)) => {
                assert!(
                    self.reason_to_fail,
                    "failed without a reason: {}",
                    error.trace()
                );
                self.status = Some(TaskStatus::Failed(error));
            }
            Effect::Report(status) => self.status = Some(status),
            Effect::Note(_) => {}
            Effect::Finish => self.finished = true,
        }
    }

    pub(super) fn set_positions(&mut self, starts: &[Start], assigned: bool) {
        for start in starts {
            let tp = (*start.partition).clone();
            if assigned {
                self.forbidden.remove(&tp);
            }
            assert!(
                assigned || self.owned.contains_key(&tp),
                "seek of a partition that is not assigned"
            );
            let position = start
                .offset
                .unwrap_or_else(|| self.committed.get(&tp).copied().unwrap_or(0));
            let paused = start.paused;
            self.owned.insert(
                tp,
                Owned {
                    epoch: start.epoch,
                    position,
                    paused,
                    held: false,
                    last_put: position - 1,
                },
            );
        }
        self.schedule_read();
    }

    fn seek(&mut self, starts: Vec<Start>) {
        self.set_positions(&starts, false);
        let mut result = Ok(());
        if self.dice.permille(self.luck.seek_fails) {
            for start in &starts {
                if let Some(owned) = self.owned.get_mut(&*start.partition) {
                    owned.held = true;
                }
            }
            result = Err(ConnectError::unavailable("the brokers are away"));
        }
        let delay = match self.dice.permille(100) {
            true => Duration::from_secs(self.dice.below(30)),
            false => self.soon(),
        };
        self.after(delay, Event::Sought { starts, result });
    }

    pub(super) fn set_paused(&mut self, partitions: &[TopicPartition], paused: bool) {
        for tp in partitions {
            self.owned
                .get_mut(tp)
                .expect("pause of an owned partition")
                .paused = paused;
        }
    }

    pub(super) fn deliver(&mut self, batch: u64, raw: &RawBatch, failed: &[FailedRecord]) {
        let late = self.dice.permille(self.luck.letters_late);
        let refused = self.dice.permille(self.luck.letters_refused);
        let delay = if late {
            Duration::from_secs(self.dice.below(60))
        } else {
            self.soon()
        };
        if refused {
            self.reason_to_fail = true;
            let result = Err(ConnectError::fatal("too large"));
            return self.after(delay, Event::Delivered { batch, result });
        }
        for record in failed {
            let place = record.place as usize;
            let (tp, offset) = ((*raw.run_of(place).partition).clone(), raw.offset(place));
            let kind = self.logs[&tp][offset as usize];
            assert!(
                matches!(kind, Kind::Poison | Kind::Garbage),
                "{tp}@{offset} is {kind:?} and was dead-lettered"
            );
            if kind == Kind::Poison {
                self.assert_written_before(raw, place);
            }
            self.letters.insert((tp, offset));
            if self.settings.tolerance == Tolerance::None {
                self.reason_to_fail = true;
            }
        }
        self.after(
            delay,
            Event::Delivered {
                batch,
                result: Ok(()),
            },
        );
    }

    /// The good records before a bad one of the same batch and partition are in the target already.
    fn assert_written_before(&self, raw: &RawBatch, bad: usize) {
        let run = raw.run_of(bad);
        for place in run.records.start..bad {
            let before = ((*run.partition).clone(), raw.offset(place));
            let good = self.logs[&before.0][before.1 as usize] == Kind::Good;
            let there = self.written.contains(&before) || self.buffered.contains(&before);
            assert!(
                there || !good,
                "{}@{} was not written before the bad record",
                before.0,
                before.1
            );
        }
    }

    /// The heart of it: everything before a committed offset must be done with.
    pub(super) fn commit(&mut self, seq: u64, offsets: Offsets) {
        if let Some(Waiting::Revoke {
            partitions,
            lost: true,
            ..
        }) = &self.rebalance
            && partitions.iter().all(|tp| !self.forbidden.contains(tp))
        {
            // The coordinator knows of the loss, and the task has not heard of it yet.
            let (delay, error) = (self.soon(), ConnectError::retriable("unknown member"));
            let result = Err(error);
            let answer = ConsumerEvent::Committed { seq, result };
            return self.after(delay, Event::Consumer(answer));
        }
        for (tp, &offset) in &offsets {
            assert!(
                !self.forbidden.contains(tp),
                "{tp} was committed after it was lost or given back"
            );
            assert!(
                self.owned.contains_key(tp),
                "{tp} was committed and is not owned"
            );
            for before in 0..offset {
                self.assert_done(tp, before);
            }
            let known = self.committed.get(tp).copied().unwrap_or(0);
            assert!(
                self.rewound || offset >= known,
                "{tp} went back from {known} to {offset}"
            );
        }
        if self.dice.permille(self.luck.commit_fails) {
            let delay = self.soon();
            let result = Err(ConnectError::retriable("not the coordinator"));
            return self.after(
                delay,
                Event::Consumer(ConsumerEvent::Committed { seq, result }),
            );
        }
        self.committed.extend(offsets);
        let late = self.dice.permille(self.luck.commit_late);
        let delay = if late {
            Duration::from_secs(4 + self.dice.below(20))
        } else {
            self.soon()
        };
        self.after(
            delay,
            Event::Consumer(ConsumerEvent::Committed {
                seq,
                result: Ok(()),
            }),
        );
    }

    pub fn assert_done(&self, tp: &TopicPartition, offset: i64) {
        let place = (tp.clone(), offset);
        let done = self.elsewhere.contains(&place)
            || match self.logs[tp][offset as usize] {
                Kind::Dropped => true,
                Kind::Good => self.written.contains(&place),
                // A tolerated record without a reporter is skipped.
                Kind::Garbage => self.letters.contains(&place) || self.skipped.contains(&place),
                Kind::Poison => self.letters.contains(&place),
            };
        assert!(
            done,
            "{tp}@{offset} ({:?}) was committed and not delivered",
            self.logs[tp][offset as usize]
        );
    }
}
