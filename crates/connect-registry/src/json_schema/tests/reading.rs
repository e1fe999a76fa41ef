//! JSON schema and payload in, Connect schema and value out.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;

const ONE_OF: &str = "io.confluent.connect.json.OneOf";
const OPTIONAL: &[(&str, &str)] = &[("use.optional.for.nonrequired", "true")];

/// Settings, JSON schema, payload, Connect schema, value.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str, String, &'a str);

fn check(cases: &[Case<'_>]) {
    for (settings, schema, payload, expected, value) in cases {
        let mut format = format(settings);
        let parsed = format.parse(&text(schema), None).map(Arc::new);
        let parsed = parsed.unwrap_or_else(|error| panic!("{schema}: {error}"));
        assert_eq!(notation::schema(parsed.schema()), *expected, "{schema}");
        let read = read_parsed(&mut format, &parsed, payload);
        let read = read.unwrap_or_else(|error| panic!("{schema} {payload}: {error}"));
        assert_eq!(notation::value(&read), *value, "{schema} {payload}");
    }
}

fn s(text: &str) -> String {
    text.replace("ONE_OF", ONE_OF)
}

#[test]
fn simple_types_are_those_of_the_jvm() {
    check(&[
        (&[], r#"{"type":"boolean"}"#, "true", s("boolean"), "true"),
        (&[], r#"{"type":"integer"}"#, "12", s("int64"), "12"),
        (&[], r#"{"type":"number"}"#, "12.5", s("float64"), "12.5"),
        (&[], r#"{"type":"number"}"#, "NaN", s("float64"), "NaN"),
        (&[], r#"{"type":"number"}"#, "[]", s("float64"), "0.0"),
        (&[], r#"{"type":"string"}"#, r#""a""#, s("string"), r#""a""#),
        (&[], r#"{"type":"string"}"#, "1", s("string"), "null"),
        (
            &[],
            r#"{"type":"integer","connect.type":"int8"}"#,
            "12",
            s("int8"),
            "12i8",
        ),
        (
            &[],
            r#"{"type":"integer","connect.type":"int8"}"#,
            "300",
            s("int8"),
            "44i8",
        ),
        (
            &[],
            r#"{"type":"integer","connect.type":"int16"}"#,
            "-3",
            s("int16"),
            "-3i16",
        ),
        (
            &[],
            r#"{"type":"integer","connect.type":"int32"}"#,
            "7.9",
            s("int32"),
            "7i32",
        ),
        (
            &[],
            r#"{"type":"integer"}"#,
            "18446744073709551617",
            s("int64"),
            "1",
        ),
        (
            &[],
            r#"{"type":"number","connect.type":"float32"}"#,
            "12.2",
            s("float32"),
            "12.2f32",
        ),
        (
            &[],
            r#"{"type":"string","connect.type":"bytes"}"#,
            r#""Zm9v""#,
            s("bytes"),
            r#"b"foo""#,
        ),
        (
            &[],
            r#"{"type":"string","title":"T","description":"D","default":"x","connect.version":3,"connect.parameters":{"a":"b","n":1}}"#,
            "null",
            s(r#"string T@3="x"<a=b n=1>/D/"#),
            r#""x""#,
        ),
        (
            &[],
            r#"{"type":"integer","default":5}"#,
            "null",
            s("int64=5"),
            "5",
        ),
        (
            &[],
            r#"{"type":"integer","default":"five"}"#,
            "1",
            s("int64=0"),
            "1",
        ),
        (
            &[],
            r#"{"type":["string","null"]}"#,
            "null",
            s("string?"),
            "null",
        ),
        (
            &[],
            r#"{"type":["null","integer"],"format":"int32"}"#,
            "1",
            s("int64?"),
            "1",
        ),
        (
            &[],
            r#"{"type":"integer","format":"int32"}"#,
            "1",
            s("int64"),
            "1",
        ),
        (
            &[],
            r#"{"type":"string","format":"uuid"}"#,
            r#""x""#,
            s("string"),
            r#""x""#,
        ),
    ]);
}

#[test]
fn logical_types_go_by_their_title() {
    let decimal = r#"{"type":"number","title":"org.apache.kafka.connect.data.Decimal","connect.type":"bytes","connect.parameters":{"scale":"2"}}"#;
    let shown = "bytes org.apache.kafka.connect.data.Decimal<scale=2>";
    let temporal = |name: &str, type_: &str| {
        format!(
            r#"{{"type":"integer","title":"org.apache.kafka.connect.data.{name}","connect.type":"{type_}","connect.version":1}}"#
        )
    };
    check(&[
        (&[], decimal, r#""AJw=""#, s(shown), "d1.56"),
        (&[], decimal, "1.56", s(shown), "d1.56"),
        (
            &[],
            decimal,
            "1.23456789123456789",
            s(shown),
            "d1.23456789123456789",
        ),
        (&[], decimal, "7", s(shown), "d7"),
        (
            &[],
            &temporal("Date", "int32"),
            "2",
            s("int32 org.apache.kafka.connect.data.Date@1"),
            "t172800000",
        ),
        (
            &[],
            &temporal("Time", "int32"),
            "1000",
            s("int32 org.apache.kafka.connect.data.Time@1"),
            "t1000",
        ),
        (
            &[],
            &temporal("Timestamp", "int64"),
            "1234567890",
            s("int64 org.apache.kafka.connect.data.Timestamp@1"),
            "t1234567890",
        ),
    ]);
}

#[test]
fn fields_come_by_index_or_in_the_order_of_a_java_map() {
    let five = r#"{"type":"object","title":"T","properties":{"zeta":{"type":"string"},"alpha":{"type":"integer"},"m":{"type":"number","format":"double"},"name":{"type":"string"},"id":{"type":"boolean"}}}"#;
    let indexed = r#"{"type":"object","properties":{"a":{"type":"string","connect.index":2},"b":{"type":"string","connect.index":0},"c":{"type":"string","connect.index":1}}}"#;
    check(&[
        (
            &[],
            five,
            r#"{"id":true,"name":"x","zeta":"z","alpha":1,"m":2,"other":[{}]}"#,
            s("T(zeta: string, alpha: int64, name: string, id: boolean, m: float64)"),
            r#"("z", 1, "x", true, 2.0)"#,
        ),
        (
            &[],
            &five.replacen(
                '{',
                r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","#,
                1,
            ),
            "{}",
            s("T(zeta: string, alpha: int64, name: string, id: boolean, m: float64)"),
            "(null, null, null, null, null)",
        ),
        (
            &[],
            indexed,
            r#"{"a":"1","b":"2","c":"3"}"#,
            s("(b: string, c: string, a: string)"),
            r#"("2", "3", "1")"#,
        ),
    ]);
}

#[test]
fn required_and_null_decide_what_is_optional() {
    let schema = r#"{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"},"c":{"oneOf":[{"type":"null"},{"type":"string"}]}},"required":["a"]}"#;
    check(&[
        (
            &[],
            schema,
            r#"{"a":1,"c":null}"#,
            s("(a: int64, b: string, c: string?)"),
            "(1, null, null)",
        ),
        (
            OPTIONAL,
            schema,
            r#"{"a":1,"b":null}"#,
            s("(a: int64, b: string?, c: string?)"),
            "(1, null, null)",
        ),
    ]);
    for (schema, payload, message) in [
        (
            schema,
            r#"{"a":null}"#,
            "Invalid null value for required INT64 field",
        ),
        (
            r#"{"type":"object","properties":{"in":{"type":"object","properties":{"x":{"type":"string"}}}}}"#,
            r#"{"in":{}}"#,
            "Invalid value: null used for required field: \"x\", schema type: STRING",
        ),
        (
            r#"{"type":"object","properties":{"in":{"type":"array","items":{"type":"string"}}}}"#,
            r#"{"in":[1]}"#,
            "Invalid value: null used for required element of array field: \"in\", schema type: STRING",
        ),
        (
            r#"{"type":"object","properties":{"in":{"type":"string","connect.type":"bytes"}}}"#,
            r#"{"in":1.5}"#,
            "Invalid Java object for schema with type BYTES: class java.math.BigDecimal for field: \"in\"",
        ),
        (
            r#"{"type":"object","properties":{}}"#,
            "[]",
            "Structs should be encoded as JSON objects, but found ARRAY",
        ),
        (
            r#"{"type":"object","properties":{}}"#,
            "",
            "Structs should be encoded as JSON objects, but found MISSING",
        ),
        (
            r#"{"type":"object","connect.type":"map","additionalProperties":{"type":"string"}}"#,
            "[]",
            "Maps with string fields should be encoded as JSON objects, but found ARRAY",
        ),
        (
            r#"{"oneOf":[{"type":"string"},{"type":"boolean"}]}"#,
            "1",
            "Did not find matching oneof field for data",
        ),
    ] {
        let error = read(&[], schema, payload).unwrap_err();
        assert_eq!(error.message(), Some(message), "{schema} {payload}");
    }
}

#[test]
fn arrays_and_maps() {
    let entries = r#"{"type":"array","connect.type":"map","items":{"type":"object","properties":{"key":{"type":"integer","connect.type":"int8"},"value":{"oneOf":[{"type":"null"},{"type":"string"}]}}}}"#;
    let map = r#"{"type":"object","title":"foo.bar","connect.type":"map","additionalProperties":{"type":"integer","connect.type":"int32"}}"#;
    check(&[
        (
            &[],
            r#"{"type":"array","items":{"type":"string"},"default":[]}"#,
            r#"["a","b"]"#,
            s("[string]=[]"),
            r#"["a", "b"]"#,
        ),
        (
            &[],
            r#"{"items":{"type":"string"}}"#,
            r#"{"x":"a"}"#,
            s("[string]"),
            r#"["a"]"#,
        ),
        (
            &[],
            r#"{"type":"array","items":{"type":"string"}}"#,
            "1",
            s("[string]"),
            "[]",
        ),
        (
            &[],
            map,
            r#"{"hi":32,"hi":33,"ho":1}"#,
            s("foo.bar{string: int32}"),
            r#"{"hi": 33i32, "ho": 1i32}"#,
        ),
        (
            &[],
            entries,
            r#"[{"key":12,"value":"x"},{"value":null,"key":13}]"#,
            s("{int8: string?}"),
            r#"{12i8: "x", 13i8: null}"#,
        ),
        // Only connect.type makes a map; what else an object has is lost, as on the JVM.
        (
            &[],
            r#"{"type":"object","additionalProperties":{"type":"string"}}"#,
            r#"{"a":"b"}"#,
            s("()"),
            "()",
        ),
    ]);
    for (payload, message) in [
        ("[1]", "Found invalid map entry instead of object: NUMBER"),
        (
            r#"[{"key":1}]"#,
            "Found invalid map entry, expected length 2 but found :1",
        ),
        (
            r#"[{"key":1,"value":"a","x":1,"y":2}]"#,
            "Found invalid map entry, expected length 2 but found :3",
        ),
        (
            "{}",
            "Maps with non-string fields should be encoded as JSON array of objects, but found OBJECT",
        ),
    ] {
        let error = read(&[], entries, payload).unwrap_err();
        assert_eq!(error.message(), Some(message), "{payload}");
    }
}

#[test]
fn enumerations_become_strings_with_parameters() {
    let e = "io.confluent.connect.json.Enum";
    let sum = "org.apache.kafka.connect.data.Enum";
    check(&[
        (
            &[],
            r#"{"enum":["one",null,2],"title":"E"}"#,
            r#""one""#,
            format!("string E<{e}= {e}.2=2 {e}.<NULL>=<NULL> {e}.one=one>"),
            r#""one""#,
        ),
        (
            &[],
            r#"{"enum":["b","a"],"type":"string","title":"lost"}"#,
            r#""other""#,
            format!("string<{e}= {e}.a=a {e}.b=b>"),
            r#""other""#,
        ),
        (
            &[("generalized.sum.type.support", "true")],
            r#"{"enum":["b","a"]}"#,
            r#""a""#,
            format!("string<{sum}= {sum}.a=1 {sum}.b=0>"),
            r#""a""#,
        ),
        (
            &[],
            r#"{"enum":[1,2],"type":"number"}"#,
            "1.5",
            s("float64"),
            "1.5",
        ),
        (
            &[],
            r#"{"const":"money","type":"string"}"#,
            r#""money""#,
            s("string"),
            r#""money""#,
        ),
        (
            &[],
            r#"{"const":123,"type":"integer"}"#,
            "123",
            s("int64"),
            "123",
        ),
        (
            &[],
            r#"{"const":"c"}"#,
            r#""c""#,
            format!("string<{e}= {e}.c=c>"),
            r#""c""#,
        ),
    ]);
}

#[test]
fn unions_are_structs_and_values_choose_the_branch() {
    let numbers = r#"{"oneOf":[{"type":"integer","connect.type":"int8"},{"type":"integer","connect.type":"int16"}]}"#;
    let mixed = r#"{"anyOf":[{"type":"string"},{"type":"number"},{"type":"null"},{"type":"array","items":{"type":"string"}}],"title":"lost"}"#;
    let structs = r#"{"oneOf":[{"type":"object","title":"A","properties":{"a":{"type":"string"},"c":{"type":"string"}}},{"type":"object","title":"B","properties":{"b":{"type":"string"},"c":{"type":"string"}}}]}"#;
    let union = "ONE_OF(ONE_OF.field.0: A(a: string, c: string)?, ONE_OF.field.1: B(b: string, c: string)?)";
    check(&[
        (
            &[],
            numbers,
            "12",
            s("ONE_OF(ONE_OF.field.0: int8?, ONE_OF.field.1: int16?)"),
            "(12i8, null)",
        ),
        (
            &[],
            mixed,
            "1",
            s(
                "ONE_OF(ONE_OF.field.0: string?, ONE_OF.field.1: float64?, ONE_OF.field.2: [string]?)?",
            ),
            "(null, 1.0, null)",
        ),
        (
            &[],
            mixed,
            "null",
            s(
                "ONE_OF(ONE_OF.field.0: string?, ONE_OF.field.1: float64?, ONE_OF.field.2: [string]?)?",
            ),
            "null",
        ),
        (
            &[],
            structs,
            r#"{"b":"x","c":"y"}"#,
            s(union),
            r#"(null, ("x", "y"))"#,
        ),
        (
            &[],
            structs,
            r#"{"a":"x","c":"y"}"#,
            s(union),
            r#"(("x", "y"), null)"#,
        ),
        (
            &[("generalized.sum.type.support", "true")],
            numbers,
            "12",
            s(
                "connect_union_0(connect_union_field_0: int8?, connect_union_field_1: int16?)<org.apache.kafka.connect.data.Union=connect_union_0>",
            ),
            "(12i8, null)",
        ),
        // A union inside, and what becomes one on the way, keep their places.
        (
            &[],
            r#"{"oneOf":[{"type":"string"},{"oneOf":[{"type":"boolean"},{"type":"integer"}]}]}"#,
            r#""x""#,
            s(
                "ONE_OF(ONE_OF.field.0: string?, ONE_OF.field.1: ONE_OF(ONE_OF.field.0: boolean?, ONE_OF.field.1: int64?)?)",
            ),
            r#"("x", null)"#,
        ),
        (
            &[],
            r#"{"oneOf":[{"type":"boolean"},{"type":"integer","format":"int64"}]}"#,
            "1",
            s("ONE_OF(ONE_OF.field.0: boolean?, ONE_OF.field.1: int64?)"),
            "(null, 1)",
        ),
        // What may be null takes a number, too.
        (
            &[("generalized.sum.type.support", "true")],
            r#"{"type":"object","properties":{"a":{"oneOf":[{"type":"null"},{"type":"string"}]},"b":{"oneOf":[{"type":"string"},{"type":"integer"}]}}}"#,
            r#"{"b":1}"#,
            s(
                "(a: string?, b: connect_union_1(connect_union_field_0: string?, connect_union_field_1: int64?)<org.apache.kafka.connect.data.Union=connect_union_1>)",
            ),
            "(null, (null, 1))",
        ),
        (
            &[],
            r#"{"oneOf":[{"type":"string","title":"N"}]}"#,
            r#""x""#,
            s("string N"),
            r#""x""#,
        ),
        (
            &[("flatten.singleton.unions", "false")],
            r#"{"oneOf":[{"type":"string"}]}"#,
            r#""x""#,
            s("ONE_OF(ONE_OF.field.0: string?)"),
            r#"("x")"#,
        ),
    ]);
    // Nothing of either is there: the first is taken, and lacks its fields.
    let error = read(&[], structs, "{}").unwrap_err();
    assert_eq!(
        error.message(),
        Some("Invalid value: null used for required field: \"a\", schema type: STRING")
    );
}

#[test]
fn all_of_joins_properties() {
    check(&[
        (
            &[],
            r##"{"allOf":[{"$ref":"#/definitions/A"},{"$ref":"#/definitions/B"}],"title":"lost","type":"object","properties":{"own":{"type":"string"}},"definitions":{"A":{"properties":{"id":{"type":"string"}}},"B":{"properties":{"id2":{"type":"integer"}}}}}"##,
            r#"{"own":"o","id":"i","id2":2}"#,
            s("(id: string, id2: int64, own: string)"),
            r#"("i", 2, "o")"#,
        ),
        (
            OPTIONAL,
            r#"{"allOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"string"}}}]}"#,
            r#"{"a":"1"}"#,
            s("(a: string, b: string?)"),
            r#"("1", null)"#,
        ),
        (
            &[],
            r#"{"title":"P","type":"object","anyOf":[{"type":"object","properties":{"k":{"type":"string"}}},{"type":"object","properties":{"c":{"type":"string"}}}]}"#,
            r#"{"c":"x"}"#,
            s("ONE_OF(ONE_OF.field.0: (k: string)?, ONE_OF.field.1: (c: string)?)"),
            r#"(null, ("x"))"#,
        ),
    ]);
}

#[test]
fn references_lead_anywhere_in_the_text() {
    check(&[
        (
            OPTIONAL,
            r##"{"$schema":"http://json-schema.org/draft-04/schema#","title":"Event","type":"object","properties":{"v":{"$ref":"#/definitions/V"}},"definitions":{"P":{"type":"object","required":["amount"],"properties":{"amount":{"type":"number","format":"decimal"}}},"V":{"type":"object","required":["offer"],"properties":{"offer":{"connect.index":1,"$ref":"#/definitions/P"},"list":{"connect.index":2,"oneOf":[{"type":"null"},{"$ref":"#/definitions/P"}]}}}}}"##,
            r#"{"v":{"offer":{"amount":20000}}}"#,
            s(
                "Event(v: (offer: (amount: float64), list: (amount: float64)?<io.confluent.connect.json.Id=#id1>)?)",
            ),
            "(((20000.0), null))",
        ),
        (
            &[],
            r##"{"$id":"http://x.y/root.json","type":"object","properties":{"a":{"$ref":"#/definitions/A"},"b":{"$ref":"root.json#/definitions/x~1y%20z"},"c":{"$ref":"#foo"},"d":{"$ref":"item.json"}},"definitions":{"A":{"type":"string"},"x/y z":{"type":"integer"},"F":{"$id":"#foo","type":"boolean"},"I":{"$id":"item.json","type":"number"}}}"##,
            r#"{"a":"1","b":2,"c":true,"d":4}"#,
            s("(a: string, b: int64, c: boolean, d: float64)"),
            r#"("1", 2, true, 4.0)"#,
        ),
        (
            &[],
            r##"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"a":{"$ref":"#A"},"b":{"$ref":"#/$defs/B","title":"lost"}},"$defs":{"A":{"$anchor":"A","type":"string"},"B":{"type":"integer"}}}"##,
            r#"{"a":"1","b":2}"#,
            s("(a: string, b: int64)"),
            r#"("1", 2)"#,
        ),
    ]);
    for (schema, part) in [
        (
            r##"{"$ref":"#/definitions/none"}"##,
            r##"nothing is found for "$ref": "#/definitions/none""##,
        ),
        (
            r#"{"$ref":"http://x.y/z.json"}"#,
            r#"nothing is found for "$ref": "http://x.y/z.json""#,
        ),
        (
            r##"{"$ref":"#"}"##,
            "contains itself without an object between",
        ),
        (
            r##"{"type":"array","items":{"$ref":"#"}}"##,
            "contains itself without an object between",
        ),
    ] {
        let error = parse(&[], schema).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn references_of_the_registry_are_found_by_name() {
    let root = r##"{"$schema":"http://json-schema.org/draft-07/schema#","$id":"https://acme.com/root.json","type":"object","properties":{"item":{"$ref":"item.json"},"sub":{"$ref":"item.json#/definitions/S"}}}"##;
    let item = r##"{"type":"object","title":"Item","properties":{"price":{"$ref":"price.json"}},"definitions":{"S":{"type":"string"}}}"##;
    let price = r#"{"type":"number"}"#;
    for root in [
        root.to_owned(),
        root.replace(r#""$id":"https://acme.com/root.json","#, ""),
        root.replace(
            "http://json-schema.org/draft-07/schema#",
            "https://json-schema.org/draft/2019-09/schema",
        ),
    ] {
        let text = with_references(&root, &[("item.json", item), ("price.json", price)]);
        let parsed = format(&[]).parse(&text, Some(7)).unwrap();
        let shown = notation::schema(parsed.schema());
        let expected = ["sub: string", "item: Item(price: float64)", "@7"];
        assert!(expected.iter().all(|part| shown.contains(part)), "{shown}");
    }
}

#[test]
fn structs_can_contain_themselves() {
    // The outermost struct is one of its own; the one inside it contains itself.
    let tree = r##"{"type":"object","title":"Task","description":"A task","id":"#id1","properties":{"parent":{"oneOf":[{"type":"null"},{"$ref":"#id1"}]},"title":{"type":"string","connect.index":1}}}"##;
    let id = "<io.confluent.connect.json.Id=#id1>";
    check(&[
        (
            &[],
            tree,
            r#"{"title":"a","parent":{"title":"b","parent":{"title":"c","parent":null}}}"#,
            format!(
                "Task(parent: Task(parent: ^Task?{id}/A task/, title: string)?{id}/A task/, title: string)/A task/"
            ),
            r#"(((null, "c"), "b"), "a")"#,
        ),
        (
            &[],
            r##"{"title":"Foo","$ref":"#/$defs/Foo","$defs":{"Foo":{"type":"object","properties":{"foos":{"type":"array","items":{"$ref":"#/$defs/Foo"}}}}}}"##,
            r#"{"foos":[{"foos":[]},{"foos":[{"foos":[]}]}]}"#,
            format!("(foos: [^{id}]){id}"),
            "([([]), ([([])])])",
        ),
    ]);
}

#[test]
fn the_two_ways_of_loading_differ_where_the_jvms_do() {
    let modern = |schema: &str| {
        schema.replacen(
            '{',
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","#,
            1,
        )
    };
    let nullable = r#"{"type":["object","null"],"properties":{"a":{"type":"string"}}}"#;
    let inner = r#"{"oneOf":[{"type":"string","enum":["a"]},{"type":"integer"}]}"#;
    let beside = r##"{"$ref":"#/definitions/A","properties":{"own":{"type":"string"}},"definitions":{"A":{"properties":{"a":{"type":"string"}}}}}"##;
    let e = "io.confluent.connect.json.Enum";
    check(&[
        (&[], nullable, "null", s("(a: string)?"), "null"),
        (
            &[],
            &modern(nullable),
            r#"{"a":"x"}"#,
            s("(a: string)?"),
            r#"("x")"#,
        ),
        (
            &[],
            inner,
            "1",
            format!("{ONE_OF}({ONE_OF}.field.0: string?<{e}= {e}.a=a>, {ONE_OF}.field.1: int64?)"),
            "(null, 1)",
        ),
        // Keywords side by side are taken out of their branch.
        (
            &[],
            &modern(inner),
            "1",
            format!(
                "{ONE_OF}({ONE_OF}.field.0: string?, {ONE_OF}.field.1: string?<{e}= {e}.a=a>, {ONE_OF}.field.2: int64?)"
            ),
            "(null, null, 1)",
        ),
        (&[], beside, r#"{"a":"x"}"#, s("(a: string)"), r#"("x")"#),
        (
            &[],
            &modern(beside),
            r#"{"a":"x","own":"y"}"#,
            s("(a: string, own: string)"),
            r#"("x", "y")"#,
        ),
        (
            &[("ignore.modern.dialects", "true")],
            &modern(beside),
            r#"{"a":"x","own":"y"}"#,
            s("(a: string)"),
            r#"("x")"#,
        ),
    ]);
    let draft4 = r#"{"$schema":"http://json-schema.org/draft-04/schema#","const":"x"}"#;
    let error = parse(&[], draft4).unwrap_err();
    assert_eq!(
        error.message(),
        Some("Unsupported schema type org.everit.json.schema.EmptySchema")
    );
}

#[test]
fn schemas_that_connect_cannot_express_are_refused_by_what_they_are() {
    for (schema, message) in [
        (
            "{}",
            "Unsupported schema type org.everit.json.schema.EmptySchema",
        ),
        (
            "true",
            "Unsupported schema type org.everit.json.schema.TrueSchema",
        ),
        (
            r#"{"type":"null"}"#,
            "Unsupported schema type org.everit.json.schema.NullSchema",
        ),
        (
            r#"{"not":{}}"#,
            "Unsupported schema type org.everit.json.schema.NotSchema",
        ),
        (
            r#"{"type":"object","properties":{"a":{}}}"#,
            "Unsupported schema type org.everit.json.schema.EmptySchema",
        ),
        (
            r#"{"type":"array"}"#,
            "Array schema did not specify the items type",
        ),
        (
            r#"{"type":"array","items":[{"type":"string"}]}"#,
            "Array schema did not specify the items type",
        ),
        (
            r#"{"type":"integer","connect.type":"int128"}"#,
            "Unsupported type int128",
        ),
        (
            r#"{"type":"foo"}"#,
            "Invalid JSON Schema: unknown type: [foo]",
        ),
        (
            r#"{"type":"object","default":{},"properties":{}}"#,
            "Invalid default value",
        ),
        (
            r#"{"type":"string","default":null}"#,
            "Invalid null value for required STRING field",
        ),
        (
            r#"{"type":"string","title":1}"#,
            "Invalid JSON Schema: title must be text",
        ),
        (
            "[]",
            "Invalid JSON Schema: a schema must be an object or a boolean",
        ),
    ] {
        let error = parse(&[], schema).unwrap_err();
        assert_eq!(error.message(), Some(message), "{schema}");
        assert_eq!(error.class(), connect_api::error::ErrorClass::Record);
    }
}

#[test]
fn validation_refuses_what_the_schema_does_not_allow() {
    let validate = &[("json.fail.invalid.schema", "true")][..];
    let schema = r#"{"type":"object","properties":{"age":{"type":"integer","minimum":0}},"required":["age"]}"#;
    assert!(read(&[], schema, r#"{"age":-1}"#).is_ok());
    assert!(read(validate, schema, r#"{"age":1}"#).is_ok());
    let error = read(validate, schema, r#"{"age":-1}"#).unwrap_err();
    let trace = error.trace();
    assert!(
        trace.contains("json.fail.invalid.schema") && trace.contains("/age"),
        "{trace}"
    );
    assert!(!trace.contains("-1"), "values are not told: {trace}");

    let text = with_references(
        r#"{"type":"object","properties":{"a":{"$ref":"a.json"}}}"#,
        &[("a.json", r#"{"type":"string","maxLength":1}"#)],
    );
    let mut format = format(validate);
    let parsed = Arc::new(format.parse(&text, None).unwrap());
    assert!(read_parsed(&mut format, &parsed, r#"{"a":"x"}"#).is_ok());
    assert!(read_parsed(&mut format, &parsed, r#"{"a":"xy"}"#).is_err());
}

#[test]
fn payloads_that_are_no_json_say_where() {
    let error = read(&[], r#"{"type":"object","properties":{}}"#, r#"{"a":}"#).unwrap_err();
    assert_eq!(
        error.exception(),
        "com.fasterxml.jackson.core.JsonParseException"
    );
    assert!(
        error.trace().contains("line 1, column 6"),
        "{}",
        error.trace()
    );
}

/// As deep as it may get, on the stack that a thread of the runtime has.
#[test]
fn nesting_has_a_bound_and_the_stack_is_enough_for_it() {
    let tree = r##"{"type":"object","properties":{"n":{"$ref":"#"}}}"##;
    let deep = |levels: usize| format!("{}{{}}{}", r#"{"n":"#.repeat(levels), "}".repeat(levels));
    let optional = OPTIONAL.to_vec();
    let run = move || {
        assert!(read(&optional, tree, &deep(499)).is_ok());
        let error = read(&optional, tree, &deep(500)).unwrap_err();
        assert_eq!(
            error.message(),
            Some("the record is nested more than 500 deep")
        );
        assert!(read(&optional, tree, &deep(100_000)).is_err());
        let schema = |n: usize| {
            format!(
                "{}{}",
                r#"{"type":"array","items":"#.repeat(n),
                r#"{"type":"string"}"#
            ) + &"}".repeat(n)
        };
        assert!(parse(&[], &schema(90)).is_ok());
        assert!(parse(&[], &schema(100_000)).is_err());
    };
    let thread = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(run)
        .unwrap();
    thread.join().unwrap();
}

/// A chain of definitions, each longer by the former: their number must not become the depth of a stack.
#[test]
fn chains_of_references_end() {
    let mut definitions = String::new();
    for i in 0..5000 {
        let next = i + 1;
        definitions.push_str(&format!(r##""d{i}":{{"$ref":"#/definitions/d{next}"}},"##));
    }
    let schema = format!(
        r##"{{"$ref":"#/definitions/d0","definitions":{{{definitions}"d5000":{{"type":"string"}}}}}}"##
    );
    assert!(parse(&[], &schema).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_payload_breaks_it(payload: Vec<u8>) {
        let mut format = format(&[]);
        for schema in SCHEMAS {
            let parsed = Arc::new(format.parse(&text(schema), None).unwrap());
            let _ = format.read(&parsed, &[], payload.clone().into());
        }
    }

    #[test]
    fn no_json_breaks_it(payload in json(), schema in 0..SCHEMAS.len()) {
        let mut format = format(&[]);
        let parsed = Arc::new(format.parse(&text(SCHEMAS[schema]), None).unwrap());
        let _ = read_parsed(&mut format, &parsed, &payload);
    }

    #[test]
    fn no_schema_text_breaks_it(schema in schema_like(), garbage: String) {
        let _ = parse(&[], &schema);
        let _ = parse(&[], &schema.replacen('{', r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","#, 1));
        let _ = parse(&[], &garbage);
    }
}

const SCHEMAS: [&str; 4] = [
    r##"{"type":"object","properties":{"a":{"$ref":"#"},"b":{"type":"string"},"key":{"oneOf":[{"type":"object","properties":{"a":{"type":"integer"}}},{"type":"array","items":{"$ref":"#"}},{"type":"string"},{"type":"null"}]}}}"##,
    r#"{"type":"array","connect.type":"map","items":{"type":"object","properties":{"key":{"type":"number"},"value":{"type":"string","connect.type":"bytes"}}}}"#,
    r#"{"type":"object","connect.type":"map","additionalProperties":{"type":"number","title":"org.apache.kafka.connect.data.Decimal","connect.type":"bytes","connect.parameters":{"scale":"2"}}}"#,
    r#"{"type":"array","items":{"type":"integer","title":"org.apache.kafka.connect.data.Time","connect.type":"int32"}}"#,
];

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("NaN".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f32>().prop_map(|f| f.to_string()),
        "\"[a-z=]{0,6}\"",
    ];
    leaf.prop_recursive(4, 30, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|v| format!("[{}]", v.join(","))),
            prop::collection::vec(("(a|b|key|value)", inner), 0..4).prop_map(|v| {
                let members: Vec<_> = v.into_iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// Texts of the words that schemas are made of.
fn schema_like() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(r#""string""#.to_owned()),
        Just(r#""object""#.to_owned()),
        Just(r##""#""##.to_owned()),
        Just(r##""#/properties/a""##.to_owned()),
        Just(r##""#/allOf/0""##.to_owned()),
        Just(r#""map""#.to_owned()),
        Just("true".to_owned()),
        Just("1".to_owned()),
        Just("null".to_owned()),
    ];
    let word = "(type|properties|items|allOf|oneOf|anyOf|\\$ref|enum|const|additionalProperties|required|connect\\.type|connect\\.index|default|title|a|key|value|\\$id|format|minimum)";
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(|v| format!("[{}]", v.join(","))),
            3 => prop::collection::vec((word, inner), 0..4).prop_map(|v| {
                let members: Vec<_> = v.into_iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}
