//! The consumer's keys that hang together: group protocol, assignors, time-outs, offsets.

use std::time::Duration;

use connect_api::config::invalid_value;

use super::{Draft, NoteKind, OffsetReset};

const PACKAGE: &str = "org.apache.kafka.clients.consumer.";

pub(super) fn translate(draft: &mut Draft<'_>) -> OffsetReset {
    if draft.text("group.id").is_empty() {
        draft.missing("group.id");
    }
    if draft
        .config
        .get("group.instance.id")
        .is_some_and(|id| id.trim().is_empty())
    {
        draft.native.remove("group.instance.id");
    }
    if draft.flag("enable.auto.commit") {
        let reason = "offsets are committed by the task, when the sink has the records";
        draft.note("enable.auto.commit", NoteKind::Inert, reason);
    }
    // What the task relies on.
    draft.set("enable.auto.commit", "false");
    draft.set("enable.auto.offset.store", "false");
    draft.set("enable.partition.eof", "false");
    // A consumer that is slower than the broker would else pause a second at each full queue.
    draft.set("fetch.queue.backoff.ms", "5");
    match draft
        .text("group.protocol")
        .eq_ignore_ascii_case("consumer")
    {
        true => consumer_protocol(draft),
        false => classic_protocol(draft),
    }
    reset(draft)
}

/// The brokers decide on assignors and time-outs; librdkafka refuses these keys.
fn consumer_protocol(draft: &mut Draft<'_>) {
    draft.set("group.protocol", "consumer");
    let remote = draft.text("group.remote.assignor").to_owned();
    if !remote.is_empty() {
        draft.set("group.remote.assignor", remote);
    }
    for key in [
        "session.timeout.ms",
        "heartbeat.interval.ms",
        "partition.assignment.strategy",
    ] {
        if draft.config.contains(key) {
            let reason = "with group.protocol=consumer the brokers decide on it";
            draft.note(key, NoteKind::Inert, reason);
        }
    }
}

fn classic_protocol(draft: &mut Draft<'_>) {
    draft.set("group.protocol", "classic");
    if draft.config.contains("group.remote.assignor") {
        let reason = "it is used with group.protocol=consumer only";
        draft.note("group.remote.assignor", NoteKind::Inert, reason);
    }
    let heartbeat = draft.number("heartbeat.interval.ms");
    let session = draft.number("session.timeout.ms");
    if heartbeat >= session {
        let why = "Heartbeat must be set lower than the session timeout";
        let value = heartbeat.to_string();
        draft.error(
            "heartbeat.interval.ms",
            invalid_value("heartbeat.interval.ms", &value, why),
        );
    }
    // librdkafka refuses a session longer than the poll interval; Java does not.
    let poll = draft.number("max.poll.interval.ms");
    if session > poll {
        let reason = format!("it cannot exceed max.poll.interval.ms; {poll} is used");
        draft.note("session.timeout.ms", NoteKind::Adjusted, reason);
    }
    draft.set("session.timeout.ms", session.min(poll).to_string());
    draft.set("heartbeat.interval.ms", heartbeat.to_string());
    assignors(draft);
}

/// Java lets eager and cooperative assignors stand in one list, librdkafka does not. Members agree on an assignor that
/// all of them have, so a list that holds an eager one keeps the eager ones.
fn assignors(draft: &mut Draft<'_>) {
    let key = "partition.assignment.strategy";
    let text = draft.text(key).to_owned();
    let (mut eager, mut cooperative) = (Vec::new(), false);
    for class in text.split(',').map(str::trim).filter(|c| !c.is_empty()) {
        match class.strip_prefix(PACKAGE).unwrap_or(class) {
            "RangeAssignor" => eager.push("range"),
            "RoundRobinAssignor" => eager.push("roundrobin"),
            "CooperativeStickyAssignor" => cooperative = true,
            _ => {
                let why = format!(
                    "{class} is not available; use {PACKAGE}RangeAssignor, RoundRobinAssignor or CooperativeStickyAssignor"
                );
                return draft.error(key, invalid_value(key, &text, &why));
            }
        }
    }
    if cooperative && !eager.is_empty() && draft.config.contains(key) {
        let reason =
            "eager and cooperative assignors cannot stand together; the eager ones are used";
        draft.note(key, NoteKind::Adjusted, reason);
    }
    let chosen = match (eager.is_empty(), cooperative) {
        (true, true) => "cooperative-sticky".to_owned(),
        // Java's default list is range and cooperative-sticky, of which members agree on range.
        (true, false) => "range".to_owned(),
        (false, _) => eager.join(","),
    };
    draft.set("partition.assignment.strategy", chosen);
}

fn reset(draft: &mut Draft<'_>) -> OffsetReset {
    let key = "auto.offset.reset";
    let text = draft.text(key).to_owned();
    // Case does not matter but in the duration, as in Java.
    let lower = text.to_ascii_lowercase();
    let (native, reset) = match lower.as_str() {
        "earliest" => ("earliest", OffsetReset::Earliest),
        "latest" => ("latest", OffsetReset::Latest),
        "none" => ("error", OffsetReset::None),
        _ => match lower.strip_prefix("by_duration:").and_then(duration) {
            // librdkafka has no such policy: it tells the error, and the consumer looks for the place.
            Some(age) => ("error", OffsetReset::ByDuration(age)),
            None => {
                let why = "it must be earliest, latest, none or by_duration:PnDTnHnMn.nS, as by_duration:PT1H";
                draft.error(key, invalid_value(key, &text, why));
                return OffsetReset::Earliest;
            }
        },
    };
    draft.set("auto.offset.reset", native);
    reset
}

/// A duration of ISO 8601 in days, hours, minutes and seconds, in lower case; not negative.
fn duration(text: &str) -> Option<Duration> {
    let text = text.strip_prefix('p')?;
    let (days, time) = match text.split_once('t') {
        Some((_, "")) => return None,
        Some((days, time)) => (days, time),
        None => (text, ""),
    };
    let mut seconds = 0.0;
    let mut units = vec![('d', 86_400.0)];
    if days.is_empty() && time.is_empty() {
        return None;
    }
    for (part, more) in [
        (days, &[][..]),
        (time, &[('h', 3600.0), ('m', 60.0), ('s', 1.0)]),
    ] {
        units.extend(more);
        let mut rest = part;
        while !rest.is_empty() {
            let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
            let (number, unit) = (&rest[..end], rest[end..].chars().next()?);
            // Each unit at most once, in order.
            let place = units.iter().position(|(name, _)| *name == unit)?;
            let whole = number.bytes().all(|b| b.is_ascii_digit());
            if number.is_empty() || !(whole || (unit == 's' && is_decimal(number))) {
                return None;
            }
            seconds += number.parse::<f64>().ok()? * units[place].1;
            units.drain(..=place);
            rest = &rest[end + 1..];
        }
        units.clear();
    }
    Duration::try_from_secs_f64(seconds).ok()
}

fn is_decimal(number: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    number
        .split_once('.')
        .is_some_and(|(whole, part)| digits(whole) && digits(part))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::duration;

    #[test]
    fn durations_are_read_as_java_writes_them() {
        let cases = [
            ("p1d", Some(86_400_000)),
            ("pt1h", Some(3_600_000)),
            ("p1dt2h3m4.5s", Some(93_784_500)),
            ("pt0s", Some(0)),
            ("pt90m", Some(5_400_000)),
            ("p", None),
            ("pt", None),
            ("p1dt", None),
            ("p1h", None),
            ("pt1d", None),
            ("pt1m1h", None),
            ("pt1.5h", None),
            ("pt-1h", None),
            ("p1w", None),
            ("1h", None),
            ("pt5", None),
        ];
        for (text, millis) in cases {
            let expected = millis.map(Duration::from_millis);
            assert_eq!(duration(text), expected, "{text}");
        }
    }
}
