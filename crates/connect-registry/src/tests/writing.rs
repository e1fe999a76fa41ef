//! Writing under schemas of a registry.

use connect_api::ByteString;

use super::*;

/// As anybody writes who can wait: what lacks is fetched, then it is written.
async fn written(
    converter: &mut Plains,
    headers: &mut Vec<(ByteString, Bytes)>,
) -> Result<Bytes, ConnectError> {
    let value = Value::string("x");
    let mut write = |converter: &mut Plains| {
        converter.from_connect_data_with_headers("t", headers, None, &value)
    };
    let first = write(converter).unwrap_err();
    assert_eq!(first.class(), ErrorClass::Unavailable);
    while converter.lacks() {
        converter.fetch().await?;
    }
    Ok(write(converter)?.unwrap())
}

fn bytes(id: i32, payload: &str) -> Bytes {
    record(id, payload)
}

#[tokio::test]
async fn a_schema_is_registered_once_and_its_id_stands_before_the_payload() {
    let server = Server::start(|_| ok(r#"{"id": 258}"#));
    let mut converter = converter(&server.url, &[("normalize.schemas", "true")]);
    let first = written(&mut converter, &mut Vec::new()).await.unwrap();
    assert_eq!(first, bytes(258, "text x"));
    let again = converter.from_connect_data("t", None, &Value::string("y"));
    assert_eq!(again.unwrap(), Some(bytes(258, "text y")));
    assert_eq!(
        server.lines(),
        ["POST /subjects/t-value/versions?normalize=true"]
    );
    let body: serde_json::Value = serde_json::from_str(&server.asked()[0].body).unwrap();
    assert_eq!(body, json!({"schema": "text", "schemaType": "PLAIN"}));
    assert_eq!(
        converter
            .from_connect_data("t", None, &Value::Null)
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn without_registering_the_id_is_looked_up_in_the_way_that_is_configured() {
    let server = Server::start(|asked| match asked.line.split('?').next().unwrap() {
        "POST /subjects/t-value" => ok(r#"{"id": 3, "version": 1}"#),
        "GET /schemas/ids/4" => schema("four"),
        _ => ok(r#"{"schema": "newest", "schemaType": "PLAIN", "id": 5, "version": 2}"#),
    });
    let cases: [(Pairs<'_>, Bytes, &str); 4] = [
        (
            &[],
            bytes(3, "text x"),
            "POST /subjects/t-value?normalize=false&deleted=false",
        ),
        (
            &[("use.schema.id", "4")],
            bytes(4, "four x"),
            "GET /schemas/ids/4?fetchMaxId=false&subject=t-value",
        ),
        (
            &[("use.latest.version", "true")],
            bytes(5, "newest x"),
            "GET /subjects/t-value/versions/latest",
        ),
        (
            &[("use.latest.with.metadata", "app=v 1")],
            bytes(5, "newest x"),
            "GET /subjects/t-value/metadata?deleted=true&key=app&value=v%201",
        ),
    ];
    for (keys, expected, line) in cases {
        let keys = [&[("auto.register.schemas", "false")], keys].concat();
        let mut converter = converter(&server.url, &keys);
        assert_eq!(
            written(&mut converter, &mut Vec::new()).await.unwrap(),
            expected
        );
        assert_eq!(server.lines().last().unwrap(), line);
    }
}

#[tokio::test]
async fn a_guid_goes_into_a_header() {
    let guid = "89791762-2336-4186-9674-299b90a802e2";
    let server = Server::start(move |_| ok(json!({"id": 1, "guid": guid}).to_string()));
    let class = "io.confluent.kafka.serializers.schema.id.HeaderSchemaIdSerializer";
    let mut converter = converter(&server.url, &[("value.schema.id.serializer", class)]);
    let mut headers = Vec::new();
    let payload = written(&mut converter, &mut headers).await.unwrap();
    assert_eq!(payload, "text x");
    let (name, id) = &headers[0];
    assert_eq!(&**name, "__value_schema_id");
    assert_eq!(id[..4], [1, 0x89, 0x79, 0x17]);
}

#[tokio::test]
async fn a_schema_that_the_registry_refuses_is_the_records_fault() {
    let server = Server::start(|_| refused(409, 40901, "Schema being registered is incompatible"));
    let mut converter = converter(&server.url, &[]);
    let error = written(&mut converter, &mut Vec::new()).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Record);
    assert_eq!(
        chain(&error)[1..],
        [
            "SerializationException: Error registering JSON schema",
            "RestClientException: Schema being registered is incompatible; error code: 40901"
        ]
    );
}
