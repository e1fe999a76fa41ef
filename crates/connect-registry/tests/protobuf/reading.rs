//! Bytes to Connect data.

use connect_api::data::Value;
use connect_registry::format::Format;

use super::{encode, format, notation, read, reference, schema_text};

/// Schema and value of a message that is called `M`. The message may be given in parts with a bar between them; the other
/// library writes maps in any order, but each part at its place.
fn check(keys: &str, body: &str, message: &str, schema: &str, value: &str) {
    let file = file(body);
    let parts = message.split('|').map(|part| encode(&file, "M", part));
    let bytes = parts.collect::<Vec<_>>().concat();
    let found = read(&mut format(keys), &schema_text(&file), &[0], bytes).unwrap();
    assert_eq!(
        notation::schema(found.schema.as_ref().unwrap()),
        schema,
        "schema of {body}"
    );
    assert_eq!(notation::value(&found.value), value, "{message} as {body}");
}

/// A file of one message whose members are given, with whatever stands behind `---` beside it. proto3 if it says
/// nothing else.
fn file(body: &str) -> String {
    let (body, syntax) = match body.strip_prefix("proto2 ") {
        Some(body) => (body, "proto2"),
        None => (body, "proto3"),
    };
    let (members, others) = body.split_once("---").unwrap_or((body, ""));
    let imports = ["any", "duration", "struct", "timestamp", "wrappers"]
        .map(|name| format!("import \"google/protobuf/{name}.proto\";"))
        .concat();
    format!("syntax = \"{syntax}\"; {imports} message M {{ {members} }} {others}")
}

#[test]
fn scalars_keep_their_type_or_the_next_larger_one() {
    for (type_, text, schema, value) in [
        ("int32", "-1", "int32?<Tag=1>", "-1"),
        ("sint32", "-1", "int32?<Tag=1,Type=sint32>", "-1"),
        ("sfixed32", "-1", "int32?<Tag=1,Type=sfixed32>", "-1"),
        (
            "uint32",
            "4294967295",
            "int64?<Tag=1,Type=uint32>",
            "4294967295L",
        ),
        (
            "fixed32",
            "4294967295",
            "int64?<Tag=1,Type=fixed32>",
            "4294967295L",
        ),
        ("int64", "-1", "int64?<Tag=1>", "-1L"),
        (
            "uint64",
            "18446744073709551615",
            "int64?<Tag=1,Type=uint64>",
            "-1L",
        ),
        ("sint64", "-5", "int64?<Tag=1,Type=sint64>", "-5L"),
        ("fixed64", "7", "int64?<Tag=1,Type=fixed64>", "7L"),
        ("sfixed64", "-7", "int64?<Tag=1,Type=sfixed64>", "-7L"),
        ("float", "1.5", "float32?<Tag=1>", "1.5f"),
        ("double", "1.5", "float64?<Tag=1>", "1.5"),
        ("bool", "true", "boolean?<Tag=1>", "true"),
        ("string", "'ä'", "string?<Tag=1>", "\"ä\""),
        ("bytes", "'a'", "bytes?<Tag=1>", "b\"a\""),
    ] {
        let body = format!("{type_} a = 1;");
        let schema = format!("struct(M){{a: {schema}}}");
        check(
            "",
            &body,
            &format!("a: {text}"),
            &schema,
            &format!("(a={value})"),
        );
        let body = format!("repeated {type_} a = 1;");
        let element = schema.replace("Tag=1,", "").replace("<Tag=1>", "");
        let element = element.split("a: ").nth(1).unwrap().trim_end_matches('}');
        let schema = format!("struct(M){{a: array[{element}]?<Tag=1>}}");
        let message = format!("a: {text} a: {text}");
        check(
            "",
            &body,
            &message,
            &schema,
            &format!("(a=[{value}, {value}])"),
        );
        if !matches!(type_, "string" | "bytes") {
            let body = format!("repeated {type_} a = 1 [packed = false];");
            check(
                "",
                &body,
                &message,
                &schema,
                &format!("(a=[{value}, {value}])"),
            );
        }
    }
}

#[test]
fn a_missing_field_is_its_default_unless_it_says_optional() {
    let all = "int32 i = 1; string s = 2; bytes b = 3; bool f = 4; double d = 5; E e = 6; repeated int32 r = 7; \
               map<string, int32> m = 8; M n = 9; --- enum E { ZERO = 0; ONE = 1; }";
    let found = read(&mut format(""), &schema_text(&file(all)), &[], "").unwrap();
    assert_eq!(
        notation::value(&found.value),
        r#"(i=0, s="", b=b"", f=false, d=0.0, e="ZERO", r=[], m={}, n=-)"#
    );
    let schema = "struct(M){i: int32?<Tag=1>, s: string?<Tag=2>}";
    let optional = "optional int32 i = 1; optional string s = 2;";
    check("", optional, "", schema, "(i=-, s=-)");
    check("", optional, "i: 0 s: ''", schema, "(i=0, s=\"\")");
    let proto2 = "proto2 optional int32 i = 1 [default = 7]; optional string s = 2;";
    check("", proto2, "", schema, "(i=-, s=-)");
    check(
        "optional.for.proto2=false",
        proto2,
        "",
        schema,
        "(i=7, s=\"\")",
    );
    check(
        "",
        "proto2 required int32 i = 1; required string s = 2;",
        "i: 1 s: 'x'",
        schema,
        "(i=1, s=\"x\")",
    );
}

#[test]
fn optional_for_nullables_makes_the_keyword_count() {
    check(
        "optional.for.nullables=true",
        "int32 a = 1; optional int32 b = 2; N c = 3; repeated int32 d = 4; --- message N { int32 x = 1; }",
        "",
        "struct(M){a: int32<Tag=1>, b: int32?<Tag=2>, c: struct?(N)<Tag=3>{x: int32<Tag=1>}, \
         d: array[int32?]?<Tag=4>}",
        "(a=0, b=-, c=-, d=[])",
    );
}

#[test]
fn wrappers_are_the_value_inside() {
    let body = "google.protobuf.StringValue a = 1; google.protobuf.UInt32Value b = 2; \
                repeated google.protobuf.BoolValue c = 3;";
    let message = "a { value: 'x' } c { value: true } c { }";
    check(
        "",
        body,
        message,
        "struct(M){a: string?<Tag=1>, b: int64?<Tag=2>, c: array[boolean?]?<Tag=3>}",
        "(a=\"x\", b=-, c=[true, false])",
    );
    check(
        "wrapper.for.nullables=true",
        "google.protobuf.StringValue a = 1; int32 b = 2;",
        "a { }",
        "struct(M){a: string?<Tag=1>, b: int32<Tag=2>}",
        "(a=\"\", b=0)",
    );
    check(
        "wrapper.for.raw.primitives=false",
        "google.protobuf.StringValue a = 1;",
        "a { value: 'x' }",
        "struct(M){a: struct?(StringValue)<Tag=1>{value: string?<Tag=1>}}",
        "(a=(value=\"x\"))",
    );
}

#[test]
fn a_wrapper_alone_is_the_value_inside() {
    let text =
        "syntax = \"proto3\"; package google.protobuf; message Int64Value { int64 value = 1; }";
    let mut protobuf = format("");
    let schema = protobuf.parse(&schema_text(text), Some(3)).unwrap().into();
    let found = protobuf
        .read(&schema, &[0], b"\x08\x05".as_slice().into())
        .unwrap();
    assert_eq!(notation::schema(&found.schema.unwrap()), "int64(v3)");
    assert_eq!(found.value, Value::Int64(5));
    let found = protobuf.read(&schema, &[0], Default::default()).unwrap();
    assert_eq!(found.value, Value::Int64(0));
}

#[test]
fn enums_are_names_or_numbers() {
    let body = "E e = 1; repeated E r = 2; --- enum E { option allow_alias = true; ZERO = 0; ONE = 1; UNO = 1; \
                FAR = 1000; MINUS = -1; }";
    let parameters = "Enum=E,Enum.FAR=1000,Enum.MINUS=-1,Enum.ONE=1,Enum.UNO=1,Enum.ZERO=0";
    let message = "e: UNO r: FAR r: MINUS r: 5";
    check(
        "",
        body,
        message,
        &format!(
            "struct(M){{e: string?(E)<{parameters},Tag=1>, r: array[string?(E)<{parameters}>]?<Tag=2>}}"
        ),
        "(e=\"ONE\", r=[\"FAR\", \"MINUS\", \"UNKNOWN_ENUM_VALUE_E_5\"])",
    );
    check(
        "int.for.enums=true",
        body,
        message,
        &format!(
            "struct(M){{e: int32?(E)<{parameters},Tag=1>, r: array[int32?(E)<{parameters}>]?<Tag=2>}}"
        ),
        "(e=1, r=[1000, -1, 5])",
    );
    check(
        "generalized.sum.type.support=true",
        "E e = 1; --- enum E { A = 0; }",
        "",
        "struct(M){e: string?(E)<Tag=1,org.apache.kafka.connect.data.Enum=E,org.apache.kafka.connect.data.Enum.A=0>}",
        "(e=\"A\")",
    );
}

#[test]
fn a_number_that_a_closed_enum_does_not_have_is_no_value() {
    let text = file("proto2 optional E e = 1; repeated E r = 2; --- enum E { A = 3; B = 4; }");
    let found = read(
        &mut format(""),
        &schema_text(&text),
        &[0],
        b"\x08\x05\x10\x05\x10\x04".as_slice(),
    );
    assert_eq!(notation::value(&found.unwrap().value), "(e=-, r=[\"B\"])");
}

#[test]
fn maps_have_any_key() {
    check(
        "",
        "map<string, int32> some_map = 1; map<int32, N> n = 2; map<bool, E> e = 3; map<uint32, bytes> u = 4; \
         --- message N { string x = 1; } enum E { A = 0; B = 1; }",
        "some_map { key: 'a' value: 1 } | some_map { key: 'b' } | some_map { key: 'a' value: 2 } | \
         n { key: -1 value { x: 'y' } } | n { key: 7 } | e { key: true value: B } | e { } u { key: 4294967295 value: 'z' }",
        "struct(M){some_map: map[string?<Tag=1>: int32?<Tag=2>]?(some_map)<Tag=1>, \
         n: map[int32?<Tag=1>: struct?(N)<Tag=2>{x: string?<Tag=1>}]?(n)<Tag=2>, \
         e: map[boolean?<Tag=1>: string?(E)<Enum=E,Enum.A=0,Enum.B=1,Tag=2>]?(e)<Tag=3>, \
         u: map[int64?<Tag=1,Type=uint32>: bytes?<Tag=2>]?(u)<Tag=4>}",
        r#"(some_map={"a": 2, "b": 0}, n={-1: (x="y"), 7: (x="")}, e={true: "B", false: "A"}, u={4294967295L: b"z"})"#,
    );
}

/// Text that was made of a Connect schema has messages where others have maps.
#[test]
fn a_message_that_looks_like_an_entry_makes_a_map() {
    check(
        "",
        "repeated ThingsEntry things = 1; message ThingsEntry { string key = 1; int64 value = 2; }",
        "things { key: 'a' value: 1 }",
        "struct(M){things: map[string?<Tag=1>: int64?<Tag=2>]?(things)<Tag=1>}",
        "(things={\"a\": 1L})",
    );
}

#[test]
fn a_oneof_is_a_struct_with_the_member_that_came_last() {
    let body = "int32 before = 1; oneof choice { string s = 2; N n = 3; E e = 4; } oneof other { int32 i = 5; } \
                optional int32 p = 6; --- message N { int32 x = 1; int32 y = 2; } enum E { A = 0; }";
    let choice = "s: string?<Tag=2>, n: struct?(N)<Tag=3>{x: int32?<Tag=1>, y: int32?<Tag=2>}, \
                  e: string?(E)<Enum=E,Enum.A=0,Tag=4>";
    let rest = "before: int32?<Tag=1>, p: int32?<Tag=6>";
    let schema = format!(
        "struct(M){{choice_0: struct?(io.confluent.connect.protobuf.Union.choice){{{choice}}}, \
         other_1: struct?(io.confluent.connect.protobuf.Union.other){{i: int32?<Tag=5>}}, {rest}}}"
    );
    check(
        "",
        body,
        "s: 'x' i: 0",
        &schema,
        "(choice_0=(s=\"x\", n=-, e=-), other_1=(i=0), before=0, p=-)",
    );
    check(
        "",
        body,
        "n { y: 1 }",
        &schema,
        "(choice_0=(s=-, n=(x=0, y=1), e=-), other_1=-, before=0, p=-)",
    );
    check(
        "",
        body,
        "p: 0",
        &schema,
        "(choice_0=-, other_1=-, before=0, p=0)",
    );
    check(
        "flatten.unions=true",
        body,
        "n { x: 1 }",
        &format!("struct(M){{{choice}, i: int32?<Tag=5>, {rest}}}"),
        "(s=-, n=(x=1, y=0), e=-, i=-, before=0, p=-)",
    );
    check(
        "generate.index.for.unions=false\ngeneralized.sum.type.support=true",
        "oneof choice { string s = 2; }",
        "",
        "struct(M){choice: struct?(choice)<org.apache.kafka.connect.data.Union=choice>{s: string?<Tag=2>}}",
        "(choice=-)",
    );
}

/// Each part is a message as it may stand in front of others.
#[test]
fn what_stands_twice_is_merged_as_protobuf_says() {
    let text = file(
        "int32 a = 1; N n = 2; oneof o { N x = 3; int32 y = 4; N z = 7; } repeated N r = 5; map<int32, N> m = 6; \
         --- message N { int32 p = 1; N q = 2; repeated int32 l = 3; }",
    );
    for (parts, expected) in [
        (&["a: 1", "a: 2"][..], "(o_0=-, a=2, n=-, r=[], m={})"),
        (
            &["n { p: 1 l: 1 q { p: 3 } }", "n { l: 2 q { l: 4 } }"],
            "(o_0=-, a=0, n=(p=1, q=(p=3, q=-, l=[4]), l=[1, 2]), r=[], m={})",
        ),
        (
            &["x { p: 1 }", "x { l: 2 }"],
            "(o_0=(x=(p=1, q=-, l=[2]), y=-, z=-), a=0, n=-, r=[], m={})",
        ),
        (
            &["x { p: 1 }", "y: 3", "x { l: 2 }"],
            "(o_0=(x=(p=0, q=-, l=[2]), y=-, z=-), a=0, n=-, r=[], m={})",
        ),
        (
            &["y: 3", "x { }", "y: 4"],
            "(o_0=(x=-, y=4, z=-), a=0, n=-, r=[], m={})",
        ),
        (
            &["x { p: 1 }", "z { p: 2 }", "z { l: 2 }"],
            "(o_0=(x=-, y=-, z=(p=2, q=-, l=[2])), a=0, n=-, r=[], m={})",
        ),
        (
            &["r { p: 1 }", "r { p: 2 }"],
            "(o_0=-, a=0, n=-, r=[(p=1, q=-, l=[]), (p=2, q=-, l=[])], m={})",
        ),
    ] {
        let bytes: Vec<u8> = parts
            .iter()
            .flat_map(|part| encode(&text, "M", part))
            .collect();
        let found = read(&mut format(""), &schema_text(&text), &[0], bytes).unwrap();
        assert_eq!(notation::value(&found.value), expected, "{parts:?}");
    }
    // An entry whose value stands twice.
    let found = read(
        &mut format(""),
        &schema_text(&text),
        &[0],
        b"\x32\x0a\x08\x07\x12\x02\x08\x01\x12\x02\x18\x02".as_slice(),
    );
    assert_eq!(
        notation::value(&found.unwrap().value),
        "(o_0=-, a=0, n=-, r=[], m={7: (p=1, q=-, l=[2])})"
    );
}

#[test]
fn unknown_fields_and_values_of_another_type_are_left_out() {
    let text = schema_text(&file(
        "int32 a = 1; N n = 1000; repeated int32 r = 3; --- message N { int32 x = 1; }",
    ));
    for (bytes, expected) in [
        (&b"\x10\x01\x08\x07"[..], "(a=7, n=-, r=[])"),
        (b"\x0a\x01x\x08\x07", "(a=7, n=-, r=[])"),
        (b"\x13\x08\x01\x14\x08\x07", "(a=7, n=-, r=[])"),
        (b"\xc0\x3e\x01", "(a=0, n=-, r=[])"),
        (b"\xc2\x3e\x02\x08\x05", "(a=0, n=(x=5), r=[])"),
        (
            b"\x18\x01\x1a\x02\x02\x03\x18\x04\x1d1234",
            "(a=0, n=-, r=[1, 2, 3, 4])",
        ),
    ] {
        let found = read(&mut format(""), &text, &[0], bytes).unwrap();
        assert_eq!(notation::value(&found.value), expected, "{bytes:?}");
    }
}

#[test]
fn logical_types_are_connects_own() {
    let text = r#"syntax = "proto3";
        import "google/protobuf/timestamp.proto"; import "google/type/date.proto"; import "google/type/timeofday.proto";
        import "confluent/meta.proto"; import "confluent/type/decimal.proto";
        message M {
          google.protobuf.Timestamp t = 1;
          google.type.Date d = 2;
          google.type.TimeOfDay o = 3;
          confluent.type.Decimal x = 4 [(confluent.field_meta) = { params: [
            { key: "precision", value: "10" }, { key: "scale", value: "2" } ] }];
          confluent.type.Decimal y = 5;
          int32 small = 6 [(confluent.field_meta).params = { key: "connect.type", value: "int8" }];
          sint32 medium = 7 [(confluent.field_meta) = { params: { key: "connect.type" value: "int16" } }];
        }"#;
    let bytes = b"\x0a\x08\x08\x01\x10\xc0\x84\x3d\x20\x00\x12\x07\x08\xe8\x0f\x10\x02\x18\x1d\x1a\x06\x08\x01\x10\x02\x18\x03\
        \x22\x06\x0a\x02\x04\xd2\x18\x02\x30\x81\x02\x38\x05";
    let found = read(&mut format(""), &schema_text(text), &[0], bytes.as_slice()).unwrap();
    assert_eq!(
        notation::schema(&found.schema.unwrap()),
        "struct(M){t: int64?(org.apache.kafka.connect.data.Timestamp v1)<Tag=1>, \
         d: int32?(org.apache.kafka.connect.data.Date v1)<Tag=2>, \
         o: int32?(org.apache.kafka.connect.data.Time v1)<Tag=3>, \
         x: bytes?(org.apache.kafka.connect.data.Decimal v1)<connect.decimal.precision=10,Tag=4,scale=2>, \
         y: bytes?(org.apache.kafka.connect.data.Decimal v1)<Tag=5,scale=0>, \
         small: int8?<Tag=6>, medium: int16?<Tag=7>}"
    );
    assert_eq!(
        notation::value(&found.value),
        "(t=@1001, d=@1709164800000, o=@3723000, x=12.34d, y=-, small=1b, medium=-3s)"
    );
}

#[test]
fn what_no_logical_type_can_be_fails_as_on_the_jvm() {
    let text = r#"syntax = "proto3"; import "google/type/date.proto"; import "confluent/type/decimal.proto";
        message M { google.type.Date d = 1; confluent.type.Decimal x = 2; }"#;
    for (bytes, trace) in [
        (
            &b"\x0a\x00"[..],
            "java.lang.IllegalArgumentException: YEAR\n",
        ),
        (
            b"\x12\x00",
            "java.lang.NumberFormatException: Zero length BigInteger\n",
        ),
    ] {
        let error = read(&mut format(""), &schema_text(text), &[0], bytes).unwrap_err();
        assert_eq!(error.trace(), trace);
    }
}

#[test]
fn other_known_types_are_structs() {
    check(
        "",
        "google.protobuf.Duration d = 1; google.protobuf.Any a = 2;",
        "d { seconds: 1 }",
        "struct(M){d: struct?(Duration)<Tag=1>{seconds: int64?<Tag=1>, nanos: int32?<Tag=2>}, \
         a: struct?(Any)<Tag=2>{type_url: string?<Tag=1>, value: bytes?<Tag=2>}}",
        "(d=(seconds=1L, nanos=0), a=-)",
    );
    let text = file("google.protobuf.Struct s = 1;");
    let bytes = encode(
        &text,
        "M",
        "s { fields { key: 'a' value { list_value { values { number_value: 1 } } } } }",
    );
    let found = read(&mut format(""), &schema_text(&text), &[0], bytes).unwrap();
    let union =
        "null_value=-, number_value=-, string_value=-, bool_value=-, struct_value=-, list_value";
    assert_eq!(
        notation::value(&found.value),
        format!(
            "(s=(fields={{\"a\": (kind_0=({union}=(values=[(kind_0=(null_value=-, number_value=1.0, string_value=-, \
             bool_value=-, struct_value=-, list_value=-))])))}}))"
        )
    );
}

#[test]
fn a_message_inside_itself_is_one_schema() {
    let text = file(
        "int32 a = 1; M next = 2; repeated M all = 3; N n = 4; --- message N { M back = 1; N own = 2; }",
    );
    let bytes = encode(
        &text,
        "M",
        "a: 1 next { a: 2 all { a: 3 } n { back { a: 4 } own { } } }",
    );
    let found = read(&mut format(""), &schema_text(&text), &[0], bytes).unwrap();
    let schema = found.schema.unwrap();
    assert!(
        schema.is_optional(),
        "as on the JVM, where the inner use makes the outer optional"
    );
    let field = |name: &str| &schema.field(name).unwrap().schema;
    assert!(field("next").shares_fields_with(&schema));
    assert_eq!(
        field("next").parameters().unwrap()["io.confluent.connect.protobuf.Tag"],
        "2"
    );
    assert_eq!(field("all").value_schema().unwrap().parameters(), None);
    let back = &field("n").field("back").unwrap().schema;
    assert!(back.shares_fields_with(&schema));
    let value = found.value.as_struct().unwrap();
    assert!(value.validate().is_ok());
    assert_eq!(
        notation::value(&found.value),
        "(a=1, next=(a=2, next=-, all=[(a=3, next=-, all=[], n=-)], n=(back=(a=4, next=-, all=[], n=-), \
         own=(back=-, own=-))), all=[], n=-)"
    );
}

#[test]
fn a_message_type_in_two_fields_has_the_number_of_each() {
    let n = "{x: int32?<Tag=1>}";
    check(
        "",
        "N a = 1; N b = 2; repeated N c = 3; --- message N { int32 x = 1; }",
        "b { x: 1 }",
        &format!(
            "struct(M){{a: struct?(N)<Tag=1>{n}, b: struct?(N)<Tag=2>{n}, c: array[struct?(N)<Tag=1>{n}]?<Tag=3>}}"
        ),
        "(a=-, b=(x=1), c=[])",
    );
}

#[test]
fn a_missing_message_can_be_read_as_an_empty_one() {
    let body = "N n = 1; optional int32 o = 2; google.protobuf.Timestamp t = 3; oneof c { N m = 4; } \
                --- message N { string s = 1; P p = 2; } message P { int32 x = 1; }";
    let found = read(
        &mut format("generate.struct.for.nulls=true"),
        &schema_text(&file(body)),
        &[0],
        "",
    );
    assert_eq!(
        notation::value(&found.unwrap().value),
        "(c_0=-, n=(s=\"\", p=(x=0)), o=0, t=@0)"
    );
    let endless = schema_text(&file("M m = 1; M n = 2;"));
    let found = read(
        &mut format("generate.struct.for.nulls=true"),
        &endless,
        &[0],
        "",
    );
    assert!(
        found
            .unwrap_err()
            .message()
            .unwrap()
            .contains("too many levels of nesting")
    );
}

#[test]
fn names_can_keep_the_package() {
    let text = "syntax = \"proto3\"; package a.b; message M { N n = 1; E e = 2; map<string, int32> m = 3; \
                oneof c { int32 i = 4; } message N { int32 x = 1; } enum E { Z = 0; } }";
    let mut protobuf = format("enhanced.protobuf.schema.support=true");
    let schema = protobuf.parse(&schema_text(text), Some(2)).unwrap().into();
    let found = protobuf.read(&schema, &[0], "".into()).unwrap();
    assert_eq!(
        notation::schema(&found.schema.unwrap()),
        "struct(a.b.M v2){c_0: struct?(io.confluent.connect.protobuf.Union.a.b.M.c){i: int32?<Tag=4>}, \
         n: struct?(a.b.M.N)<Tag=1>{x: int32?<Tag=1>}, e: string?(a.b.M.E)<Enum=E,Enum.Z=0,Tag=2>, \
         m: map[string?<Tag=1>: int32?<Tag=2>]?(a.b.M.m)<Tag=3>}"
    );
}

#[test]
fn indexes_find_the_message_type() {
    let text = schema_text(
        "syntax = \"proto3\"; package p; message A { map<int32, int32> m = 1; message B { message C { int32 c = 1; } } \
         message D { int32 d = 1; } } message E { int32 e = 1; }",
    );
    let mut protobuf = format("");
    let schema = protobuf.parse(&text, None).unwrap();
    for (indexes, name) in [
        (&[][..], Some("p.A")),
        (&[0], Some("p.A")),
        (&[1], Some("p.E")),
        (&[0, 0], Some("p.A.B")),
        (&[0, 0, 0], Some("p.A.B.C")),
        (&[0, 1], Some("p.A.D")),
        (&[2], None),
        (&[0, 2], None),
        (&[-1], None),
    ] {
        let found = connect_registry::protobuf::Protobuf::record_name(&schema, indexes);
        assert_eq!(found.as_deref(), name, "{indexes:?}");
    }
    let error = protobuf
        .read(&schema.into(), &[1, 0], "".into())
        .unwrap_err();
    assert_eq!(error.message(), Some("Invalid message indexes: [1, 0]"));
}

#[test]
fn the_newest_version_is_read_by_name() {
    let mut protobuf = format("");
    let old = "syntax = \"proto3\"; message A { int32 a = 1; } message B { int32 b = 1; } message C { int32 c = 1; }";
    let new = "syntax = \"proto3\"; message B { int64 b = 1; string new = 2; } message A { int32 a = 1; }";
    let old = protobuf.parse(&schema_text(old), Some(1)).unwrap().into();
    let new = protobuf.parse(&schema_text(new), Some(2)).unwrap().into();
    let both = protobuf.reading_as(&old, &new).unwrap();
    for (index, expected) in [
        (0, "struct(A v2){a: int32?<Tag=1>}"),
        (1, "struct(B v2){b: int64?<Tag=1>, new: string?<Tag=2>}"),
        (2, "struct(B v2){b: int64?<Tag=1>, new: string?<Tag=2>}"),
    ] {
        let found = protobuf
            .read(&both, &[index], b"\x08\x05".as_slice().into())
            .unwrap();
        assert_eq!(notation::schema(&found.schema.unwrap()), expected);
    }
}

/// The JVM's serializer registers text that it makes of a descriptor, in which maps have become messages. They count.
#[test]
fn entries_that_stand_in_the_text_count_as_message_types() {
    let text = "syntax = \"proto3\"; message A { repeated MEntry m = 1; message MEntry { option map_entry = true; \
                int32 key = 1; int32 value = 2; } message D { int32 d = 1; } }";
    let mut protobuf = format("");
    let schema = protobuf.parse(&schema_text(text), None).unwrap();
    let name = |indexes| connect_registry::protobuf::Protobuf::record_name(&schema, indexes);
    assert_eq!(name(&[0, 1]).as_deref(), Some("A.D"));
    let found = protobuf.read(
        &schema.into(),
        &[0],
        b"\x0a\x04\x08\x01\x10\x02".as_slice().into(),
    );
    assert_eq!(notation::value(&found.unwrap().value), "(m={1: 2})");
}

#[test]
fn imports_are_references_by_path() {
    let mut text = schema_text(
        "syntax = \"proto3\"; package p; import \"other/a.proto\"; message M { q.A a = 1; q.E e = 2; }",
    );
    text.references = vec![
        reference(
            "b.proto",
            "syntax = \"proto2\"; package r; message B { optional int32 x = 1; }",
        ),
        reference(
            "other/a.proto",
            "syntax = \"proto3\"; package q; import public \"b.proto\"; message A { r.B b = 1; } enum E { Z = 0; }",
        ),
    ];
    let found = read(
        &mut format(""),
        &text,
        &[0],
        b"\x0a\x04\x0a\x02\x08\x05".as_slice(),
    )
    .unwrap();
    assert_eq!(notation::value(&found.value), "(a=(b=(x=5)), e=\"Z\")");

    text.references.remove(0);
    let error = read(&mut format(""), &text, &[0], "").unwrap_err();
    assert_eq!(
        error.message(),
        Some(
            "Invalid schema of type PROTOBUF: other/a.proto imports b.proto, but the schema has no reference of that name"
        )
    );
    text.references.push(reference(
        "b.proto",
        "syntax = \"proto3\"; import \"other/a.proto\";",
    ));
    let error = read(&mut format(""), &text, &[0], "").unwrap_err();
    assert!(
        error.message().unwrap().contains("imports itself"),
        "{error}"
    );
}

#[test]
fn what_is_no_schema_is_said_with_its_place() {
    for (text, expected) in [
        ("message M { int32 a = 1 }", "expected"),
        (
            "syntax = \"proto3\"; message M { Unknown a = 1; }",
            "Unknown",
        ),
        (
            "edition = \"2023\"; message M { int32 a = 1; }",
            "only proto2 and proto3 are read",
        ),
        ("eyJhIjoxfQ==", "is no file descriptor"),
        ("{}", "expected"),
    ] {
        let error = read(&mut format(""), &schema_text(text), &[0], "").unwrap_err();
        let message = error.message().unwrap();
        assert!(
            message.starts_with("Invalid schema of type PROTOBUF: "),
            "{message}"
        );
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn groups_are_refused_as_on_the_jvm() {
    let text = file("proto2 optional group G = 1 { optional int32 a = 1; }");
    let error = read(&mut format(""), &schema_text(&text), &[0], "").unwrap_err();
    assert_eq!(error.message(), Some("Unknown Connect schema type: GROUP"));
}

#[test]
fn missing_required_fields_are_named() {
    let text = file(
        "proto2 optional N n = 1; required int32 a = 2; repeated N l = 3; --- message N { required int32 x = 1; }",
    );
    for (bytes, expected) in [
        (&b""[..], "a"),
        (b"\x10\x01\x0a\x00", "n.x"),
        (b"\x10\x01\x1a\x00", "l.x"),
    ] {
        let error = read(&mut format(""), &schema_text(&text), &[0], bytes).unwrap_err();
        assert_eq!(
            error.trace(),
            format!(
                "com.google.protobuf.InvalidProtocolBufferException: Message missing required fields: {expected}\n"
            )
        );
    }
}

#[test]
fn text_that_is_no_utf_8_is_an_error_in_proto3_only() {
    let bytes = b"\x0a\x03a\xffb";
    let error = read(
        &mut format(""),
        &schema_text(&file("string s = 1;")),
        &[0],
        bytes.as_slice(),
    );
    assert_eq!(
        error.unwrap_err().trace(),
        "com.google.protobuf.InvalidProtocolBufferException: Protocol message had invalid UTF-8.\n"
    );
    let found = read(
        &mut format(""),
        &schema_text(&file("proto2 optional string s = 1;")),
        &[0],
        bytes.as_slice(),
    );
    assert_eq!(notation::value(&found.unwrap().value), "(s=\"a\u{fffd}b\")");
}

#[test]
fn messages_nest_a_hundred_deep() {
    let text = schema_text(&file("M m = 1; map<int32, M> e = 2; repeated M r = 3;"));
    for tag in [0x0a, 0x1a] {
        let mut bytes = Vec::new();
        for depth in 1..=101 {
            let mut outer = vec![tag];
            let mut n = bytes.len();
            while n >= 0x80 {
                outer.push(n as u8 | 0x80);
                n >>= 7;
            }
            outer.push(n as u8);
            outer.extend(bytes);
            bytes = outer;
            let found = read(&mut format(""), &text, &[0], bytes.clone());
            assert_eq!(found.is_ok(), depth <= 100, "{depth}");
        }
    }
}

/// Strings and bytes are slices of the record, so that nothing is copied.
#[test]
fn texts_are_slices_of_the_payload() {
    let payload = bytes::Bytes::from(b"\x0a\x05hello\x12\x03abc".to_vec());
    let text = schema_text(&file("string s = 1; bytes b = 2;"));
    let found = read(&mut format(""), &text, &[0], payload.clone()).unwrap();
    let values = found.value.as_struct().unwrap().values();
    assert_eq!(values[0].as_str().unwrap().as_ptr(), payload[2..].as_ptr());
    let Value::Bytes(bytes) = &values[1] else {
        panic!("{values:?}")
    };
    assert_eq!(bytes.as_ptr(), payload[9..].as_ptr());
}
