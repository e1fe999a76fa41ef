//! What was written under one schema, read as another.

use super::*;
use crate::notation;

/// What a payload is when it is read as another schema has it, or why it cannot be.
fn read_as(writer: &str, reader: &str, payload: &[u8]) -> String {
    let mut format = format("");
    let (writer, reader) = (parsed(&mut format, writer), parsed(&mut format, reader));
    let read = format
        .reading_as(&writer, &reader)
        .and_then(|schema| format.read(&schema, &[], payload.to_vec().into()));
    match read {
        Ok(read) => {
            assert_eq!(read.schema.as_ref(), reader.schema());
            notation::value(&read.value)
        }
        Err(error) => lines(&error).join(" / "),
    }
}

fn record(fields: &str) -> String {
    format!(r#"{{"type":"record","name":"a.R","fields":[{fields}]}}"#)
}

#[test]
fn numbers_and_bytes_are_promoted() {
    for (writer, reader, payload, expected) in [
        ("int", "long", &b"\x05"[..], "-3L"),
        ("int", "float", b"\x02", "1.0f"),
        ("int", "double", b"\x02", "1.0"),
        ("long", "float", b"\x02", "1.0f"),
        ("long", "double", b"\x02", "1.0"),
        ("float", "double", b"\x00\x00\xc0\x3f", "1.5"),
        ("string", "bytes", b"\x02a", r#"b"a""#),
        ("bytes", "string", b"a", r#""a""#),
        (
            "long",
            "int",
            b"\x02",
            "AvroTypeException: Found long, expecting int",
        ),
        (
            "boolean",
            "string",
            b"\x01",
            "AvroTypeException: Found boolean, expecting string",
        ),
    ] {
        let of = |name: &str| format!(r#""{name}""#);
        assert_eq!(read_as(&of(writer), &of(reader), payload), expected);
    }
    let stamp = r#"{"type":"long","logicalType":"timestamp-millis"}"#;
    assert_eq!(read_as(r#""int""#, stamp, b"\x02"), "@1");
}

#[test]
fn fields_are_found_by_name_or_alias_and_the_rest_is_left_out_or_has_its_default() {
    let inner = r#"{"type":"record","name":"a.S","fields":[{"name":"x","type":"int"},{"name":"again","type":["null","S"]}]}"#;
    let writer = record(&format!(
        r#"{{"name":"a","type":"int"}},
        {{"name":"gone","type":{{"type":"map","values":{{"type":"array","items":["null",{inner}]}}}}}},
        {{"name":"f","type":{{"type":"fixed","name":"F","size":2}}}},
        {{"name":"d","type":"double"}},{{"name":"fl","type":"float"}},{{"name":"bo","type":"boolean"}},
        {{"name":"e","type":{{"type":"enum","name":"E","symbols":["X"]}}}},
        {{"name":"old","type":"string"}}"#
    ));
    let reader = record(
        r#"{"name":"new","type":"string","aliases":["old"]},{"name":"a","type":["null","long"]},
        {"name":"more","type":{"type":"int","logicalType":"date"},"default":1},
        {"name":"none","type":["null","string"],"default":null},
        {"name":"s","type":{"type":"record","name":"S","fields":[{"name":"y","type":"int","default":7}]},"default":{}}"#,
    );
    let gone = b"\x02\x02k\x04\x00\x02\x06\x02\x08\x00\x00\x00";
    let rest = b"xy\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x04hi";
    let payload = [&b"\x0a"[..], gone, rest].concat();
    assert_eq!(
        read_as(&writer, &reader, &payload),
        r#"(new="hi", a=5L, more=@86400000, none=-, s=(y=7))"#
    );
    let needs = record(r#"{"name":"z","type":"int"}"#);
    assert_eq!(
        read_as(&writer, &needs, &payload),
        "AvroTypeException: Found a.R, expecting a.R, missing required field z"
    );
}

#[test]
fn unions_are_matched_member_by_member() {
    for (writer, reader, payload, expected) in [
        (r#"["null","int"]"#, r#""long""#, &b"\x02\x02"[..], "1L"),
        (
            r#"["null","int"]"#,
            r#""long""#,
            b"\x00",
            "AvroTypeException: Found null, expecting long",
        ),
        (r#""int""#, r#"["null","long"]"#, b"\x02", "1L"),
        (
            r#""int""#,
            r#"["string","double","int"]"#,
            b"\x02",
            "(string=-, double=-, int=1)",
        ),
        (
            r#""int""#,
            r#"["string","double"]"#,
            b"\x02",
            "(string=-, double=1.0)",
        ),
        (r#"["int","null"]"#, r#"["null","int"]"#, b"\x02", "-"),
        (r#"["int","null"]"#, r#"["null","int"]"#, b"\x00\x02", "1"),
        (
            r#"["int","string","boolean"]"#,
            r#"["string","int"]"#,
            b"\x02\x02a",
            r#"(string="a", int=-)"#,
        ),
        (
            r#"["int","string","boolean"]"#,
            r#"["string","int"]"#,
            b"\x04\x01",
            "AvroTypeException: Found boolean, expecting union",
        ),
        (
            r#"{"type":"record","name":"x.R","fields":[{"name":"a","type":"int"}]}"#,
            r#"["null",{"type":"record","name":"y.Q","fields":[{"name":"z","type":"int"}]},{"type":"record","name":"y.R","fields":[{"name":"a","type":"long"}]}]"#,
            b"\x02",
            "(Q=-, R=(a=1L))",
        ),
    ] {
        assert_eq!(
            read_as(writer, reader, payload),
            expected,
            "{writer} {reader}"
        );
    }
}

#[test]
fn enums_and_fixed_go_by_name_and_symbol() {
    let e = |name: &str, symbols: &str, more: &str| {
        format!(r#"{{"type":"enum","name":"{name}","symbols":[{symbols}]{more}}}"#)
    };
    let writer = e("a.E", r#""X","Y""#, "");
    for (reader, payload, expected) in [
        (e("a.E", r#""Y","X""#, ""), b"\x02", r#""Y""#),
        (
            e("a.E", r#""X""#, ""),
            b"\x02",
            "AvroTypeException: No match for Y",
        ),
        (e("a.E", r#""X""#, r#","default":"X""#), b"\x02", r#""X""#),
        (
            e("b.E", r#""X","Y""#, ""),
            b"\x02",
            "AvroTypeException: Found a.E, expecting b.E",
        ),
        (
            e("b.E", r#""X","Y""#, r#","aliases":["a.E"]"#),
            b"\x02",
            r#""Y""#,
        ),
    ] {
        assert_eq!(read_as(&writer, &reader, payload), expected);
    }
    let fixed = |size: usize| format!(r#"{{"type":"fixed","name":"F","size":{size}}}"#);
    assert_eq!(read_as(&fixed(1), &fixed(1), b"a"), r#"b"a""#);
    assert_eq!(
        read_as(&fixed(1), &fixed(2), b"ab"),
        "AvroTypeException: Found F, expecting F"
    );
}

#[test]
fn recursion_and_entries_of_maps_are_resolved_too() {
    let node = |type_: &str, more: &str| {
        format!(
            r#"{{"type":"record","name":"N","fields":[{{"name":"v","type":"{type_}"}}{more},{{"name":"next","type":["null","N"]}}]}}"#
        )
    };
    let wider = node("long", r#",{"name":"w","type":"int","default":9}"#);
    assert_eq!(
        read_as(&node("int", ""), &wider, b"\x02\x02\x04\x00"),
        "(v=1L, w=9, next=(v=2L, w=9, next=-))"
    );
    let entries = |key: &str, swapped: bool| {
        let key = format!(r#"{{"name":"key","type":"{key}"}}"#);
        let value = r#"{"name":"value","type":"string"}"#.to_owned();
        let fields = if swapped { [value, key] } else { [key, value] };
        let name = r#""name":"MapEntry","namespace":"io.confluent.connect.avro""#;
        let fields = fields.join(",");
        format!(r#"{{"type":"array","items":{{"type":"record",{name},"fields":[{fields}]}}}}"#)
    };
    assert_eq!(
        read_as(
            &entries("int", true),
            &entries("long", false),
            b"\x02\x02a\x02\x00"
        ),
        r#"{1L: "a"}"#
    );
}

#[test]
fn a_record_that_cannot_be_read_fails_wherever_it_stands() {
    // Each inside the other; what is missing in the outer one is missing inside the inner one, too.
    let nest = |more: &str| {
        record(&format!(
            r#"{{"name":"s","type":{{"type":"record","name":"S","fields":[{{"name":"r","type":["null","R"]}}]}}}}{more}"#
        ))
    };
    let writer = format!(r#"["null",{},"S"]"#, nest("")).replace(r#""S"]"#, r#""a.S"]"#);
    let required = nest(r#",{"name":"z","type":"int"}"#);
    let reader = format!(r#"["null",{required},"a.S"]"#);
    let missing = "AvroTypeException: Found a.R, expecting a.R, missing required field z";
    assert_eq!(read_as(&writer, &reader, b"\x02\x00"), missing);
    assert_eq!(read_as(&writer, &reader, b"\x04\x00"), "(R=-, S=(r=-))");
    assert_eq!(read_as(&writer, &reader, b"\x04\x02\x00"), missing);
    assert_eq!(read_as(&writer, &reader, b"\x00"), "-");
}
