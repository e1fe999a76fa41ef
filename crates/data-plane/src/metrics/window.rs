//! [`Sampled`]: averages, maxima and rates over the last while, as Kafka's `SampledStat` reckons them.
//!
//! A window is a ring of samples. An event goes into the newest; one that is full is followed by the next, and one whose
//! last event is older than the whole window is forgotten. Time is given, never asked for.

use std::time::{Duration, Instant};

/// How far back is looked: `metrics.num.samples` of `metrics.sample.window.ms` each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    pub samples: usize,
    pub length: Duration,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            samples: 2,
            length: Duration::from_secs(30),
        }
    }
}

impl Windows {
    fn span(&self) -> Duration {
        self.length.saturating_mul(self.samples as u32)
    }
}

#[derive(Clone, Debug)]
struct Sample {
    begun: Instant,
    last: Instant,
    events: u64,
    sum: f64,
    max: f64,
}

impl Sample {
    fn new(now: Instant) -> Self {
        Self {
            begun: now,
            last: now,
            events: 0,
            sum: 0.0,
            max: f64::NEG_INFINITY,
        }
    }
}

/// The last events of one kind.
#[derive(Clone, Debug)]
pub struct Sampled {
    windows: Windows,
    samples: Vec<Sample>,
    newest: usize,
}

impl Sampled {
    pub fn new(windows: Windows) -> Self {
        Self {
            windows,
            // Grows as time passes: how many there may be is a setting of any size.
            samples: Vec::new(),
            newest: 0,
        }
    }

    /// Notes an event.
    pub fn record(&mut self, value: f64, now: Instant) {
        let sample = self.current(now);
        sample.last = now;
        sample.events += 1;
        sample.sum += value;
        sample.max = sample.max.max(value);
    }

    /// Over all events in the window; NaN if there was none.
    pub fn avg(&self, now: Instant) -> f64 {
        self.sum(now) / self.live(now).map(|s| s.events).sum::<u64>() as f64
    }

    /// NaN if there was no event in the window.
    pub fn max(&self, now: Instant) -> f64 {
        let max = self.live(now).filter(|s| s.events > 0).map(|s| s.max);
        max.fold(f64::NAN, f64::max)
    }

    /// Sum of the values per second of the window, which counts as nearly full from its beginning, as in Kafka.
    pub fn rate(&self, now: Instant) -> f64 {
        let begun = self.live(now).map(|s| s.begun).min().unwrap_or(now);
        let mut elapsed = now.saturating_duration_since(begun);
        let length = self.windows.length.as_millis().max(1);
        let full = elapsed.as_millis() / length;
        let least = self.windows.samples.saturating_sub(1) as u128;
        if full < least {
            let missing = self.windows.length.saturating_mul((least - full) as u32);
            elapsed = elapsed.saturating_add(missing);
        }
        match elapsed.is_zero() {
            true => 0.0,
            false => self.sum(now) / elapsed.as_secs_f64(),
        }
    }

    /// Of events that are 1 or 0, the share of ones; 0 if there was none (Kafka's `Frequencies`).
    pub fn share(&self, now: Instant) -> f64 {
        let avg = self.avg(now);
        if avg.is_nan() { 0.0 } else { avg }
    }

    fn sum(&self, now: Instant) -> f64 {
        self.live(now).map(|s| s.sum).sum()
    }

    fn live(&self, now: Instant) -> impl Iterator<Item = &Sample> {
        let span = self.windows.span();
        let is_live = move |s: &&Sample| now.saturating_duration_since(s.last) < span;
        self.samples.iter().filter(is_live)
    }

    fn current(&mut self, now: Instant) -> &mut Sample {
        let Windows { samples, length } = self.windows;
        let is_full = |s: &Sample| now.saturating_duration_since(s.begun) >= length;
        if self.samples.get(self.newest).is_none_or(is_full) {
            if self.samples.len() < samples.max(1) {
                self.newest = self.samples.len();
                self.samples.push(Sample::new(now));
            } else {
                self.newest = (self.newest + 1) % self.samples.len();
                self.samples[self.newest] = Sample::new(now);
            }
        }
        &mut self.samples[self.newest]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn without_events_there_is_no_average_and_no_maximum() {
        let now = Instant::now();
        let stat = Sampled::new(Windows::default());
        assert!(stat.avg(now).is_nan() && stat.max(now).is_nan());
        assert_eq!((stat.rate(now), stat.share(now)), (0.0, 0.0));
    }

    #[test]
    fn settings_of_any_size_cost_nothing_beforehand() {
        let windows = Windows {
            samples: i32::MAX as usize,
            length: Duration::from_millis(i64::MAX as u64),
        };
        let now = Instant::now();
        let mut stats = vec![Sampled::new(windows); 100];
        for stat in &mut stats {
            stat.record(4.0, now);
            stat.record(2.0, at(now, 1_000_000));
            assert_eq!(
                (stat.samples.len(), stat.samples.capacity() < 100),
                (1, true)
            );
            assert_eq!(stat.avg(at(now, 2_000_000)), 3.0);
            assert!(stat.rate(at(now, 2_000_000)) < 1.0);
        }
    }

    #[test]
    fn events_are_forgotten_when_the_whole_window_has_passed() {
        let start = Instant::now();
        let mut stat = Sampled::new(Windows::default());
        stat.record(10.0, start);
        stat.record(2.0, at(start, 40));
        assert_eq!(
            (stat.avg(at(start, 40)), stat.max(at(start, 40))),
            (6.0, 10.0)
        );
        // The first sample is 60 s old, the second is not.
        assert_eq!(
            (stat.avg(at(start, 60)), stat.max(at(start, 60))),
            (2.0, 2.0)
        );
        assert!(stat.max(at(start, 100)).is_nan());
    }

    #[test]
    fn a_ring_that_is_full_forgets_its_oldest_sample() {
        let start = Instant::now();
        let mut stat = Sampled::new(Windows::default());
        for (second, value) in [(0, 9.0), (29, 1.0), (30, 3.0), (59, 3.0), (60, 5.0)] {
            stat.record(value, at(start, second));
        }
        assert_eq!(stat.max(at(start, 60)), 5.0);
        assert_eq!(stat.avg(at(start, 60)), 11.0 / 3.0);
    }

    #[test]
    fn rates_count_the_window_as_all_but_the_newest_sample_full() {
        let start = Instant::now();
        let mut stat = Sampled::new(Windows::default());
        stat.record(300.0, start);
        // 30 s that are missing, and 0 or 15 s that have passed.
        assert_eq!(stat.rate(start), 10.0);
        assert_eq!(stat.rate(at(start, 15)), 300.0 / 45.0);
        assert_eq!(stat.rate(at(start, 45)), 300.0 / 45.0);
    }

    #[test]
    fn shares_are_those_of_the_ones() {
        let now = Instant::now();
        let mut stat = Sampled::new(Windows::default());
        for value in [1.0, 1.0, 0.0, 1.0] {
            stat.record(value, now);
        }
        assert_eq!(stat.share(now), 0.75);
    }
}
