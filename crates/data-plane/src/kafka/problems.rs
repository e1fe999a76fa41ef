//! What librdkafka's errors mean: which of them end a task, with what advice, and which it gets over by itself.
//!
//! librdkafka retries nearly everything for ever, wrong passwords and missing permissions too. A task must not wait
//! for what only a person can change.

use connect_api::{ConnectError, ErrorClass};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::diagnosis::{Trouble, general};

/// The JVM's name for an error of the client that has no name of its own.
pub(super) const KAFKA: &str = "org.apache.kafka.common.KafkaException";

/// Whose error it is, for texts.
#[derive(Clone, Debug)]
pub(super) struct Who {
    /// `the consumer of group connect-x`.
    pub name: String,
    pub group: String,
    pub bootstrap: String,
}

/// What to do about an error of a consumer.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It passes; worth a line for those who look closely.
    Passing,
    /// It passes, and users should know.
    Warning,
    Problem(ConnectError),
}

/// Judges an error event of a client, or an error that came in place of a record (then `what` names the partition).
pub(super) fn judge(code: Code, reason: &str, what: Option<&str>, who: &Who) -> Verdict {
    let named_reason = match what {
        Some(what) => format!("{what}: {reason}"),
        None => reason.to_owned(),
    };
    if let Some(error) = refusal(code, &named_reason, who) {
        return Verdict::Problem(error);
    }
    // What something that is no broker says is no record, whatever the client takes it for.
    if Trouble::parse(reason).is_some() {
        return Verdict::Passing;
    }
    let at = what.map(|w| format!(" in {w}")).unwrap_or_default();
    let name = &who.name;
    match code {
        Code::AutoOffsetReset => {
            Verdict::Problem(no_offset(what.unwrap_or("a partition"), reason, who))
        }
        Code::InvalidTopic => Verdict::Problem(named(
            ErrorClass::Config,
            "org.apache.kafka.common.errors.InvalidTopicException",
            format!("{name} cannot read a topic of that name: {reason}. Correct topics"),
        )),
        Code::InconsistentGroupProtocol => Verdict::Problem(named(
            ErrorClass::Config,
            "org.apache.kafka.common.errors.InconsistentGroupProtocolException",
            format!(
                "{name} could not join: other members of the group use other assignors or another protocol ({reason}). Give all members the same partition.assignment.strategy and group.protocol"
            ),
        )),
        Code::InvalidSessionTimeout => Verdict::Problem(named(
            ErrorClass::Config,
            "org.apache.kafka.common.errors.InvalidSessionTimeoutException",
            format!(
                "{name} could not join: session.timeout.ms is outside what the brokers allow ({reason}). Set it between their group.min.session.timeout.ms and group.max.session.timeout.ms"
            ),
        )),
        Code::GroupMaxSizeReached => Verdict::Problem(named(
            ErrorClass::Fatal,
            "org.apache.kafka.common.errors.GroupMaxSizeReachedException",
            format!(
                "{name} could not join: the group is full ({reason}). Lower tasks.max or raise group.max.size of the brokers"
            ),
        )),
        Code::BadMessage | Code::InvalidMessage => Verdict::Problem(named(
            ErrorClass::Fatal,
            KAFKA,
            format!(
                "a record{at} is corrupt ({reason}). {name} cannot pass it without losing it: check the broker's disk, then commit an offset behind the record to skip it"
            ),
        )),
        Code::BadCompression | Code::NotImplemented | Code::UnsupportedFeature => {
            Verdict::Problem(named(
                ErrorClass::Fatal,
                KAFKA,
                format!(
                    "{name} cannot read{at}: {reason}. Check the brokers' version and the compression of the topic"
                ),
            ))
        }
        Code::UnknownTopicOrPartition
        | Code::UnknownTopic
        | Code::UnknownPartition
        | Code::PollExceeded
        | Code::OffsetOutOfRange
        | Code::LogTruncation
        | Code::MessageSizeTooLarge
        | Code::SSL => Verdict::Warning,
        _ => Verdict::Passing,
    }
}

/// Errors that only a person can repair, of consumers, producers and admin clients alike.
pub(super) fn refusal(code: Code, reason: &str, who: &Who) -> Option<ConnectError> {
    let name = &who.name;
    let reason = reason.trim_end_matches('.');
    let (class, exception, text) = match code {
        Code::Authentication if reason.contains("mechanism handshake failed") => (
            ErrorClass::Denied,
            "org.apache.kafka.common.errors.UnsupportedSaslMechanismException",
            format!(
                "{name} was not let in by {}: {reason}. Set sasl.mechanism to one that the listener offers, or security.protocol to what it speaks if it offers none, then restart the task",
                who.bootstrap
            ),
        ),
        Code::Authentication if !passing(reason) => (
            ErrorClass::Denied,
            "org.apache.kafka.common.errors.SaslAuthenticationException",
            format!(
                "{name} was not let in by {}: {reason}. Check sasl.mechanism and the user and password in sasl.jaas.config, then restart the task",
                who.bootstrap
            ),
        ),
        Code::SSL | Code::BrokerTransportFailure if distrust(reason) => (
            ErrorClass::Denied,
            "org.apache.kafka.common.errors.SslAuthenticationException",
            format!(
                "{name} and {} do not trust each other: {reason}. Check ssl.truststore.*, ssl.keystore.* and ssl.endpoint.identification.algorithm, then restart the task",
                who.bootstrap
            ),
        ),
        Code::TopicAuthorizationFailed => (
            ErrorClass::Denied,
            "org.apache.kafka.common.errors.TopicAuthorizationException",
            format!(
                "{name} may not use a topic: {reason}. Give its principal the permission (READ and DESCRIBE to consume, WRITE, DESCRIBE and CREATE for dead letters), then restart the task"
            ),
        ),
        Code::GroupAuthorizationFailed => (
            ErrorClass::Denied,
            "org.apache.kafka.common.errors.GroupAuthorizationException",
            format!(
                "Not authorized to access group{}: {reason}. Give the principal of {name} the permission on it (READ to consume, DELETE to delete), then restart the task",
                match who.group.as_str() {
                    "" => String::new(),
                    group => format!(" {group}"),
                }
            ),
        ),
        Code::ClusterAuthorizationFailed => (
            ErrorClass::Denied,
            "org.apache.kafka.common.errors.ClusterAuthorizationException",
            format!(
                "{name} lacks a permission on the cluster: {reason}. Give it to the principal, then restart the task"
            ),
        ),
        Code::FencedInstanceId => (
            ErrorClass::Fatal,
            "org.apache.kafka.common.errors.FencedInstanceIdException",
            format!(
                "{name} was fenced: another member uses the same group.instance.id ({reason}). Give every task and worker its own, or remove the key, then restart the task"
            ),
        ),
        Code::UnsupportedSASLMechanism => (
            ErrorClass::Denied,
            "org.apache.kafka.common.errors.UnsupportedSaslMechanismException",
            format!(
                "{} does not offer the mechanism: {reason}. Set sasl.mechanism to one the listener has, then restart the task",
                who.bootstrap
            ),
        ),
        _ => return None,
    };
    Some(named(class, exception, text))
}

/// A fatal error of the client: it will do nothing more.
pub(super) fn fatal(code: Code, reason: &str, who: &Who) -> ConnectError {
    refusal(code, reason, who).unwrap_or_else(|| {
        let text = format!(
            "{} has stopped for good: {reason}. Restart the task",
            who.name
        );
        named(ErrorClass::Fatal, KAFKA, text)
    })
}

/// No broker answers, or none that is needed; the client goes on trying.
pub(super) fn away(reason: &str, trouble: Option<&Trouble>, who: &Who) -> ConnectError {
    let (tried, advice) = match trouble {
        Some(trouble) => (format!("{reason}; {}", trouble.text), trouble.advice(who)),
        None => (reason.to_owned(), general(who)),
    };
    let text = format!(
        "Kafka cannot be reached ({tried}): {} goes on trying; {advice}",
        who.name
    );
    named(
        ErrorClass::Unavailable,
        "org.apache.kafka.common.errors.TimeoutException",
        text,
    )
}

/// Topics that are to be read do not exist.
pub(super) fn no_topic(topics: &[String], who: &Who) -> ConnectError {
    let text = format!(
        "topic {} does not exist: create it, or correct topics; {} waits for it and begins by itself",
        topics.join(", "),
        who.name
    );
    named(
        ErrorClass::Unavailable,
        "org.apache.kafka.common.errors.UnknownTopicOrPartitionException",
        text,
    )
}

/// A pattern without topics.
pub(super) fn no_match(pattern: &str, who: &Who) -> ConnectError {
    let text = format!(
        "no topic matches topics.regex={pattern}: correct it, create a topic, or give the principal DESCRIBE on them; {} looks again every metadata.max.age.ms",
        who.name
    );
    named(ErrorClass::Unavailable, KAFKA, text)
}

/// The group has more members than its topics have partitions.
pub(super) fn no_partition(who: &Who) -> ConnectError {
    let text = format!(
        "group {} has no partition for this task: its members are more than the partitions of its topics. Lower tasks.max or add partitions; until then this task stands by for the others",
        who.group
    );
    named(ErrorClass::Unavailable, KAFKA, text)
}

/// `auto.offset.reset=none` where the group has no offset or a wrong one.
pub(super) fn no_offset(partition: &str, reason: &str, who: &Who) -> ConnectError {
    let text = format!(
        "Undefined offset with no reset policy for partition {partition} ({reason}): group {} has no valid offset there and auto.offset.reset is none. Commit one, or set consumer.override.auto.offset.reset to earliest or latest, then restart the task",
        who.group
    );
    named(
        ErrorClass::Denied,
        "org.apache.kafka.clients.consumer.NoOffsetForPartitionException",
        text,
    )
}

/// The answer to a commit that failed. The records are read again after a restart, nothing is lost.
pub(super) fn commit_failed(code: Code, partition: Option<&str>, who: &Who) -> ConnectError {
    let reason = format!("{}: {code}", partition.unwrap_or("all partitions"));
    if let Some(error) = refusal(code, &reason, who) {
        return error;
    }
    let text = format!(
        "offsets of group {} were not committed ({reason}); a later commit covers them",
        who.group
    );
    let exception = match code {
        Code::IllegalGeneration | Code::UnknownMemberId | Code::RebalanceInProgress => {
            "org.apache.kafka.clients.consumer.CommitFailedException"
        }
        _ => "org.apache.kafka.clients.consumer.RetriableCommitFailedException",
    };
    named(ErrorClass::Retriable, exception, text)
}

/// librdkafka's code in an error of the safe library, which does not tell that of admin calls.
pub(super) fn code(error: &KafkaError) -> Code {
    match error {
        KafkaError::AdminOp(code) => *code,
        error => error.rdkafka_error_code().unwrap_or(Code::Unknown),
    }
}

/// Whether a client's error is of the network or the cluster's state, so that trying again may help.
pub(super) fn passes(code: Code) -> bool {
    matches!(
        code,
        Code::BrokerTransportFailure
            | Code::Resolve
            | Code::AllBrokersDown
            | Code::OperationTimedOut
            | Code::TimedOutQueue
            | Code::MessageTimedOut
            | Code::WaitingForCoordinator
            | Code::Retry
            | Code::RequestTimedOut
            | Code::LeaderNotAvailable
            | Code::NotLeaderForPartition
            | Code::CoordinatorNotAvailable
            | Code::CoordinatorLoadInProgress
            | Code::NotCoordinator
            | Code::NotController
            | Code::NetworkException
            | Code::BrokerNotAvailable
    )
}

/// The handshake broke off; that says nothing of the credentials.
fn passing(reason: &str) -> bool {
    ["transport failure", "imed out", "isconnected"]
        .iter()
        .any(|t| reason.contains(t))
}

/// A broken connection is also an "SSL error", and a refused certificate is also a "transport failure".
fn distrust(reason: &str) -> bool {
    let signs = [
        "certificate",
        "unknown ca",
        "handshake failure",
        "protocol version",
    ];
    reason.contains("SSL") && signs.iter().any(|t| reason.contains(t))
}

fn named(class: ErrorClass, exception: &'static str, text: String) -> ConnectError {
    ConnectError::new(class, exception, text)
}
