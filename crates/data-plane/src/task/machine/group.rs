//! Rebalances, and what else the consumer says.

use std::time::{Duration, Instant};

use connect_api::sink::Offsets;
use connect_api::{ConnectError, ErrorClass, TopicPartition};

use super::event::{Effect, Note, SinkCall};
use super::release::{Release, Why};
use super::{Busy, Life, Machine, Moment, Reaction, Rebalance, exiting, passes, reaction};
use crate::kafka::ConsumerEvent;

impl Machine {
    pub(super) fn consumer_said(&mut self, event: ConsumerEvent, now: Instant) {
        match event {
            ConsumerEvent::Assigned(partitions) => {
                if !partitions.is_empty() {
                    self.no_partitions = None;
                }
                self.metrics.rebalanced();
                let deadline = now + self.rebalance_patience();
                self.rebalances.push_back(Rebalance::Assigned {
                    partitions,
                    deadline,
                });
            }
            ConsumerEvent::Revoked { partitions, lost } => {
                if lost {
                    self.partitions.set_lost(&partitions);
                }
                self.rebalances.push_back(Rebalance::Revoked {
                    partitions,
                    since: now,
                });
            }
            ConsumerEvent::Committed { seq, result } => self.committed(seq, result, now),
            ConsumerEvent::Data => {}
            ConsumerEvent::Problem(error) => match reaction(error.class(), Moment::Consuming) {
                Reaction::Note => {
                    if error.class() == ErrorClass::Unavailable {
                        let since = self.kafka_away.take().map_or(now, |(since, _)| since);
                        self.kafka_away = Some((since, error.clone()));
                    }
                    self.effects
                        .push(Effect::Note(Note::ConsumerProblem(error)));
                }
                _ => self.end(Some(error), now),
            },
            ConsumerEvent::NoPartitions(why) => self.has_no_partitions(why, now),
            ConsumerEvent::Back => {
                if let Some((since, _)) = self.kafka_away.take() {
                    self.effects.push(Effect::Note(Note::KafkaIsBack { since }));
                }
            }
        }
    }

    /// Told once for each reason.
    fn has_no_partitions(&mut self, why: ConnectError, now: Instant) {
        let known = self.no_partitions.take();
        let is_new = known
            .as_ref()
            .is_none_or(|(_, w)| w.message() != why.message());
        let since = known.map_or(now, |(since, _)| since);
        if is_new {
            let note = Note::NoPartitions(why.clone());
            self.effects.push(Effect::Note(note));
        }
        self.no_partitions = Some((since, why));
    }

    /// How long a rebalance may wait for the sink: a member that answers later is put out of the group.
    pub(super) fn rebalance_patience(&self) -> Duration {
        self.settings.max_poll_interval.mul_f64(0.8)
    }

    pub(super) fn rebalance(&mut self, now: Instant) {
        match self.rebalances.front() {
            Some(Rebalance::Revoked { .. }) => {
                let Some(Rebalance::Revoked { partitions, since }) = self.rebalances.pop_front()
                else {
                    return;
                };
                let deadline = since + self.rebalance_patience();
                self.release = Some(Release::new(
                    partitions,
                    Why::Revoked,
                    deadline,
                    now,
                    &self.settings,
                ));
                self.go_on(now);
            }
            Some(Rebalance::Assigned {
                partitions,
                deadline,
            }) => {
                if self.sink.is_none() {
                    let partitions = partitions.clone();
                    if partitions.is_empty() {
                        self.answer_assigned(&Offsets::new(), false);
                        return self.go_on(now);
                    }
                    let busy = Busy::Opening {
                        partitions: partitions.clone(),
                        answers: true,
                    };
                    self.call(busy, SinkCall::Open(partitions));
                } else if now >= *deadline {
                    // A sink that hangs must not cost the membership: take the partitions, read nothing of them yet.
                    self.effects
                        .push(Effect::Note(Note::AssignedWhileSinkHangs));
                    if let Some(Busy::Opening { answers, .. }) = &mut self.sink {
                        *answers = false;
                    }
                    self.answer_assigned(&Offsets::new(), false);
                    self.go_on(now);
                }
            }
            None => {}
        }
    }

    pub(super) fn answer_assigned(&mut self, starts: &Offsets, open: bool) {
        if let Some(Rebalance::Assigned { partitions, .. }) = self.rebalances.pop_front() {
            let starts = self.partitions.assign(&partitions, starts, open);
            self.effects.push(Effect::Assign(starts));
        }
    }

    pub(super) fn opened(
        &mut self,
        partitions: Vec<TopicPartition>,
        answers: bool,
        result: Result<Offsets, ConnectError>,
        now: Instant,
    ) {
        match result {
            // The end came while the sink opened them: they are closed again, and never read.
            Ok(_) if matches!(self.life, Life::Ending(_)) => self.owed_closes.extend(partitions),
            Ok(starts) => {
                self.stop_waiting();
                if answers {
                    return self.answer_assigned(&starts, true);
                }
                self.partitions.set_open(&partitions);
                self.rewind(&starts);
            }
            Err(error) if passes(&error, Moment::Opening) => {
                if answers {
                    // The group is not held up by an outage of the target; opening is tried again.
                    self.answer_assigned(&Offsets::new(), false);
                }
                self.wait(error, now);
            }
            Err(error) => self.end(Some(exiting(error)), now),
        }
    }
}
