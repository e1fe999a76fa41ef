//! The target and the sinks that write to it.

use super::*;

impl World {
    pub(super) fn serve(&mut self, call: SinkCall) {
        assert!(
            !std::mem::replace(&mut self.sink_busy, true),
            "two calls of the sink at once"
        );
        let mut delay = self.soon();
        let mut requests = Requests::default();
        let answer = match call {
            SinkCall::Start => SinkAnswer::Started(self.fails_to_begin(self.luck.start_fails)),
            SinkCall::Open(partitions) => {
                assert!(!partitions.is_empty());
                assert!(
                    partitions.iter().all(|tp| !self.open.contains(tp)),
                    "opened twice"
                );
                let result = self.fails_to_begin(self.luck.open_fails);
                if result.is_ok() {
                    self.open.extend(partitions);
                }
                SinkAnswer::Opened(result.map(|()| Offsets::new()))
            }
            SinkCall::Put(records) => {
                self.puts += 1;
                self.check_order(&records);
                if self.dice.permille(self.luck.put_hangs) {
                    delay = Duration::from_secs(self.dice.below(600));
                }
                if self.dice.permille(self.luck.put_panics) {
                    self.reason_to_fail = true;
                    SinkAnswer::Panicked("boom".to_owned())
                } else {
                    requests = self.wishes();
                    SinkAnswer::Put(self.put(&records))
                }
            }
            SinkCall::PreCommit(offsets) => SinkAnswer::PreCommitted(self.pre_commit(offsets)),
            SinkCall::Close(partitions) => {
                for tp in &partitions {
                    assert!(self.open.remove(tp), "{tp} was closed and not open");
                }
                self.buffered.retain(|(tp, _)| !partitions.contains(tp));
                SinkAnswer::Closed(Ok(()))
            }
            SinkCall::Stop => {
                assert!(self.open.is_empty(), "stopped with open partitions");
                SinkAnswer::Stopped
            }
        };
        self.after(delay, Event::Sink { answer, requests });
    }

    pub(super) fn fails_to_begin(&mut self, chance: u64) -> Result<(), ConnectError> {
        match self.dice.permille(chance) {
            true => Err(ConnectError::unavailable("connection refused")),
            false => Ok(()),
        }
    }

    pub(super) fn wishes(&mut self) -> Requests {
        let mut requests = Requests {
            commit: self.dice.permille(50),
            ..Requests::default()
        };
        if self.dice.permille(self.luck.sink_rewinds) {
            let back = self.owned.keys().next().cloned();
            if let Some(tp) = back {
                let committed = self.committed.get(&tp).copied().unwrap_or(0);
                requests
                    .rewinds
                    .insert(tp, self.dice.below(committed as u64 + 1) as i64);
                self.rewound = true;
            }
        }
        if self.dice.permille(self.luck.sink_pauses) {
            let paused = self.dice.permille(500);
            requests
                .pauses
                .extend(self.owned.keys().map(|tp| (tp.clone(), paused)));
        }
        requests
    }

    pub(super) fn check_order(&mut self, records: &RecordSlice) {
        for record in records.iter() {
            let tp = &**record.original();
            assert!(self.open.contains(tp), "{tp} is put and not open");
            let owned = self
                .owned
                .get_mut(tp)
                .unwrap_or_else(|| panic!("{tp} is put and not owned"));
            // A batch that failed is put again, so not every put goes forward; what is applied does, see `apply`.
            assert!(
                record.offset() > owned.last_put,
                "{tp}@{} after {}",
                record.offset(),
                owned.last_put
            );
        }
    }

    pub(super) fn apply(&mut self, record: &SinkRecord) {
        let tp = (**record.original()).clone();
        let owned = self.owned.get_mut(&tp).expect("checked before");
        assert!(
            record.offset() > owned.last_put,
            "{tp}@{} was applied after {}",
            record.offset(),
            owned.last_put
        );
        owned.last_put = record.offset();
        let place = (tp, record.offset());
        match self.sink_kind {
            SinkKind::Buffering => self.buffered.insert(place),
            _ => self.written.insert(place),
        };
    }

    pub(super) fn put(&mut self, records: &RecordSlice) -> PutReport {
        let error = match self.dice.below(1000) {
            n if n < self.luck.put_retriable => Some(ConnectError::retriable("deadlock")),
            n if n < self.luck.put_retriable + self.luck.put_unavailable => {
                Some(ConnectError::unavailable("connection lost"))
            }
            n if n < self.luck.put_retriable + self.luck.put_unavailable + self.luck.put_fatal => {
                self.reason_to_fail = true;
                Some(ConnectError::fatal("disk full"))
            }
            _ => None,
        };
        if records.is_empty() {
            return error.map_or_else(PutReport::all, PutReport::failed);
        }
        // An error strikes somewhere on the way.
        let strikes_at = error
            .as_ref()
            .map(|_| self.dice.below(records.len() as u64 + 1) as usize);
        match self.sink_kind {
            SinkKind::Transactions => self.put_transactions(records, error, strikes_at),
            SinkKind::OneByOne | SinkKind::Checking | SinkKind::Buffering => {
                self.put_one_by_one(records, error, strikes_at)
            }
        }
    }

    pub(super) fn put_transactions(
        &mut self,
        records: &RecordSlice,
        error: Option<ConnectError>,
        strikes_at: Option<usize>,
    ) -> PutReport {
        let mut groups: BTreeMap<TopicPartition, Vec<usize>> = BTreeMap::new();
        for (i, record) in records.iter().enumerate() {
            groups
                .entry((**record.original()).clone())
                .or_default()
                .push(i);
        }
        let mut applied = Vec::new();
        for group in groups.into_values() {
            let failure = if strikes_at.is_some_and(|at| at <= group[group.len() - 1]) {
                error.clone()
            } else if group.iter().any(|&i| self.is_poison(records.get(i))) {
                Some(self.poisoned())
            } else {
                None
            };
            if let Some(error) = failure {
                applied.sort_unstable();
                return PutReport {
                    applied,
                    failure: Some(Failure {
                        error,
                        records: group,
                    }),
                };
            }
            for &i in &group {
                self.apply(records.get(i));
            }
            applied.extend(group);
        }
        PutReport::all()
    }

    pub(super) fn put_one_by_one(
        &mut self,
        records: &RecordSlice,
        error: Option<ConnectError>,
        strikes_at: Option<usize>,
    ) -> PutReport {
        if self.sink_kind == SinkKind::Checking
            && let Some(bad) = (0..records.len()).find(|&i| self.is_poison(records.get(i)))
        {
            return PutReport::partly(Vec::new(), self.poisoned(), vec![bad]);
        }
        for i in 0..records.len() {
            let failure = match () {
                () if strikes_at == Some(i) => error.clone().map(|e| (e, Vec::new())),
                () if self.is_poison(records.get(i)) => Some((self.poisoned(), vec![i])),
                () => None,
            };
            if let Some((error, bad)) = failure {
                return PutReport::partly((0..i).collect(), error, bad);
            }
            self.apply(records.get(i));
        }
        PutReport::all()
    }

    pub(super) fn is_poison(&self, record: &SinkRecord) -> bool {
        self.logs[&**record.original()][record.offset() as usize] == Kind::Poison
    }

    pub(super) fn poisoned(&mut self) -> ConnectError {
        if !self.settings.has_reporter || self.settings.tolerance == Tolerance::None {
            self.reason_to_fail = true;
        }
        ConnectError::data("poison")
    }

    pub(super) fn pre_commit(&mut self, offsets: Offsets) -> Result<Offsets, ConnectError> {
        if self.dice.permille(self.luck.pre_commit_fails) {
            // What was buffered of these partitions is gone; the machine must read it again, perhaps behind a commit
            // whose answer it never saw.
            self.buffered.retain(|(tp, _)| !offsets.contains_key(tp));
            self.rewound = true;
            return Err(ConnectError::retriable("flush failed"));
        }
        self.written.append(&mut self.buffered);
        let mut offsets = offsets;
        // A careful sink may hold something back.
        if self.dice.permille(100) {
            offsets.pop_first();
        }
        Ok(offsets)
    }

    pub fn grace() -> Duration {
        GRACE
    }
}
