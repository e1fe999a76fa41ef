//! Payloads and schemas that mean harm, or nothing at all.

use proptest::prelude::*;

use super::*;

fn error_of(text: &str, payload: &[u8]) -> String {
    let read = read(&mut format(""), text, payload.to_vec());
    lines(&read.err().unwrap()).join(" / ")
}

const TOO_MANY: &str =
    "AvroRuntimeException: the payload claims more than a million values that take no bytes";

#[test]
fn a_few_bytes_cannot_claim_millions_of_values() {
    let empty = r#"{"type":"record","name":"R","fields":[]}"#;
    let array = |item: &str| format!(r#"{{"type":"array","items":{item}}}"#);
    let billions = b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f";
    assert_eq!(error_of(&array(empty), billions), TOO_MANY);
    assert_eq!(
        error_of(&array(r#""long""#), billions),
        "EOFException: the payload ends in the middle of a value"
    );
    let fixed = r#"{"type":"fixed","name":"F","size":0}"#;
    assert_eq!(error_of(&array(fixed), billions), TOO_MANY);
    // Each array is within the bound, but all of them are one payload.
    let nested = array(&array(empty));
    let arrays = |count: u8| {
        [
            &[2 * count],
            &b"\xc0\x9a\x0c\x00".repeat(count.into())[..],
            &[0],
        ]
        .concat()
    };
    assert!(read(&mut format(""), &nested, arrays(1)).is_ok());
    assert_eq!(error_of(&nested, &arrays(10)), TOO_MANY);
}

#[test]
fn what_is_left_out_is_bounded_as_well() {
    let with = |fields: &str| {
        format!(r#"{{"type":"record","name":"R","fields":[{fields}{{"name":"a","type":"int"}}]}}"#)
    };
    let nulls = r#"{"name":"gone","type":{"type":"array","items":"null"}},"#;
    let mut format = format("");
    let reader = parsed(&mut format, &with(""));
    // Alone it is no schema of Connect, so only its parent is asked to read it.
    let writer = with(&nulls.replace(r#""null""#, r#"{"type":"record","name":"E","fields":[]}"#));
    let writer = parsed(&mut format, &writer);
    let schema = format.reading_as(&writer, &reader).unwrap();
    let payload = b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f\x00\x02";
    let error = format.read(&schema, &[], payload[..].into()).unwrap_err();
    assert_eq!(lines(&error)[0], TOO_MANY);
    let read = format
        .read(&schema, &[], b"\x06\x00\x02"[..].into())
        .unwrap();
    assert_eq!(notation::value(&read.value), "(a=1)");
}

#[test]
fn records_that_double_in_each_level_end() {
    let mut text = r#"{"type":"record","name":"R0","fields":[]}"#.to_owned();
    let mut types = vec![text.clone()];
    for level in 1..=40 {
        let below = level - 1;
        text = format!(
            r#"{{"type":"record","name":"R{level}","fields":[{{"name":"a","type":"R{below}"}},{{"name":"b","type":"R{below}"}}]}}"#
        );
        types.push(text.clone());
    }
    let root = r#"{"type":"record","name":"Root","fields":[{"name":"r","type":"R40"}]}"#;
    let mut format = format("");
    let text = SchemaText {
        text: root.to_owned(),
        references: types.iter().map(|text| reference("r", text)).collect(),
    };
    let schema = Arc::new(format.parse(&text, None).unwrap());
    let error = format.read(&schema, &[], Bytes::new()).unwrap_err();
    assert_eq!(lines(&error)[0], TOO_MANY);
}

#[test]
fn defaults_that_ask_for_defaults_end() {
    let text =
        r#"{"type":"record","name":"R","fields":[{"name":"r","type":["R","null"],"default":{}}]}"#;
    assert!(connect_schema("", text).default().is_none());
    let doubling = r#"{"type":"record","name":"R","fields":[{"name":"a","type":["R","null"],"default":{}},{"name":"b","type":["R","null"],"default":{}}]}"#;
    let within = format!(
        r#"{{"type":"record","name":"O","fields":[{{"name":"r","type":{doubling},"default":{{}}}}]}}"#
    );
    let schema = connect_schema("", &within);
    assert!(schema.field("r").unwrap().schema.default().is_none());
}

#[test]
fn types_and_values_nest_so_deep_and_no_deeper() {
    let deep = |levels: usize| {
        let references = (0..levels).map(|level| {
            let fields = match level {
                0 => String::new(),
                _ => format!(r#"{{"name":"a","type":"R{}"}}"#, level - 1),
            };
            let text = format!(r#"{{"type":"record","name":"R{level}","fields":[{fields}]}}"#);
            reference("r", &text)
        });
        let references = references.collect();
        let text = format!(r#""R{}""#, levels - 1);
        format("").parse(&SchemaText { text, references }, None)
    };
    assert!(deep(99).is_ok());
    let error = deep(300).err().unwrap();
    assert!(
        error
            .to_string()
            .ends_with("stands inside more than 100 other types")
    );

    let list = r#"{"type":"record","name":"R","fields":[{"name":"next","type":["null","R"]}]}"#;
    let payload = |depth: usize| [&[2].repeat(depth)[..], &[0]].concat();
    assert!(read(&mut format(""), list, payload(249)).is_ok());
    assert_eq!(
        error_of(list, &payload(250)),
        "AvroRuntimeException: values stand inside each other more than 250 deep"
    );
    let arrays = r#"{"type":"array","items":"#.repeat(150) + r#""int""# + &"}".repeat(150);
    assert!(format("").parse(&schema_text(&arrays), None).is_err());
}

/// Schemas that have everything between them.
const SCHEMAS: [&str; 4] = [
    r#"{"type":"record","name":"R","fields":[
        {"name":"b","type":"boolean"},{"name":"i","type":"int"},{"name":"l","type":["null","long"]},
        {"name":"f","type":"float"},{"name":"d","type":"double"},{"name":"s","type":"string"},
        {"name":"y","type":"bytes"},{"name":"x","type":{"type":"fixed","name":"F","size":3}},
        {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
        {"name":"a","type":{"type":"array","items":"string"}},{"name":"m","type":{"type":"map","values":"R"}},
        {"name":"u","type":["null","R","string","E"]},
        {"name":"t","type":{"type":"int","logicalType":"time-millis"}},
        {"name":"c","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}}]}"#,
    r#"{"type":"array","items":{"type":"record","name":"R","fields":[{"name":"r","type":["null",{"type":"array","items":"R"}]}]}}"#,
    r#"{"type":"array","items":{"type":"record","name":"io.confluent.connect.avro.MapEntry","fields":[{"name":"key","type":"int"},{"name":"value","type":["null","string"]}]}}"#,
    include_str!("../../src/avro/anything.avsc"),
];

proptest! {
    #[test]
    fn no_bytes_make_it_panic(payload: Vec<u8>, which in 0..SCHEMAS.len()) {
        let mut format = format("");
        let parsed = parsed(&mut format, SCHEMAS[which]);
        if let Ok(read) = format.read(&parsed, &[], payload.into()) {
            let mut out = Vec::new();
            format.write(&parsed, read.schema.as_ref(), &read.value, &mut out).unwrap();
            let again = format.read(&parsed, &[], out.into()).unwrap();
            prop_assert_eq!(again.value, read.value);
        }
    }

    /// Small numbers are lengths, indexes and counts that often fit.
    #[test]
    fn no_small_bytes_make_it_panic(payload in prop::collection::vec(0u8..9, 0..200), which in 0..SCHEMAS.len()) {
        let mut format = format("");
        let parsed = parsed(&mut format, SCHEMAS[which]);
        let as_other = parsed.clone();
        let _ = format.read(&parsed, &[], payload.clone().into());
        if let Ok(resolved) = format.reading_as(&parsed, &as_other) {
            let _ = format.read(&resolved, &[], payload.into());
        }
    }

    #[test]
    fn no_text_makes_it_panic(cut in 0usize..900, which in 0..SCHEMAS.len(), put in "[ -~]{0,4}") {
        let mut text = SCHEMAS[which].to_owned();
        let cut = cut.min(text.len());
        text.replace_range(cut..(cut + put.len()).min(text.len()), &put);
        let _ = format("").parse(&schema_text(&text), None);
    }
}
