#!/usr/bin/env python3
"""Records what the file sink of a JVM worker writes, case by case, into cases.jsonl.

    record.py --rest http://HOST:8083 --bootstrap HOST:9092 [--only REGEX] [cases.jsonl]

Needs the Python package confluent-kafka and a worker on the same machine (the files are read back from here),
started with -Duser.timezone=UTC. Needed only to follow a newer Kafka or to add a case; the tests read cases.jsonl.
"""
import argparse, base64, json, os, re, struct, tempfile, time, urllib.error, urllib.request, uuid
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

STORAGE, CONVERTERS = "org.apache.kafka.connect.storage.", "org.apache.kafka.connect.converters."
STRING = {"value.converter": STORAGE + "StringConverter"}
BYTES = {"value.converter": CONVERTERS + "ByteArrayConverter"}
JSON = {"value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "true"}
PLAIN = JSON | {"value.converter.schemas.enable": "false"}
HOIST = {"transforms": "h", "transforms.h.type": "org.apache.kafka.connect.transforms.HoistField$Value",
         "transforms.h.field": "line"}


def number(name):
    return {"value.converter": CONVERTERS + name + "Converter"}


def enveloped(schema, payload):
    if isinstance(schema, str): schema = {"type": schema, "optional": True}
    return json.dumps({"schema": schema, "payload": payload}, ensure_ascii=False)


def field(name, kind, optional=True, /, **more):
    return {"field": name, "type": kind, "optional": optional} | more


def record(*fields, name=None):
    return {"type": "struct", "optional": True, "fields": list(fields)} | ({"name": name} if name else {})


def logical(kind, base, **parameters):
    more = {"parameters": parameters} if parameters else {}
    return {"type": base, "optional": True, "name": "org.apache.kafka.connect.data." + kind, "version": 1} | more


def unscaled(n):
    return base64.b64encode(n.to_bytes((n.bit_length() + 8) // 8, "big", signed=True)).decode()


EVERYTHING = record(
    field("b", "boolean"), field("i8", "int8"), field("i16", "int16"), field("i32", "int32"), field("i64", "int64"),
    field("f", "float"), field("d", "double"), field("s", "string"),
    field("none", "string"), field("fallback", "string", default="filled in"),
    field("list", "array", items={"type": "int32"}),
    field("map", "map", keys={"type": "string"}, values={"type": "int64"}),
    field("nested", "struct", fields=[field("x", "int32"), field("y", "struct", fields=[field("z", "string")])]),
    name="com.example.Everything")
DOUBLES = ["0.0", "-0.0", "1.0", "1.5", "0.1", "0.001", "0.0001", "123456.789", "9999999.0", "1.0E7", "1.0E10",
           "12345678.9", "1.0E-5", "3.141592653589793", "2.0E-3", "1.7976931348623157E308", "4.9E-324",
           "2.2250738585072014E-308", "9007199254740993", "100", "2e0", "0.30000000000000004"]
FLOATS = ["0.0", "-0.0", "1.0", "0.1", "3.4028235E38", "1.4E-45", "1.0E10", "16777216", "0.001", "9.999E-4", "33554432",
          "1.0E7", "9999999"]

CASES = [
    # id, note, converter and transformation settings, values (str, bytes or None)
    ("string/text", "one line each, as it is", STRING, ["hello", "a b  c", " padded ", "tab\there", "naïve ☃ 𝄞"]),
    ("string/empty", "an empty value is an empty line", STRING, ["", "x", ""]),
    ("string/line_breaks", "a break inside a value is written as it is", STRING, ["two\nlines", "dos\r\nlines", "end\n"]),
    ("string/null", "no value at all", STRING, ["before", None, "after"]),
    ("string/word_null", "indistinguishable from no value", STRING, ["null"]),
    ("string/not_utf8", "replacement characters", STRING, [b"\xff\xfe", b"ok\xc3", b"\xed\xa0\x80", b"\xf0\x9d\x84", b"a\xe2\x28\xa1z", b"\x00\x01"]),
    ("string/latin1", "another encoding in the topic, UTF-8 in the file", STRING | {"value.converter.encoding": "ISO-8859-1"},
     [b"na\xefve"]),
    ("string/byte_order_mark", "kept", STRING, [b"\xef\xbb\xbfx"]),
    ("string/hoisted", "a map when there was no schema; the string converter gives an optional string schema", STRING | HOIST,
     ["hello", None]),
    ("bytes/identity", "class and identity hash of the array, not its content", BYTES, [b"abc", b"", None]),
    ("bytes/hoisted", "", BYTES | HOIST, [b"abc"]),
    ("number/short", "", number("Short"), [struct.pack(">h", n) for n in (0, -1, 32767, -32768)] + [None]),
    ("number/integer", "", number("Integer"), [struct.pack(">i", n) for n in (0, -1, 2**31 - 1, -2**31)] + [None]),
    ("number/long", "", number("Long"), [struct.pack(">q", n) for n in (0, -1, 2**63 - 1, -2**63)] + [None]),
    ("number/float", "", number("Float"), [struct.pack(">f", float(n)) for n in FLOATS + ["nan", "inf", "-inf"]] + [None]),
    ("number/double", "", number("Double"), [struct.pack(">d", float(n)) for n in DOUBLES + ["nan", "inf", "-inf"]] + [None]),
    ("number/double_not_shortest", "Java 17 prints a digit too many; from Java 19 on the shortest text is printed", number("Double"),
     [struct.pack(">d", n) for n in (1e23, 2e23, 2.0**-44, 8.41e21, 5e-324)]),
    ("number/float_not_shortest", "the same", number("Float"), [struct.pack(">f", n) for n in (1.17549435e-38, 2.0**-44, 3.3e10, 1.1e10)]),
    ("number/boolean", "", number("Boolean"), [b"\x01", b"\x00", None]),
    ("plain/scalars", "JSON without schemas", PLAIN, ["true", "false", "null", '"text"', '"q\\"uote\\n\\u00e9"', '""', "0", "-7",
                                                    "9223372036854775807"]),
    ("plain/big_integer", "beyond 64 bits", PLAIN, ["9223372036854775808", "-9223372036854775809", "1" + "0" * 30]),
    ("plain/numbers", "every number with a fraction or exponent is a double", PLAIN, DOUBLES + ["1E400", "1e10", "5E+3", "-1.50"]),
    ("plain/null", "no value, and the word", PLAIN, [None, "null", "1"]),
    ("plain/array", "", PLAIN, ["[]", "[1,2.0,\"x\",null,true]", "[[1],[[]],{}]"]),
    ("plain/object", "one member: no question of order", PLAIN, ["{}", '{"a":1}', '{"a":null}', '{"a":{"b":[1,{"c":"d"}]}}',
                                                                 '{"":""}', '{"d":1.0E10}']),
    ("plain/object_order", "members come in the order of Java's HashMap", PLAIN,
     ['{"b":1,"a":2,"c":3}', '{"name":"Ada","age":36,"id":7,"email":"ada@example.com"}',
      json.dumps({f"key{i}": i for i in range(14)}), json.dumps({f"field_{i}": i for i in range(40)}),
      '{"Aa":1,"BB":2,"AaAa":3,"BBBB":4}', '{"z":1,"é":2,"☃":3,"𝄞":4}', '{"a":1,"b":2,"a":3}',
      json.dumps({"timestamp": 1, "user_id": 2, "event": 3, "payload": {"zeta": 1, "alpha": 2}, "tags": ["y", "x"]})]),
    ("plain/white_space", "", PLAIN, [' { "a" : [ 1 , 2 ] } ']),
    ("plain/empty_bytes", "zero bytes, not no value", PLAIN, [b"", "1"]),
    ("plain/bad_records_left_out", "tolerated by setting", PLAIN | {"errors.tolerance": "all"},
     ["1", "{", "2", "nope", '"unclosed', "3"]),
    ("json/scalars", "", JSON, [enveloped("boolean", True), enveloped("int8", -128), enveloped("int16", 300),
                                enveloped("int32", -5), enveloped("int64", 2**63 - 1), enveloped("string", "text"),
                                enveloped("string", ""), enveloped("string", None)]),
    ("json/null", "no value, a null payload, a null envelope", JSON, [None, enveloped("int32", None), '{"schema":null,"payload":null}']),
    ("json/no_schema_given", "schema null: as without schemas", JSON, ['{"schema":null,"payload":{"a":1}}', '{"schema":null,"payload":2.5}']),
    ("json/doubles", "", JSON, ['{"schema":{"type":"double"},"payload":%s}' % n for n in DOUBLES]),
    ("json/floats", "", JSON, ['{"schema":{"type":"float"},"payload":%s}' % n for n in FLOATS]),
    ("json/integers_narrowed", "a number that does not fit its schema", JSON,
     ['{"schema":{"type":"int8"},"payload":300}', '{"schema":{"type":"int32"},"payload":4294967297}',
      '{"schema":{"type":"int16"},"payload":1.9}', '{"schema":{"type":"double"},"payload":"x"}']),
    ("json/array", "", JSON, [enveloped({"type": "array", "items": {"type": "int32"}}, [1, 2, 3]),
                              enveloped({"type": "array", "items": {"type": "string", "optional": True}}, ["a", None, ""]),
                              enveloped({"type": "array", "items": {"type": "array", "items": {"type": "double"}}}, [[1.0], []])]),
    ("json/map_string_keys", "members come in the order of Java's HashMap", JSON,
     [enveloped({"type": "map", "keys": {"type": "string"}, "values": {"type": "int32"}}, {"b": 1, "a": 2, "zz": 3, "key10": 4})]),
    ("json/map_other_keys", "written in the topic as pairs", JSON,
     [enveloped({"type": "map", "keys": {"type": "int32"}, "values": {"type": "string"}}, [[17, "x"], [1, "y"], [-3, "z"], [100000, "w"]]),
      enveloped({"type": "map", "keys": {"type": "int64"}, "values": {"type": "string"}}, [[4294967296, "x"], [-1, "y"], [5, "z"]]),
      enveloped({"type": "map", "keys": {"type": "boolean"}, "values": {"type": "string"}}, [[True, "x"], [False, "y"]]),
      enveloped({"type": "map", "keys": {"type": "double"}, "values": {"type": "string"}}, [[1.5, "x"], [-2.25, "y"], [1e10, "z"]])]),
    ("json/struct", "fields in schema order; unset fields print null, defaults are filled in by the converter", JSON,
     [enveloped(EVERYTHING, {"b": True, "i8": 1, "i16": 2, "i32": 3, "i64": 4, "f": 1.5, "d": 1e10, "s": "text", "none": None,
                             "list": [1, 2], "map": {"k": 1}, "nested": {"x": 1, "y": {"z": "deep"}}}),
      enveloped(EVERYTHING, {}), enveloped(EVERYTHING, None)]),
    ("json/struct_empty", "", JSON, [enveloped(record(), {}), enveloped(record(field("a", "string")), {"a": ""})]),
    ("json/struct_in_array", "", JSON, [enveloped({"type": "array", "items": record(field("a", "int32"))}, [{"a": 1}, {"a": None}])]),
    ("json/bytes", "class and identity hash", JSON, [enveloped("bytes", "YWJj"), enveloped(record(field("raw", "bytes"), field("n", "int32")), {"raw": "AAE=", "n": 1}),
                                                     enveloped({"type": "array", "items": {"type": "bytes"}}, ["YQ==", "Yg=="])]),
    ("json/decimal", "", JSON, [enveloped(logical("Decimal", "bytes", scale=s), unscaled(n)) for s, n in
                                (("2", 12345), ("2", -5), ("0", 7), ("10", 1), ("-3", 12), ("4", 0), ("0", 10**30), ("7", 1), ("6", 1))]
     + [enveloped(record(field("amount", "bytes", name="org.apache.kafka.connect.data.Decimal", version=1, parameters={"scale": "2"})), {"amount": unscaled(199)})]),
    ("json/date", "java.util.Date in the worker's time zone", JSON, [enveloped(logical("Date", "int32"), d) for d in (0, 19675, -1, 2932896)]),
    ("json/time", "", JSON, [enveloped(logical("Time", "int32"), ms) for ms in (0, 3661001, 86399999)]),
    ("json/timestamp", "milliseconds are not shown", JSON, [enveloped(logical("Timestamp", "int64"), ms) for ms in
                                                             (0, 1700000000123, -1, 951782400000, 253402300799000, -62135596800000)]
     + [enveloped(record(field("at", "int64", name="org.apache.kafka.connect.data.Timestamp", version=1)), {"at": 1700000000123})]),
    ("json/hoisted", "", JSON | HOIST, [enveloped("int32", 5), enveloped(record(field("a", "int32")), {"a": 1})]),
    ("plain/hoisted", "", PLAIN | HOIST, ["5", '{"a":1}', None]),
    ("json/bad_records_left_out", "tolerated by setting", JSON | {"errors.tolerance": "all"},
     [enveloped("int32", 1), "{", "null", "", '{"a":1}', enveloped("nonsense", 1), enveloped({"type": "int32"}, None), enveloped("int32", 2)]),
]


def call(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer: return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as e:
        raise SystemExit(f"{method} {url}: {e.code} {e.read().decode()}")


def run(a, admin, producer, case):
    name, note, settings, values = case
    raw = [v.encode() if isinstance(v, str) else v for v in values]
    topic = f"file-{uuid.uuid4().hex[:10]}"
    for f in admin.create_topics([NewTopic(topic, 1, 1)]).values(): f.result(20)
    for v in raw: producer.produce(topic, value=v, partition=0)
    producer.flush(20)
    path = os.path.join(tempfile.mkdtemp(), "out.txt")
    base = {"connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "tasks.max": "1", "topics": topic, "file": path,
            "key.converter": STORAGE + "StringConverter", "consumer.override.auto.offset.reset": "earliest"}
    call("PUT", f"{a.rest}/connectors/{topic}/config", base | settings)
    probe = Consumer({"bootstrap.servers": a.bootstrap, "group.id": "connect-" + topic, "enable.auto.commit": False})
    end, limit, state = len(raw), time.time() + 30, "drained"
    while probe.committed([TopicPartition(topic, 0)], timeout=10)[0].offset < end:
        tasks = call("GET", f"{a.rest}/connectors/{topic}/status")["tasks"]
        if any(t["state"] == "FAILED" for t in tasks):
            state = "failed"
            print("   ", [l for l in tasks[0]["trace"].splitlines() if "Caused" in l])
            break
        if time.time() > limit: raise SystemExit(f"{name}: not drained in time")
        time.sleep(0.1)
    probe.close()
    call("DELETE", f"{a.rest}/connectors/{topic}")
    time.sleep(0.3 if state == "failed" else 0)
    with open(path, encoding="utf-8", newline="") as f: text = f.read()
    text = re.sub(r"\[B@[0-9a-f]+", "[B@HASH", text)
    inputs = [{"value": None if v is None else base64.b64encode(v).decode()} for v in raw]
    return {"id": name, "note": note, "settings": settings, "records": inputs, "end": state, "file": text}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rest", required=True)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("cases", nargs="?", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases.jsonl"))
    a = parser.parse_args()
    admin, producer = AdminClient({"bootstrap.servers": a.bootstrap}), Producer({"bootstrap.servers": a.bootstrap})
    done = []
    for case in CASES:
        if not re.search(a.only, case[0]): continue
        done.append(run(a, admin, producer, case))
        print(done[-1]["end"], case[0], flush=True)
    with open(a.cases, "w", encoding="utf-8") as out:
        for line in done: out.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__": main()
