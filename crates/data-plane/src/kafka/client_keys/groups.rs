//! The consumer's keys that hang together: group protocol, assignors, time-outs, offsets.

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
    let (native, reset) = match text.to_ascii_lowercase().as_str() {
        "earliest" => ("earliest", OffsetReset::Earliest),
        "latest" => ("latest", OffsetReset::Latest),
        "none" => ("error", OffsetReset::None),
        duration if duration.starts_with("by_duration") => {
            let why = "by_duration is not supported yet; set earliest, latest or none";
            draft.error(key, invalid_value(key, &text, why));
            return OffsetReset::Earliest;
        }
        _ => {
            let why = "it must be earliest, latest or none";
            draft.error(key, invalid_value(key, &text, why));
            return OffsetReset::Earliest;
        }
    };
    draft.set("auto.offset.reset", native);
    reset
}
