//! What becomes of records.

use super::*;

#[tokio::test]
async fn each_id_is_asked_once_and_its_version_with_it() {
    let server = Server::start(usual);
    let mut converter = converter(&server.url, &[]);
    let records = [
        record(1, "a"),
        record(2, "b"),
        record(1, "c"),
        record(2, "d"),
    ];
    let read = convert(&mut converter, &records).await.unwrap();
    let read: Vec<String> = read.into_iter().map(Result::unwrap).collect();
    let expected = ["a", "b", "c", "d"].iter().zip([1, 2, 1, 2]);
    let expected: Vec<String> = expected
        .map(|(text, id)| format!("/text {id}/Some(7): {text}"))
        .collect();
    assert_eq!(read, expected);
    one(&mut converter, record(2, "e")).await.unwrap();
    let mut lines = server.lines();
    lines.sort();
    assert_eq!(
        lines,
        [
            "GET /schemas/ids/1?fetchMaxId=false&subject=t-value",
            "GET /schemas/ids/2?fetchMaxId=false&subject=t-value",
            "POST /subjects/t-value?normalize=false&deleted=true",
            "POST /subjects/t-value?normalize=false&deleted=true",
        ]
    );
    let used = converter
        .schema_used("t", &NoHeaders, &record(2, ""))
        .unwrap();
    assert_eq!(
        (used.id, used.subject.as_deref(), used.version),
        (Some(2), Some("t-value"), Some(7))
    );
}

#[tokio::test]
async fn a_tombstone_is_null_and_an_empty_value_is_no_record() {
    let mut converter = converter("http://127.0.0.1:1", &[]);
    let null = converter.to_connect_data("t", None).unwrap();
    assert_eq!(null.value, Value::Null);
    let error = one(&mut converter, Bytes::new()).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Record);
    assert_eq!(
        chain(&error)[1..],
        [
            "SerializationException: Error deserializing schema ID",
            "BufferUnderflowException: 0 bytes are too few for magic byte and schema id"
        ]
    );
}

#[tokio::test]
async fn what_was_written_without_a_registry_says_so_in_the_originals_words() {
    let mut converter = converter("http://127.0.0.1:1", &[]);
    let error = one(&mut converter, "{\"a\": 1}".into()).await.unwrap_err();
    assert_eq!(
        chain(&error),
        [
            "DataException: Converting byte[] to Kafka Connect data failed due to serialization error of topic t: ",
            "SerializationException: Error deserializing schema ID",
            "IllegalArgumentException: Unknown magic byte!"
        ]
    );
}

#[tokio::test]
async fn an_unknown_id_is_the_records_fault_and_is_remembered() {
    let server = Server::start(usual);
    let mut converter = converter(&server.url, &[]);
    let records = [record(77, "a"), record(1, "b"), record(77, "c")];
    let read = convert(&mut converter, &records).await.unwrap();
    let error = read[0].as_ref().unwrap_err();
    assert_eq!(error.class(), ErrorClass::Record);
    assert_eq!(
        chain(error)[1..],
        [
            "SerializationException: Error retrieving JSON schema for id 77",
            "RestClientException: Schema 77 not found; error code: 40403"
        ]
    );
    assert!(read[1].is_ok() && read[2].is_err());
    let asked = server.lines().len();
    one(&mut converter, record(77, "d")).await.unwrap_err();
    assert_eq!(server.lines().len(), asked, "it was asked for again");
}

#[tokio::test]
async fn a_schema_that_is_not_in_the_subject_is_the_records_fault() {
    let server = Server::start(|asked| match asked.line.starts_with("POST") {
        true => refused(404, 40401, "Subject 't-value' not found."),
        false => usual(asked),
    });
    let mut converter = converter(&server.url, &[]);
    let error = one(&mut converter, record(1, "a")).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Record);
    assert_eq!(
        chain(&error)[2],
        "RestClientException: Subject 't-value' not found.; error code: 40401"
    );
}

#[tokio::test]
async fn schemas_that_cannot_be_read_are_the_records_fault() {
    let encrypted = json!({"domainRules": [
        {"name": "secret", "type": "ENCRYPT", "mode": "WRITEREAD", "onFailure": "ERROR,ERROR"}
    ]});
    let harmless = json!({"domainRules": [
        {"name": "a", "type": "CEL", "mode": "WRITE"},
        {"name": "b", "type": "CEL", "mode": "READ", "disabled": true},
        {"name": "c", "type": "CEL", "mode": "WRITEREAD", "onFailure": "ERROR,NONE"},
    ]});
    let answer = move |asked: &Asked| {
        if asked.line.starts_with("GET /schemas/ids/1?") {
            return schema("bad");
        }
        if asked.line.starts_with("GET /schemas/ids/2?") {
            return ok(r#"{"schema": "{}", "schemaType": "PROTOBUF"}"#);
        }
        let rules = match asked.line.starts_with("GET /schemas/ids/3?") {
            true => &encrypted,
            false => &harmless,
        };
        if asked.line.starts_with("GET") {
            let body = json!({"schema": "s", "schemaType": "PLAIN", "ruleSet": rules});
            return ok(body.to_string());
        }
        usual(asked)
    };
    let server = Server::start(answer);
    let mut converter = converter(&server.url, &[]);
    let records: Vec<Bytes> = (1..5).map(|id| record(id, "a")).collect();
    let read = convert(&mut converter, &records).await.unwrap();
    let last = |at: usize| chain(read[at].as_ref().unwrap_err()).pop().unwrap();
    assert_eq!(last(0), "IllegalArgumentException: no schema");
    assert!(last(1).starts_with("IllegalStateException: Invalid schema type PROTOBUF"));
    assert!(last(1).contains("io.confluent.connect.protobuf.ProtobufConverter reads it"));
    assert!(last(2).starts_with("RuleException: Could not find rule executor of type ENCRYPT"));
    assert_eq!(read[3].as_ref().unwrap(), "/s/Some(7): a");
}

#[tokio::test]
async fn references_come_before_what_refers_to_them_and_each_once() {
    // 1 → a, b; a → c; b → c; c → a, which the registry would not allow.
    let reference =
        |name: &str| json!({"name": name, "subject": format!("s-{name}"), "version": 3});
    let of = move |text: &str, names: &[&str]| {
        let references: Vec<_> = names.iter().map(|n| reference(n)).collect();
        ok(json!({"schema": text, "schemaType": "PLAIN", "references": references}).to_string())
    };
    let server = Server::start(move |asked| match asked.line.split('?').next().unwrap() {
        "GET /schemas/ids/1" => of("root", &["a", "b"]),
        "GET /subjects/s-a/versions/3" => of("A", &["c"]),
        "GET /subjects/s-b/versions/3" => of("B", &["c"]),
        "GET /subjects/s-c/versions/3" => of("C", &["a"]),
        _ => usual(asked),
    });
    let mut converter = converter(&server.url, &[]);
    let read = one(&mut converter, record(1, "x")).await.unwrap();
    assert_eq!(read, "c,a,b/root/Some(7): x");
    let versions = |line: &String| line.contains("/versions/3?deleted=true");
    assert_eq!(server.lines().iter().filter(|l| versions(l)).count(), 3);
    let asked = server.asked();
    let body = &asked
        .iter()
        .find(|a| a.line.starts_with("POST"))
        .unwrap()
        .body;
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["schemaType"], "PLAIN");
    assert_eq!(body["references"], json!([reference("a"), reference("b")]));
}

#[tokio::test]
async fn subjects_by_record_are_known_after_the_schema() {
    let server = Server::start(|asked| match asked.line.contains("/schemas/ids/1?") {
        true => schema("record a.B"),
        false => usual(asked),
    });
    for (class, subject) in [
        ("RecordNameStrategy", "a.B"),
        ("TopicRecordNameStrategy", "t-a.B"),
    ] {
        let class = format!("io.confluent.kafka.serializers.subject.{class}");
        let mut converter = converter(&server.url, &[("value.subject.name.strategy", &class)]);
        let read = one(&mut converter, record(1, "x")).await.unwrap();
        assert_eq!(read, "/record a.B/Some(7): x");
        let lines = server.lines();
        let expected = [
            "GET /schemas/ids/1?fetchMaxId=false".to_owned(),
            format!("POST /subjects/{subject}?normalize=false&deleted=true"),
        ];
        assert_eq!(lines[lines.len() - 2..], expected);
        let error = one(&mut converter, record(2, "x")).await.unwrap_err();
        assert!(chain(&error)[1].ends_with("must only be a record schema"));
    }
}

struct Guid(Vec<u8>);

impl RecordHeaders for Guid {
    fn last(&self, name: &str) -> Option<Bytes> {
        (name == "__value_schema_id").then(|| self.0.clone().into())
    }
}

async fn with_header(converter: &mut Plains, header: &[u8], payload: Bytes) -> String {
    let header = Guid(header.to_vec());
    let read = convert_with(converter, &header, &[payload]).await;
    read.unwrap().remove(0).unwrap()
}

#[tokio::test]
async fn an_id_in_a_header_comes_before_one_in_the_payload() {
    let server = Server::start(|asked| match asked.line.contains("/guids/") {
        true => schema("by guid"),
        false => usual(asked),
    });
    let mut guid = vec![1];
    guid.extend(0..16);
    let mut both = converter(&server.url, &[]);
    let read = with_header(&mut both, &guid, "x".into()).await;
    assert_eq!(read, "/by guid/Some(7): x");
    let text = "00010203-0405-0607-0809-0a0b0c0d0e0f";
    assert_eq!(server.lines()[0], format!("GET /schemas/guids/{text}"));
    let used = both.schema_used("t", &Guid(guid.clone()), &"x".into());
    assert_eq!(used.unwrap().guid.as_deref(), Some(text));

    let read = with_header(&mut both, &record(2, ""), "y".into()).await;
    assert_eq!(read, "/text 2/Some(7): y");

    let prefix = "io.confluent.kafka.serializers.schema.id.PrefixSchemaIdDeserializer";
    let mut prefix = converter(&server.url, &[("value.schema.id.deserializer", prefix)]);
    let read = with_header(&mut prefix, &guid, record(1, "x")).await;
    assert_eq!(read, "/text 1/Some(7): x");

    let config = "io.confluent.kafka.serializers.schema.id.ConfigSchemaIdDeserializer";
    let keys = [
        ("value.schema.id.deserializer", config),
        ("use.schema.id", "3"),
    ];
    let mut config = converter(&server.url, &keys);
    assert_eq!(
        one(&mut config, "z".into()).await.unwrap(),
        "/text 3/Some(7): z"
    );
}

#[tokio::test]
async fn the_newest_version_takes_the_place_of_the_records_own() {
    let server = Server::start(|asked| match asked.line.contains("/versions/latest") {
        true => ok(r#"{"schema": "newest", "schemaType": "PLAIN", "version": 9, "id": 4}"#),
        false => usual(asked),
    });
    let mut newest = converter(&server.url, &[("use.latest.version", "true")]);
    let read = one(&mut newest, record(1, "x")).await.unwrap();
    assert_eq!(read, "/text 1 as newest/Some(7): x");
    let lines = server.lines();
    assert_eq!(
        lines.last().unwrap(),
        "GET /subjects/t-value/versions/latest"
    );
}
