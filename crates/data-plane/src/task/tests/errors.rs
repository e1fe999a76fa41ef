//! Bad records, dead letters, panics.

use super::*;

#[tokio::test(start_paused = true)]
async fn bad_record_goes_to_dead_letter_and_the_rest_is_written() {
    let mut settings = settings();
    settings.tolerance = Tolerance::All;
    settings.context_headers = true;
    let mut bench = Bench::start(settings, true, &["a", "poison", "b", "garbage", "c"]);
    bench
        .until("written", |b| b.target.offsets() == [0, 2, 4])
        .await;
    bench.handle.stop();
    bench.handle.finished().await;
    assert_eq!(bench.committed(), Some(5));
    let mut letters = bench.letters.letters();
    letters.sort_by_key(|l| l.value.clone());
    assert_eq!(letters.len(), 2);
    let texts: Vec<(String, Option<String>)> = letters[1]
        .headers
        .iter()
        .map(|(name, value)| {
            let text = |b: &Bytes| String::from_utf8(b.to_vec()).expect("UTF-8");
            (text(name), value.as_ref().map(text))
        })
        .collect();
    assert_eq!(letters[1].value, Some(Bytes::from_static(b"poison")));
    assert_eq!(
        (letters[1].key.clone(), letters[1].timestamp),
        (Some(Bytes::from_static(b"k")), Some(7))
    );
    let expected = [
        ("own", "h"),
        ("__connect.errors.topic", "t"),
        ("__connect.errors.partition", "0"),
        ("__connect.errors.offset", "1"),
        ("__connect.errors.connector.name", "c"),
        ("__connect.errors.task.id", "0"),
        ("__connect.errors.stage", "TASK_PUT"),
        (
            "__connect.errors.class.name",
            "org.apache.kafka.connect.sink.SinkTask",
        ),
        (
            "__connect.errors.exception.class.name",
            "org.apache.kafka.connect.errors.DataException",
        ),
        (
            "__connect.errors.exception.message",
            "the target refuses it",
        ),
        (
            "__connect.errors.exception.stacktrace",
            "org.apache.kafka.connect.errors.DataException: the target refuses it\n",
        ),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(n, v)| (n.to_string(), Some(v.to_string())))
        .collect();
    assert_eq!(texts, expected);
}

#[tokio::test(start_paused = true)]
async fn without_a_reporter_a_bad_record_fails_the_task_even_with_tolerance() {
    let mut settings = settings();
    settings.tolerance = Tolerance::All;
    let mut bench = Bench::start(settings, false, &["a", "poison", "b"]);
    let trace = bench.failure().await;
    let mut lines = trace.lines();
    assert_eq!(
        lines.next(),
        Some(
            "org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to unrecoverable exception."
        )
    );
    assert_eq!(
        lines.next(),
        Some("Caused by: org.apache.kafka.connect.errors.DataException: the target refuses it")
    );
    assert_eq!(bench.target.offsets(), [0; 0], "nothing of the put is kept");
    assert_eq!(bench.committed(), None);
}

#[tokio::test(start_paused = true)]
async fn without_tolerance_a_reporter_gets_the_first_bad_record_and_the_good_ones_before_it_are_written()
 {
    let mut bench = Bench::start(settings(), true, &["a", "b", "poison", "c", "poison"]);
    let trace = bench.failure().await;
    assert!(
        trace.contains("Tolerance exceeded in error handler"),
        "{trace}"
    );
    assert_eq!(bench.target.offsets(), [0, 1]);
    assert_eq!(bench.letters.letters().len(), 1);
    assert_eq!(bench.committed(), None);
}

#[tokio::test(start_paused = true)]
async fn without_tolerance_an_unreadable_record_fails_the_task_with_the_text_of_kafka() {
    let mut bench = Bench::start(settings(), false, &["garbage"]);
    let trace = bench.failure().await;
    assert_eq!(
        trace,
        "org.apache.kafka.connect.errors.ConnectException: Tolerance exceeded in error handler: \
         record {topic='t', partition=0, offset=0} failed in stage VALUE_CONVERTER. Correct the record or what reads it, \
         or skip such records with errors.tolerance=all and keep them with errors.deadletterqueue.topic.name; \
         then restart the task\n\
         Caused by: org.apache.kafka.connect.errors.DataException: not readable\n"
    );
    assert_eq!(bench.committed(), None);
}

#[tokio::test(start_paused = true)]
async fn a_refused_dead_letter_fails_the_task_and_its_offset_is_not_passed() {
    let mut settings = settings();
    settings.tolerance = Tolerance::All;
    let mut bench = Bench::start(settings, true, &["poison"]);
    bench
        .letters
        .fail(Op::Send, ConnectError::denied("topic authorization failed"));
    let trace = bench.failure().await;
    assert!(trace.contains("topic authorization failed"), "{trace}");
    assert_eq!(bench.committed(), None);
}

#[tokio::test(start_paused = true)]
async fn offsets_wait_for_the_acknowledgement_of_dead_letters() {
    let mut settings = settings();
    settings.tolerance = Tolerance::All;
    settings.flush_interval = Duration::from_secs(1);
    let bench = Bench::start(settings, true, &["a", "poison", "b"]);
    bench.letters.hold(Op::Send);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(bench.committed(), None);
    bench.letters.release(Op::Send);
    bench.until("committed", |b| b.committed() == Some(3)).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_sink_fails_its_task_only() {
    let mut bench = Bench::start(settings(), false, &[]);
    assert!(is_running(&bench.status().await));
    bench.target.panics.store(true, Ordering::SeqCst);
    bench.cluster.append("t", 0, MemoryRecord::value("x"));
    let trace = bench.failure().await;
    assert!(trace.contains("a bug in the sink"), "{trace}");
    assert!(bench.member.is_closed(), "the group was left");
    assert_eq!(bench.committed(), None);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_converter_fails_its_task_only() {
    let mut bench = Bench::start(settings(), false, &["a", "panic"]);
    let trace = bench.failure().await;
    assert!(trace.contains("a bug in the converter"), "{trace}");
    assert!(bench.target.stopped.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_for_kafka_fail_the_task() {
    let mut bench = Bench::start(settings(), false, &[]);
    bench
        .member
        .problem(ConnectError::denied("SASL authentication failed"));
    assert!(bench.failure().await.contains("SASL authentication failed"));
}

/// Fails as often as told before it reads anything.
struct Flaky(u32, fn(&'static str) -> ConnectError);

impl Converter for Flaky {
    fn to_connect_data(
        &mut self,
        topic: &str,
        data: Option<Bytes>,
    ) -> Result<SchemaAndValue, ConnectError> {
        if self.0 > 0 {
            self.0 -= 1;
            return Err(self.1("not now"));
        }
        Text.to_connect_data(topic, data)
    }

    fn from_connect_data(
        &mut self,
        _: &str,
        _: Option<&SchemaRef>,
        _: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        Ok(None)
    }
}

#[tokio::test(start_paused = true)]
async fn a_retriable_error_of_a_converter_is_tried_again_within_the_retry_timeout() {
    let mut settings = settings();
    settings.retry_timeout = Some(Duration::from_secs(10));
    let flaky = Flaky(4, ConnectError::retriable);
    let bench = Bench::start_with(Box::new(flaky), settings, false, &["a"]);
    bench.until("written", |b| b.target.offsets() == [0]).await;
}

#[tokio::test(start_paused = true)]
async fn a_retriable_error_that_outlasts_the_retry_timeout_is_the_records() {
    let mut settings = settings();
    settings.retry_timeout = Some(Duration::from_secs(2));
    let flaky = Flaky(1000, ConnectError::retriable);
    let mut bench = Bench::start_with(Box::new(flaky), settings, false, &["a"]);
    let trace = bench.failure().await;
    assert!(trace.contains("RetriableException: not now"), "{trace}");
}

#[tokio::test(start_paused = true)]
async fn what_a_converter_needs_and_is_away_is_waited_for_whatever_the_tolerance() {
    let mut settings = settings();
    settings.tolerance = Tolerance::All;
    let flaky = Flaky(50, ConnectError::unavailable);
    let bench = Bench::start_with(Box::new(flaky), settings, true, &["a"]);
    bench.until("written", |b| b.target.offsets() == [0]).await;
    assert!(bench.letters.letters().is_empty());
}
