//! Schemas and payloads to Connect data.

use super::*;
use crate::notation;

fn schema_of(keys: &str, text: &str) -> String {
    notation::schema(&connect_schema(keys, text))
}

fn value_of(text: &str, payload: &[u8]) -> String {
    let read = read(&mut format(""), text, payload.to_vec());
    notation::value(
        &read
            .unwrap_or_else(|e| panic!("{text}: {}", e.trace()))
            .value,
    )
}

fn schema_error(keys: &str, text: &str) -> String {
    let error = format(keys).parse(&schema_text(text), None).err();
    lines(&error.unwrap_or_else(|| panic!("{text}"))).join(" / ")
}

fn value_error(text: &str, payload: &[u8]) -> String {
    let read = read(&mut format(""), text, payload.to_vec());
    lines(&read.err().unwrap_or_else(|| panic!("{text}"))).join(" / ")
}

#[test]
fn every_type_has_its_schema_and_value() {
    for (text, schema, payload, value) in [
        (r#""boolean""#, "boolean", &b"\x01"[..], "true"),
        (r#""boolean""#, "boolean", b"\x00", "false"),
        (r#""boolean""#, "boolean", b"\x02", "false"),
        (r#""int""#, "int32", b"\x01", "-1"),
        (r#""int""#, "int32", b"\xfe\xff\xff\xff\x0f", "2147483647"),
        (r#""long""#, "int64", b"\x80\x01", "64L"),
        (
            r#""long""#,
            "int64",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            "-9223372036854775808L",
        ),
        (r#""float""#, "float32", b"\x00\x00\xc0\x3f", "1.5f"),
        (
            r#""double""#,
            "float64",
            b"\x00\x00\x00\x00\x00\x00\xf8\x3f",
            "1.5",
        ),
        (r#""string""#, "string", b"\x06abc", r#""abc""#),
        (r#""string""#, "string", b"\x00", r#""""#),
        (r#""string""#, "string", b"\x06a\xffc", "\"a\u{fffd}c\""),
        // Alone they have no length in front of them.
        (r#""bytes""#, "bytes", b"\x06abc", r#"b"\x06abc""#),
        (r#""bytes""#, "bytes", b"", r#"b"""#),
        (
            r#"{"type":"fixed","name":"a.F","size":2}"#,
            "bytes(a.F)<connect.fixed.size=2>",
            b"xy",
            r#"b"xy""#,
        ),
        (
            r#"{"type":"enum","name":"E","namespace":"a","symbols":["X","Y"]}"#,
            "string(a.E)<Enum=a.E,Enum.X=X,Enum.Y=Y>",
            b"\x02",
            r#""Y""#,
        ),
        (
            r#"{"type":"array","items":"int"}"#,
            "array[int32]",
            b"\x04\x02\x04\x03\x04\x06\x08\x00",
            "[1, 2, 3, 4]",
        ),
        (
            r#"{"type":"array","items":"int"}"#,
            "array[int32]",
            b"\x00",
            "[]",
        ),
        (
            r#"{"type":"array","items":["null","string"]}"#,
            "array[string?]",
            b"\x04\x00\x02\x02a\x00",
            r#"[-, "a"]"#,
        ),
        (
            r#"{"type":"map","values":"long"}"#,
            "map[string: int64]",
            b"\x04\x02a\x02\x02b\x04\x00",
            r#"{"a": 1L, "b": 2L}"#,
        ),
        (
            r#"{"type":"map","values":"long"}"#,
            "map[string: int64]",
            b"\x04\x02a\x02\x02a\x04\x00",
            r#"{"a": 2L}"#,
        ),
        (r#"["null","int"]"#, "int32?", b"\x00", "-"),
        (r#"["null","int"]"#, "int32?", b"\x02\x02", "1"),
        (r#"["int","null"]"#, "int32?", b"\x02", "-"),
        (r#"["int","null"]"#, "int32?", b"\x00\x02", "1"),
        (r#"["int"]"#, "int32", b"\x00\x02", "1"),
        (
            r#"["null","int","string"]"#,
            "struct?(io.confluent.connect.avro.Union){int: int32?, string: string?}",
            b"\x04\x02a",
            r#"(int=-, string="a")"#,
        ),
        (
            r#"["int","string"]"#,
            "struct(io.confluent.connect.avro.Union){int: int32?, string: string?}",
            b"\x00\x02",
            "(int=1, string=-)",
        ),
        (
            r#"["null","int","string"]"#,
            "struct?(io.confluent.connect.avro.Union){int: int32?, string: string?}",
            b"\x00",
            "-",
        ),
        (
            r#"{"type":"record","name":"a.R","fields":[{"name":"x","type":"int"},{"name":"y","type":["null","R"],"default":null}]}"#,
            "struct(a.R){x: int32, y: ...}",
            b"\x02\x02\x04\x00",
            "(x=1, y=(x=2, y=-))",
        ),
        (
            r#"{"type":"record","name":"io.confluent.connect.avro.ConnectDefault2","fields":[]}"#,
            "struct{}",
            b"",
            "()",
        ),
    ] {
        assert_eq!(schema_of("", text), schema, "{text}");
        assert_eq!(value_of(text, payload), value, "{text}");
    }
}

#[test]
fn logical_types_are_those_of_the_jvm() {
    const DECIMAL: &str = "org.apache.kafka.connect.data.Decimal v1";
    const TIMESTAMP: &str = "int64(org.apache.kafka.connect.data.Timestamp v1)";
    let array = |item: &str| format!(r#"{{"type":"array","items":{item}}}"#);
    for (text, schema, payload, value) in [
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
            format!("bytes({DECIMAL})<connect.decimal.precision=4,scale=2>"),
            &b"\x02\x04\x04\xd2\x00"[..],
            "[12.34d]",
        ),
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":64}"#,
            format!("bytes({DECIMAL})<scale=0>"),
            b"\x02\x02\xff\x00",
            "[-1d]",
        ),
        (
            r#"{"type":"fixed","name":"F","size":3,"logicalType":"decimal","precision":6,"scale":1}"#,
            format!("bytes({DECIMAL})<connect.decimal.precision=6,connect.fixed.size=3,scale=1>"),
            b"\x02\x00\x00\x7b\x00",
            "[12.3d]",
        ),
        (
            r#"{"type":"int","logicalType":"date"}"#,
            "int32(org.apache.kafka.connect.data.Date v1)".to_owned(),
            b"\x02\x02\x00",
            "[@86400000]",
        ),
        (
            r#"{"type":"int","logicalType":"time-millis"}"#,
            "int32(org.apache.kafka.connect.data.Time v1)".to_owned(),
            b"\x02\x04\x00",
            "[@2]",
        ),
        (
            r#"{"type":"long","logicalType":"timestamp-millis"}"#,
            TIMESTAMP.to_owned(),
            b"\x02\x01\x00",
            "[@-1]",
        ),
        (
            r#"{"type":"long","logicalType":"Timestamp-Millis"}"#,
            TIMESTAMP.to_owned(),
            b"\x02\x02\x00",
            "[@1]",
        ),
        // These stay the numbers that they are.
        (
            r#"{"type":"long","logicalType":"timestamp-micros"}"#,
            "int64".to_owned(),
            b"\x02\x02\x00",
            "[1L]",
        ),
        (
            r#"{"type":"long","logicalType":"time-micros"}"#,
            "int64".to_owned(),
            b"\x02\x02\x00",
            "[1L]",
        ),
        (
            r#"{"type":"long","logicalType":"local-timestamp-millis"}"#,
            "int64".to_owned(),
            b"\x02\x02\x00",
            "[1L]",
        ),
        (
            r#"{"type":"string","logicalType":"uuid"}"#,
            "string".to_owned(),
            b"\x02\x02a\x00",
            r#"["a"]"#,
        ),
        (
            r#"{"type":"fixed","name":"D","size":2,"logicalType":"duration"}"#,
            "bytes(D)<connect.fixed.size=2>".to_owned(),
            b"\x02ab\x00",
            r#"[b"ab"]"#,
        ),
        (
            r#"{"type":"int","connect.type":"int8"}"#,
            "int8".to_owned(),
            b"\x02\x80\x04\x00",
            "[0b]",
        ),
        (
            r#"{"type":"int","connect.type":"int16"}"#,
            "int16".to_owned(),
            b"\x02\x01\x00",
            "[-1s]",
        ),
        // By its name alone, as older producers write it.
        (
            r#"{"type":"int","connect.name":"org.apache.kafka.connect.data.Date","connect.version":1}"#,
            "int32(org.apache.kafka.connect.data.Date v1)".to_owned(),
            b"\x02\x02\x00",
            "[@86400000]",
        ),
    ] {
        let array = array(text);
        assert_eq!(schema_of("", &array), format!("array[{schema}]"), "{text}");
        assert_eq!(value_of(&array, payload), value, "{text}");
    }
    // Alone, too, where bytes have no length.
    let alone = r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#;
    assert_eq!(value_of(alone, b"\x04\xd2"), "12.34d");
}

#[test]
fn a_logical_type_can_be_wrong() {
    let time = r#"{"type":"int","logicalType":"time-millis"}"#;
    assert_eq!(
        value_error(time, b"\x01"),
        "DataException: Time values must use number of milliseconds greater than 0 and less than 86400000"
    );
    let decimal = r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#;
    assert_eq!(
        value_error(decimal, b""),
        "NumberFormatException: Zero length BigInteger"
    );
    for (text, expected) in [
        (
            r#"{"type":"string","connect.name":"org.apache.kafka.connect.data.Date"}"#,
            "DataException: Invalid type for Date, underlying representation should be int32 but was class java.lang.String",
        ),
        (
            r#"{"type":"bytes","connect.name":"org.apache.kafka.connect.data.Decimal"}"#,
            "DataException: Invalid Decimal schema: scale parameter not found.",
        ),
        (
            r#"{"type":"int","logicalType":"date","connect.name":"Day"}"#,
            "DataException: Mismatched names: name already added to SchemaBuilder (org.apache.kafka.connect.data.Date) differs from name in source schema (Day)",
        ),
        (
            r#"{"type":"int","logicalType":"date","connect.version":2}"#,
            "DataException: Mismatched versions: version already added to SchemaBuilder (1) differs from version in source schema (2)",
        ),
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":"4"}"#,
            "DataException: precision property must be a JSON Integer. https://avro.apache.org/docs/1.9.1/spec.html#Decimal",
        ),
        (
            r#"{"type":"int","connect.type":"int32"}"#,
            "DataException: Connect type annotation for Avro int field is null",
        ),
        (
            r#""null""#,
            "DataException: Standalone null schemas are not supported by this converter",
        ),
    ] {
        assert_eq!(schema_error("", text), expected, "{text}");
    }
}

#[test]
fn maps_with_other_keys_are_arrays_of_entries() {
    let entry = |name: &str, more: &str| {
        format!(
            r#"{{"type":"array","items":{{"type":"record",{name}"fields":[{{"name":"key","type":"int"}},{{"name":"value","type":["null","string"]}}{more}]}}}}"#
        )
    };
    let confluent = r#""name":"MapEntry","namespace":"io.confluent.connect.avro","#;
    let named = r#""name":"M","connect.internal.type":"MapEntry","#;
    for name in [confluent, named] {
        let text = entry(name, "");
        assert_eq!(schema_of("", &text), "map[int32: string?]");
        let value = value_of(&text, b"\x04\x02\x02\x02a\x04\x00\x00");
        assert_eq!(value, r#"{1: "a", 2: -}"#);
    }
    let plain = entry(r#""name":"E","#, "");
    assert_eq!(
        schema_of("", &plain),
        "array[struct(E){key: int32, value: string?}]"
    );
    let wide = entry(named, r#",{"name":"more","type":"int"}"#);
    assert_eq!(
        schema_error("", &wide),
        "DataException: Found map encoded as array of key-value pairs, but array elements do not match the expected format."
    );
}

#[test]
fn unions_follow_the_settings() {
    let union = r#"["null","int",{"type":"record","name":"a.R","fields":[]},{"type":"enum","name":"a.E","symbols":["X"]},{"type":"fixed","name":"a.F","size":1}]"#;
    let fields = |int: &str, r: &str, e: &str, f: &str| {
        format!(
            "{{{int}: int32?, {r}: struct?(a.R){{}}, {e}: string?(a.E)<Enum=a.E,Enum.X=X>, {f}: bytes?(a.F)<connect.fixed.size=1>}}"
        )
    };
    assert_eq!(
        schema_of("", union),
        format!(
            "struct?(io.confluent.connect.avro.Union){}",
            fields("int", "R", "E", "F")
        )
    );
    assert_eq!(
        schema_of("enhanced.avro.schema.support=true", union),
        format!(
            "struct?(io.confluent.connect.avro.Union){}",
            fields("int", "a.R", "a.E", "a.F")
        )
    );
    let sum = "org.apache.kafka.connect.data";
    assert_eq!(
        schema_of("generalized.sum.type.support=true", union),
        format!(
            "struct?(connect_union_0)<{sum}.Union=connect_union_0>{{connect_union_field_1: int32?, \
             connect_union_field_2: struct?(a.R){{}}, connect_union_field_3: \
             string?(a.E)<{sum}.Enum=a.E,{sum}.Enum.X=0>, connect_union_field_4: \
             bytes?(a.F)<connect.fixed.size=1>}}"
        )
    );
    assert_eq!(
        schema_of("flatten.singleton.unions=false", r#"["int"]"#),
        "struct(io.confluent.connect.avro.Union){int: int32?}"
    );
    for (payload, value) in [
        (&b"\x04"[..], "(int=-, R=(), E=-, F=-)"),
        (b"\x06\x00", r#"(int=-, R=-, E="X", F=-)"#),
        (b"\x08z", r#"(int=-, R=-, E=-, F=b"z")"#),
    ] {
        assert_eq!(value_of(union, payload), value);
    }
    let two = r#"[{"type":"record","name":"a.R","fields":[]},{"type":"record","name":"b.R","fields":[]}]"#;
    assert_eq!(
        schema_error("", two),
        "DataException: Multiple union schemas map to the Connect union field name"
    );
    assert!(schema_of("enhanced.avro.schema.support=true", two).contains("b.R: struct"));
}

const DOCUMENTED: &str = r#"{"type":"record","name":"R","doc":"of R","connect.doc":"own","connect.version":3,"connect.parameters":{"p":"q"},"avro.java.x":{"a":1},"fields":[
    {"name":"a","type":{"type":"string","avro.java.string":"String"},"doc":"of a","default":"x"},
    {"name":"e","type":{"type":"enum","name":"E","doc":"of E","symbols":["X","Y"],"default":"Y"}},
    {"name":"n","type":["null",{"type":"int","connect.default":5,"connect.doc":"of n"}],"default":null,"doc":"field n"}]}"#;

#[test]
fn documentation_and_parameters_stand_where_the_settings_want_them() {
    assert_eq!(
        schema_of("", DOCUMENTED),
        "struct(R v3)<avro.java.x={a=1},field.doc.a=of a,field.doc.n=field n,record.doc=of R,p=q>{\
         a: string<avro.java.string=String,field.default=true> = \"x\", \
         e: string(E)<Enum=E,Enum.X=X,Enum.Y=Y,enum.default.E=Y,enum.doc.E=of E>, \
         n: int32? = 5}"
    );
    let with_docs = connect_schema("", DOCUMENTED);
    assert_eq!(with_docs.doc(), Some("own"));
    assert_eq!(with_docs.field("n").unwrap().schema.doc(), Some("of n"));

    assert_eq!(
        schema_of("connect.meta.data=false", DOCUMENTED),
        "struct(R v3)<avro.java.x={a=1}>{a: string<avro.java.string=String> = \"x\", \
         e: string(E)<Enum=E,Enum.X=X,Enum.Y=Y>, n: int32? = 5}"
    );
    assert_eq!(
        connect_schema("connect.meta.data=false", DOCUMENTED).doc(),
        None
    );

    let discard = connect_schema("discard.type.doc.default=true", DOCUMENTED);
    assert_eq!(
        notation::schema(&discard),
        "struct(R v3)<avro.java.x={a=1},connect.record.doc=of R,p=q>{\
         a: string<avro.java.string=String> = \"x\", \
         e: string(E)<connect.enum.doc=of E,connect.record.doc=of E,Enum=E,Enum.X=X,Enum.Y=Y>, \
         n: int32? = 5}"
    );
    let doc = |field: &str| {
        discard
            .field(field)
            .unwrap()
            .schema
            .doc()
            .map(str::to_owned)
    };
    assert_eq!(discard.doc(), Some("of R"));
    assert_eq!(doc("a").as_deref(), Some("of a"));
    assert_eq!(doc("e").as_deref(), Some("of E"));
    assert_eq!(doc("n").as_deref(), Some("field n"));
}

#[test]
fn the_version_in_the_subject_is_the_roots() {
    let version = |text: &str| {
        let parsed = format("").parse(&schema_text(text), Some(7)).unwrap();
        parsed.schema().unwrap().version()
    };
    assert_eq!(version(r#""int""#), Some(7));
    assert_eq!(version(r#"{"type":"int","connect.version":2}"#), Some(2));
    assert_eq!(version(r#"["null","int"]"#), None);
    let decimal = r#"{"type":"bytes","logicalType":"decimal","precision":4}"#;
    let error = format("")
        .parse(&schema_text(decimal), Some(7))
        .err()
        .unwrap();
    assert!(error.to_string().starts_with("Mismatched versions"));
}

#[test]
fn defaults_of_fields_become_those_of_schemas() {
    let of = |type_: &str, default: &str| {
        let text = format!(
            r#"{{"type":"record","name":"R","fields":[{{"name":"f","type":{type_},"default":{default}}}]}}"#
        );
        let schema = connect_schema("", &text);
        let default = schema.field("f").unwrap().schema.default().cloned();
        default.map_or("none".to_owned(), |value| notation::value(&value))
    };
    for (type_, default, expected) in [
        (r#""int""#, "1", "1"),
        (r#""long""#, "1", "1L"),
        (r#""float""#, "1.5", "1.5f"),
        (r#""double""#, "2", "2.0"),
        (r#""boolean""#, "true", "true"),
        (r#""string""#, r#""x""#, r#""x""#),
        (r#""bytes""#, r#""\u00ff""#, r#"b"\xff""#),
        (
            r#"{"type":"fixed","name":"F","size":2}"#,
            r#""ab""#,
            r#"b"ab""#,
        ),
        (
            r#"{"type":"enum","name":"E","symbols":["X"]}"#,
            r#""X""#,
            r#""X""#,
        ),
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
            r#""\u0004\u00d2""#,
            "12.34d",
        ),
        (r#"{"type":"int","logicalType":"date"}"#, "1", "@86400000"),
        (
            r#"{"type":"long","logicalType":"timestamp-millis"}"#,
            "5",
            "@5",
        ),
        (r#"{"type":"int","connect.type":"int8"}"#, "5", "5b"),
        (r#"{"type":"array","items":"int"}"#, "[1, 2]", "[1, 2]"),
        (
            r#"{"type":"map","values":"int"}"#,
            r#"{"a": 1}"#,
            r#"{"a": 1}"#,
        ),
        (
            r#"{"type":"record","name":"S","fields":[{"name":"a","type":"int"},{"name":"b","type":"int","default":2}]}"#,
            r#"{"a": 1}"#,
            "(a=1, b=2)",
        ),
        (r#"["int","string","null"]"#, "1", "(int=1, string=-)"),
        // The default of a union with null is dropped, as on the JVM; that of Connect counts.
        (r#"["null","int"]"#, "null", "none"),
        (r#"["int","null"]"#, "1", "none"),
        (
            r#"["null",{"type":"int","connect.default":7}]"#,
            "null",
            "7",
        ),
        // What does not fit is none.
        (r#""int""#, r#""x""#, "none"),
        (r#""int""#, "null", "none"),
        (
            r#"{"type":"fixed","name":"F","size":2}"#,
            r#""abc""#,
            "none",
        ),
    ] {
        assert_eq!(of(type_, default), expected, "{type_} {default}");
    }
}

#[test]
fn names_are_resolved_as_the_specification_says() {
    let text = r#"{"type":"record","name":"R","namespace":"a.b","fields":[
        {"name":"inner","type":{"type":"record","name":"x.S","fields":[{"name":"t","type":{"type":"enum","name":"T","symbols":["X"]}},{"name":"u","type":"T"}]}},
        {"name":"t","type":"x.T"},
        {"name":"r","type":["null","R"]},
        {"name":"n","type":{"type":"fixed","name":"N","namespace":"","size":1}},
        {"name":"n2","type":"N"}]}"#;
    let schema = schema_of("", text);
    for part in [
        "inner: struct(x.S){t: string(x.T)",
        "u: string(x.T)",
        ", t: string(x.T)",
        "r: ...",
        "n: bytes(N)",
        "n2: bytes(N)",
    ] {
        assert!(schema.contains(part), "{part} in {schema}");
    }
}

#[test]
fn references_are_read_before_what_refers_to_them() {
    let text = SchemaText {
        text: r#"{"type":"record","name":"a.R","fields":[{"name":"s","type":"S"},{"name":"t","type":["null","b.T"]}]}"#.to_owned(),
        references: vec![
            reference("b.T", r#"{"type":"enum","name":"b.T","symbols":["X"]}"#),
            reference("a.S", r#"{"type":"record","name":"a.S","fields":[{"name":"t","type":"b.T"}]}"#),
        ],
    };
    let mut format = format("");
    let schema = Arc::new(format.parse(&text, None).unwrap());
    let read = format
        .read(&schema, &[], b"\x00\x02\x00"[..].into())
        .unwrap();
    assert_eq!(notation::value(&read.value), r#"(s=(t="X"), t="X")"#);
    assert_eq!(Avro::record_name(&schema, &[]).as_deref(), Some("a.R"));
    assert_eq!(
        Avro::record_name(&parsed(&mut format, r#""int""#), &[]),
        None
    );
}

#[test]
fn what_is_no_schema_is_said() {
    let parse = |why: &str| {
        format!("SerializationException: Invalid schema of type AVRO / SchemaParseException: {why}")
    };
    for (text, why) in [
        (r#""what""#, "Undefined schema: what"),
        (r#"{"type":"what"}"#, "Undefined schema: what"),
        (r#"{"name":"R"}"#, r#"No type: {"name":"R"}"#),
        (
            r#"{"type":"record","fields":[]}"#,
            r#"No name in schema: {"fields":[],"type":"record"}"#,
        ),
        (r#"{"type":"record","name":"R"}"#, "Record has no fields: R"),
        (
            r#"{"type":"record","name":"a-b","fields":[]}"#,
            "Illegal character in: a-b",
        ),
        (
            r#"{"type":"record","name":"1","fields":[]}"#,
            "Illegal initial character: 1",
        ),
        (
            r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}"#,
            "Duplicate field a in record R",
        ),
        (r#"["int","int"]"#, "Duplicate in union:int"),
        (
            r#"["int",["string"]]"#,
            r#"Nested union: ["int",["string"]]"#,
        ),
        (
            r#"[{"type":"fixed","name":"F","size":1},{"type":"enum","name":"F","symbols":[]}]"#,
            "Can't redefine: F",
        ),
        (
            r#"{"type":"enum","name":"E","symbols":["A","A"]}"#,
            "Duplicate enum symbol: A",
        ),
        (
            r#"{"type":"enum","name":"E","symbols":["A"],"default":"B"}"#,
            r#"The Enum Default: B is not in the enum symbol set: ["A"]"#,
        ),
        ("5", "Schema not yet supported: 5"),
    ] {
        let found = schema_error("", text);
        // Members stand in another order where other crates want them in that of the text.
        if !why.starts_with('N') {
            assert_eq!(found, parse(why), "{text}");
        }
        assert!(found.starts_with(&parse(&why[..7])), "{text}: {found}");
    }
    assert!(schema_error("", "{").contains("SchemaParseException: EOF"));
    assert_eq!(
        schema_error(
            "",
            r#"{"type":"record","name":"R","fields":[{"name":"r","type":"R"}]}"#
        ),
        "DataException: R has itself as a field, so it has no end"
    );
    for (parameters, why) in [
        (
            "[]",
            "Expected JSON object for schema parameters but found: []",
        ),
        (
            r#"{"a":1}"#,
            "Expected schema parameter values to be strings but found: 1",
        ),
    ] {
        let text = format!(r#"{{"type":"int","connect.parameters":{parameters}}}"#);
        assert_eq!(schema_error("", &text), format!("DataException: {why}"));
    }
}

#[test]
fn bytes_that_do_not_fit_are_said() {
    for (text, payload, expected) in [
        (
            r#""int""#,
            &b""[..],
            "EOFException: the payload ends in the middle of a value",
        ),
        (
            r#""int""#,
            b"\xff\xff\xff\xff\xff\xff",
            "InvalidNumberEncodingException: Invalid int encoding",
        ),
        (
            r#""string""#,
            b"\x01",
            "AvroRuntimeException: Malformed data. Length is negative: -1",
        ),
        (
            r#""string""#,
            b"\xfe\xff\xff\xff\x0f",
            "EOFException: the payload ends in the middle of a value",
        ),
        (
            r#"["null","int"]"#,
            b"\x04",
            "ArrayIndexOutOfBoundsException: Index 2 out of bounds for length 2",
        ),
        (
            r#"{"type":"enum","name":"E","symbols":["A"]}"#,
            b"\x02",
            "ArrayIndexOutOfBoundsException: Index 1 out of bounds for length 1",
        ),
    ] {
        assert_eq!(value_error(text, payload), expected, "{text} {payload:?}");
    }
    // What stands behind the value is passed over.
    assert_eq!(value_of(r#""int""#, b"\x02garbage"), "1");
}

#[test]
fn values_without_a_schema_are_what_they_are() {
    let text = include_str!("../../src/avro/anything.avsc");
    let parsed = parsed(&mut format(""), text);
    assert!(parsed.schema().is_none());
    for (payload, value) in [
        (&[0; 9][..], "-"),
        (b"\x02\x01\0\0\0\0\0\0\0\0", "true"),
        (b"\0\0\0\0\x02\x0a\0\0\0\0", "5"),
        (
            b"\0\0\0\0\0\0\0\x02\x02\0\0\0\0\0\0\x02\x02a\0\0\0\0",
            r#"["a"]"#,
        ),
    ] {
        assert_eq!(value_of(text, payload), value);
    }
}

#[test]
fn keys_that_name_java_classes_are_refused() {
    for key in [
        ("specific.avro.reader", "true"),
        ("specific.avro.key.type", "a.B"),
        ("specific.avro.value.type", "a.B"),
    ] {
        let config = Config::from([key]);
        let def = Avro::config_def();
        let errors = def.validate(&config);
        let text = format!("{errors:?}");
        assert!(text.contains("no classes of Java"), "{text}");
    }
}

#[test]
fn every_defined_key_is_read_and_nothing_else() {
    let config = Config::default();
    let reader = ConfigReader::new(&config);
    Avro::new(&reader, ConverterType::Key);
    let defined: std::collections::BTreeSet<String> = Avro::config_def()
        .keys()
        .map(|info| info.name.to_owned())
        .collect();
    assert_eq!(reader.keys_read(), defined);
}
