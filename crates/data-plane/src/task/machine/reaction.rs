//! Who must act: the one table that turns an error's class into what happens.
//!
//! The machine, the stage and the table in ARCHITECTURE.md all read it here.

use connect_api::ErrorClass;

/// When an error strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// In a converter or transformation.
    Converting,
    /// In `start` of the sink, or while the dead letter topic is prepared.
    Starting,
    /// In `open` of the sink.
    Opening,
    /// In `put` of the sink.
    Putting,
    /// In `pre_commit` of the sink.
    PreCommitting,
    /// Asked of the consumer: to read again from another place.
    Rewinding,
    /// Told by the consumer.
    Consuming,
    /// Told by the dead letter topic, which waits out by itself what passes.
    DeadLettering,
}

/// What the runtime does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// `errors.tolerance` decides: the next record, after the report, or the end of the task.
    Tolerance,
    /// Where records can be reported, the bad ones are searched for and `errors.tolerance` decides; without a
    /// reporter the task ends.
    SearchOrFail,
    /// Tried again within `errors.retry.timeout`; then `errors.tolerance` decides.
    RetryThenTolerance,
    /// The same again, after a pause, for as long as it takes.
    Again,
    /// The partitions are read again from the last commit.
    Rewind,
    /// The client goes on by itself; one line in the log.
    Note,
    /// The task ends as FAILED.
    Fail,
}

/// What an error of the class means at that moment.
pub const fn reaction(class: ErrorClass, moment: Moment) -> Reaction {
    use ErrorClass as C;
    match (moment, class) {
        (Moment::Converting, C::Record) => Reaction::Tolerance,
        (Moment::Converting, C::Retriable) => Reaction::RetryThenTolerance,
        (Moment::Converting, C::Unavailable) => Reaction::Again,
        (Moment::Putting, C::Record) => Reaction::SearchOrFail,
        (
            Moment::Starting | Moment::Opening | Moment::Putting | Moment::Rewinding,
            C::Retriable | C::Unavailable,
        ) => Reaction::Again,
        (Moment::PreCommitting, _) => Reaction::Rewind,
        (Moment::Consuming, C::Record | C::Retriable | C::Unavailable) => Reaction::Note,
        (Moment::DeadLettering, _) => Reaction::Fail,
        (_, C::Record | C::Denied | C::Config | C::Fatal) => Reaction::Fail,
    }
}

/// The table as ARCHITECTURE.md shows it.
pub fn table() -> String {
    let classes = [
        ErrorClass::Record,
        ErrorClass::Retriable,
        ErrorClass::Unavailable,
        ErrorClass::Denied,
        ErrorClass::Config,
        ErrorClass::Fatal,
    ];
    let moments = [
        (Moment::Converting, "convert, transform"),
        (Moment::Starting, "`start`, dead letter topic's creation"),
        (Moment::Opening, "`open`"),
        (Moment::Putting, "`put`"),
        (Moment::PreCommitting, "`pre_commit`"),
        (Moment::Rewinding, "rewind"),
        (Moment::Consuming, "consumer"),
        (Moment::DeadLettering, "dead letter"),
    ];
    let mut text = String::from("| class |");
    for (_, name) in moments {
        text.push_str(&format!(" {name} |"));
    }
    text.push_str("\n| --- |");
    text.push_str(&" --- |".repeat(moments.len()));
    for class in classes {
        text.push_str(&format!("\n| **{class:?}** |"));
        for (moment, _) in moments {
            text.push_str(&format!(" {} |", words(reaction(class, moment))));
        }
    }
    text.push('\n');
    text
}

const fn words(reaction: Reaction) -> &'static str {
    match reaction {
        Reaction::Tolerance => "report, then `errors.tolerance`",
        Reaction::SearchOrFail => {
            "reporter: find the bad ones, report, `errors.tolerance`; none: FAILED"
        }
        Reaction::RetryThenTolerance => "`errors.retry.timeout`, then as Record",
        Reaction::Again => "again, for as long as it takes",
        Reaction::Rewind => "read again from the last commit",
        Reaction::Note => "one WARN; the client goes on",
        Reaction::Fail => "FAILED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_the_architecture_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ARCHITECTURE.md");
        let text = std::fs::read_to_string(path).expect("ARCHITECTURE.md is there");
        assert!(
            text.contains(&table()),
            "put this into ARCHITECTURE.md:\n{}",
            table()
        );
    }

    #[test]
    fn no_outage_ever_consults_the_tolerance() {
        for moment in [
            Moment::Converting,
            Moment::Starting,
            Moment::Opening,
            Moment::Putting,
            Moment::Rewinding,
        ] {
            assert_eq!(reaction(ErrorClass::Unavailable, moment), Reaction::Again);
        }
    }
}
