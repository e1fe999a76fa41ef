"""Writes records with Confluent's serializers, and reads some with their deserializers: `produce.py BOOTSTRAP REGISTRY TOPIC SCRIPT [ARGUMENT …]`.

Each script below writes to TOPIC, and some to topics whose names begin with it. Plain keys are the names of cases; what is
expected of each stands in `expected/`. Nothing but the serializers decides which bytes are written.
"""

import base64
import datetime
import decimal
import importlib
import json
import os
import sys
import tempfile
import uuid

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.schema_registry import (
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    header_schema_id_serializer,
    record_subject_name_strategy,
    topic_record_subject_name_strategy,
    topic_subject_name_strategy,
)
from confluent_kafka.serialization import MessageField, SerializationContext

HERE = os.path.dirname(os.path.abspath(__file__))
BY_TOPIC = {"subject.name.strategy": topic_subject_name_strategy}
BY_RECORD = {"subject.name.strategy": record_subject_name_strategy}
BY_BOTH = {"subject.name.strategy": topic_record_subject_name_strategy}


class Writer:
    def __init__(self, bootstrap, registry, topic):
        self.producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5})
        self.registry = SchemaRegistryClient({"url": registry})
        self.bootstrap = bootstrap
        self.topic = topic
        self.failed = []

    def send(self, topic, key, value, headers=None):
        self.producer.produce(
            topic, key=key, value=value, headers=headers, partition=0, on_delivery=self.delivered
        )
        self.producer.poll(0)

    def delivered(self, error, _):
        if error is not None:
            self.failed.append(str(error))

    def case(self, name, serializer, value, topic=None):
        """A value under the case's name."""
        topic = topic or self.topic
        headers = []
        context = SerializationContext(topic, MessageField.VALUE, headers)
        self.send(topic, name, serializer(value, context), headers)

    def keyed(self, serializer, key, value, topic):
        """A key by a serializer, and a plain value."""
        headers = []
        context = SerializationContext(topic, MessageField.KEY, headers)
        self.send(topic, serializer(key, context), value, headers)

    def register(self, subject, text, kind, references=()):
        """The version in its subject."""
        schema = Schema(text, kind, list(references))
        self.registry.register_schema(subject, schema)
        return self.registry.lookup_schema(subject, schema).version

    def close(self):
        self.producer.flush(60)
        if self.failed:
            sys.exit("; ".join(self.failed))


# Avro


def avro(writer):
    from confluent_kafka.schema_registry.avro import AvroSerializer

    def write(name, schema, value, conf=BY_TOPIC, topic=None):
        text = schema if isinstance(schema, (str, Schema)) else json.dumps(schema)
        serializer = AvroSerializer(writer.registry, text, conf=conf)
        writer.case(name, serializer, value, topic)

    def record(name, *fields, **more):
        fields = [{"name": field, "type": type_} for field, type_ in fields]
        return {"type": "record", "name": name, "namespace": "turnbuckle", "fields": fields, **more}

    simple = ["null", "boolean", "int", "long", "float", "double", "string", "bytes"]
    scalars = record("Scalars", *[(f"a_{kind}", kind) for kind in simple[1:]])
    write(
        "scalars",
        scalars,
        {
            "a_boolean": True,
            "a_int": -(2**31),
            "a_long": 2**63 - 1,
            "a_float": -0.5,
            "a_double": 1e300,
            "a_string": "déjà \U0001f980",
            "a_bytes": b"\x00\xff",
        },
    )
    for kind, value in [("boolean", True), ("int", 5), ("long", 6), ("double", 0.5), ("string", "s"), ("bytes", b"b")]:
        write(f"root-{kind}", {"type": kind}, value)

    def logical(kind, name, **more):
        return {"type": kind, "logicalType": name, **more}

    day = datetime.date(1970, 1, 11)
    noon = datetime.datetime(2024, 2, 29, 12, 30, 15, 123000, tzinfo=datetime.timezone.utc)
    times = record(
        "Times",
        ("day", logical("int", "date")),
        ("time_ms", logical("int", "time-millis")),
        ("time_us", logical("long", "time-micros")),
        ("stamp_ms", logical("long", "timestamp-millis")),
        ("stamp_us", logical("long", "timestamp-micros")),
        ("amount", logical("bytes", "decimal", precision=10, scale=2)),
        ("id", logical("string", "uuid")),
        ("maybe", ["null", logical("long", "timestamp-millis")]),
    )
    write(
        "logical",
        times,
        {
            "day": day,
            "time_ms": datetime.time(1, 2, 3, 4000),
            "time_us": datetime.time(1, 2, 3, 4005),
            "stamp_ms": noon,
            "stamp_us": noon,
            "amount": decimal.Decimal("-123.45"),
            "id": uuid.UUID("89791762-2336-4186-9674-299b90a802e2"),
            "maybe": noon,
        },
    )
    optional = record(
        "Optional", ("a", ["null", "string"]), ("b", ["int", "null"]), ("c", ["null", "long"])
    )
    optional["fields"][0]["default"] = None
    optional["fields"][1]["default"] = 7
    write("optional-null", optional, {"a": None, "b": None, "c": None})
    write("optional-value", optional, {"a": "x", "b": 1, "c": 2})
    point = record("Point", ("x", "int"), ("y", "int"))
    union = record("Union", ("u", ["string", "int", point, {"type": "array", "items": "long"}]))
    for name, value in [("text", "s"), ("number", 5), ("record", {"x": 1, "y": 2}), ("array", [1])]:
        write(f"union-{name}", union, {"u": value})
    nullable = record("Nullable", ("u", ["null", "string", "int"]))
    write("union-null", nullable, {"u": None})
    write("union-nullable", nullable, {"u": 5})
    write("singleton", record("Singleton", ("u", ["string"])), {"u": "s"})
    write("root-union", ["null", "string", "int"], "text")
    color = {"type": "enum", "name": "Color", "symbols": ["RED", "GREEN"], "doc": "Colours"}
    fixed = {"type": "fixed", "name": "Two", "size": 2}
    write("enum-fixed", record("Enums", ("color", color), ("two", fixed)), {"color": "GREEN", "two": b"ab"})
    entry = {
        "type": "record",
        "name": "MapEntry",
        "namespace": "io.confluent.connect.avro",
        "fields": [{"name": "key", "type": "int"}, {"name": "value", "type": "string"}],
    }
    by_number = {"type": "array", "items": entry, "connect.internal.type": "MapEntry"}
    containers = record(
        "Containers",
        ("numbers", {"type": "array", "items": "int"}),
        ("nested", {"type": "array", "items": {"type": "array", "items": ["null", "string"]}}),
        ("by_name", {"type": "map", "values": "int"}),
        ("by_number", by_number),
    )
    write(
        "containers",
        containers,
        {
            "numbers": [3, 1],
            "nested": [["a", None], []],
            "by_name": {"a": 1},
            "by_number": [{"key": 7, "value": "seven"}],
        },
    )
    tree = record("Tree", ("name", "string"), ("children", {"type": "array", "items": "Tree"}))
    leaf = {"name": "leaf", "children": []}
    write("recursive", tree, {"name": "root", "children": [leaf]})

    def connect(kind, type_=None, **more):
        own = {"connect.type": type_} if type_ else {}
        return {"type": kind, **own, **{f"connect.{k}": v for k, v in more.items()}}

    marked = record(
        "Marked",
        ("small", connect("int", "int8")),
        ("short", connect("int", "int16", doc="sixteen bits")),
        ("named", connect("string", None, name="some.Name", version=3, parameters={"p": "1"})),
        ("kept", connect("int", None, default=5)),
        **{"connect.name": "other.Marked", "connect.version": 2, "connect.doc": "of Connect"},
    )
    write("marked", marked, {"small": -128, "short": 32767, "named": "n", "kept": 1})
    write("documented", record("Documented", ("a", "int"), doc="What it is", aliases=["Old"]), {"a": 1})
    defaults = record("Defaults", ("a", "int"), ("b", "string"), ("c", ["null", "int"]))
    defaults["fields"][0]["default"] = 5
    defaults["fields"][1]["default"] = "five"
    write("defaults", defaults, {"a": 1, "b": "one", "c": None})
    subject = f"{writer.topic}-point"
    version = writer.register(subject, json.dumps(point), "AVRO")
    reference = SchemaReference("turnbuckle.Point", subject, version)
    outer = Schema(json.dumps(record("Outer", ("p", "turnbuckle.Point"))), "AVRO", [reference])
    write("reference", outer, {"p": {"x": 1, "y": 2}})
    latest = {**BY_TOPIC, "auto.register.schemas": False, "use.latest.version": True}
    write("latest", outer, {"p": {"x": 3, "y": 4}}, latest)
    write("normalized", record("Normal", ("z", "int")), {"z": 1}, {**BY_TOPIC, "normalize.schemas": True})
    writer.send(writer.topic, "tombstone", None)
    serializer = AvroSerializer(writer.registry, json.dumps(point), conf=BY_TOPIC)
    whole = serializer({"x": 1, "y": 2}, SerializationContext(writer.topic, MessageField.VALUE, []))
    writer.send(writer.topic, "cut", whole[:-1])
    writer.send(writer.topic, "longer", whole + b"\x00")
    writer.send(writer.topic, "unknown-id", b"\x00\x7f\xff\xff\xff\x00")
    writer.send(writer.topic, "no-magic", b"{}")
    for conf, name in [(BY_RECORD, "-record"), (BY_BOTH, "-both")]:
        write("named", point, {"x": 1, "y": 1}, conf, writer.topic + name)
    topic = writer.topic + "-keys"
    writer.keyed(serializer, {"x": 1, "y": -1}, "record", topic)
    serializer = AvroSerializer(writer.registry, json.dumps({"type": "string"}), conf=BY_TOPIC)
    writer.keyed(serializer, "k", "text", topic)


# Protobuf


def includes():
    """Where the files are that others refer to."""
    import google.type
    import grpc_tools

    known = os.path.join(os.path.dirname(grpc_tools.__file__), "_proto")
    types = os.path.dirname(os.path.dirname(list(google.type.__path__)[0]))
    confluent = os.path.join(HERE, "../../crates/connect-registry/src/protobuf/known")
    return [f"-I{known}", f"-I{types}", f"-I{confluent}"]


def compiled(*files):
    """Gives the modules of files in `protos`."""
    from grpc_tools import protoc

    target = tempfile.mkdtemp()
    arguments = ["", f"-I{os.path.join(HERE, 'protos')}", *includes(), f"--python_out={target}", *files]
    if protoc.main(arguments) != 0:
        sys.exit("the files of protos are not compiled")
    sys.path.insert(0, target)
    return lambda name: importlib.import_module(f"{name}_pb2")


def protobuf(writer):
    from confluent_kafka.schema_registry.protobuf import ProtobufSerializer

    load = compiled("customer.proto", "matrix.proto", "old.proto")
    m, old, people = load("matrix"), load("old"), load("customer")

    def write(name, message, conf=BY_TOPIC, topic=None):
        serializer = ProtobufSerializer(type(message), writer.registry, conf)
        writer.case(name, serializer, message, topic)

    write(
        "scalars-largest",
        m.Scalars(
            a_double=1.7976931348623157e308,
            a_float=-0.5,
            an_int32=-(2**31),
            an_int64=2**63 - 1,
            a_uint32=2**32 - 1,
            a_uint64=2**64 - 1,
            a_sint32=-(2**31),
            a_sint64=-(2**63),
            a_fixed32=2**32 - 1,
            a_fixed64=2**63,
            an_sfixed32=-1,
            an_sfixed64=-2,
            a_bool=True,
            a_string="déjà \U0001f980",
            some_bytes=b"\x00\xff",
        ),
    )
    write("scalars-empty", m.Scalars())
    write("presence-empty", m.Presence())
    write("presence-zero", m.Presence(plain=0, explicit=0, text="", color=m.RED))
    write(
        "presence-full",
        m.Presence(
            plain=1, explicit=2, text="t", color=m.BLUE, wrapped={"value": 0}, point=m.Point(x=1)
        ),
    )
    unknown = m.Presence()
    unknown.ParseFromString(b"\x20\x63")
    write("enum-unknown", unknown)
    write(
        "containers",
        m.Containers(
            numbers=[3, 1, 2],
            points=[m.Point(x=1), m.Point(y=2)],
            by_name={"a": 1},
            by_number={7: m.Point(x=9)},
            by_truth={True: "yes"},
            colors=[m.GREEN, m.RED],
        ),
    )
    write("containers-empty", m.Containers())
    middle = m.Outer.Middle(inner=m.Outer.Middle.Inner(text="deep"))
    write("nested", m.Outer(middle=middle))
    write("nested-index", middle)
    write("nested-index-deep", middle.inner)
    write("choice-text", m.Choice(text="", after="a", yes=False))
    write("choice-point", m.Choice(point=m.Point(x=1, y=2), data=b"d"))
    write("choice-none", m.Choice(after="b"))
    known = m.Known(text={"value": ""}, number={"value": 2**32 - 1}, truth={"value": True})
    known.timestamp.FromDatetime(datetime.datetime(2024, 2, 29, 12, 30, 15, 123000))
    known.date.year, known.date.month, known.date.day = 1970, 1, 11
    known.time.hours, known.time.minutes, known.time.seconds = 1, 2, 3
    known.time.nanos = 4_000_000
    known.duration.seconds, known.duration.nanos = 5, 6
    known.data.value = b"\x01"
    known.json.update({"a": None, "b": 1.5})
    write("known", known)
    write("known-empty", m.Known())
    leaf = m.Tree(name="leaf")
    write("tree", m.Tree(name="root", children=[leaf, leaf], best=m.Tree(name="best", best=leaf)))
    customer = people.Customer(name="Ada", grade=people.GRADE_GOLD)
    write("order", m.Order(id=1, customer=customer, color=m.GREEN))
    write("old-required-only", old.Old(needed=1))
    write("old-full", old.Old(needed=2, text="", count=0, mood=old.BAD, packed=[1, -1]))
    write("tombstone-schema", m.Point(), {**BY_TOPIC, "normalize.schemas": True})
    writer.send(writer.topic, "tombstone", None)
    # Indexes as some older clients wrote them: plain varints. Read as zigzag they lead elsewhere.
    plain = ProtobufSerializer(m.Point, writer.registry, BY_TOPIC)
    context = SerializationContext(writer.topic, MessageField.VALUE, [])
    new = plain(m.Point(x=1), context)
    writer.send(writer.topic, "index-outside", new[:5] + b"\x02\x7e" + new[7:])
    writer.send(writer.topic, "unknown-id", b"\x00\x7f\xff\xff\xff\x00")
    writer.send(writer.topic, "no-magic", b"{}")
    writer.send(writer.topic, "cut", new[:3])
    writer.send(writer.topic, "bad-payload", new[:7] + b"\xff")

    topic = writer.topic + "-keys"
    serializer = ProtobufSerializer(m.Point, writer.registry, BY_TOPIC)
    writer.keyed(serializer, m.Point(x=1, y=-1), "key", topic)
    from google.protobuf.wrappers_pb2 import StringValue

    serializer = ProtobufSerializer(StringValue, writer.registry, BY_TOPIC)
    writer.keyed(serializer, StringValue(value="k"), "wrapper", topic)
    for conf, name in [(BY_RECORD, "-record"), (BY_BOTH, "-both")]:
        write("point", m.Point(x=3), conf, writer.topic + name)
        write("inner", middle.inner, conf, writer.topic + name)


# JSON Schema


def json_schema(writer):
    from confluent_kafka.schema_registry.json_schema import JSONSerializer

    def text(schema):
        return json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", **schema})

    def write(name, schema, value, conf=BY_TOPIC, topic=None):
        serializer = JSONSerializer(text(schema), writer.registry, conf=conf)
        writer.case(name, serializer, value, topic)

    def of(**properties):
        return {"type": "object", "title": "R", "properties": properties}

    plain = {
        **of(
            text={"type": "string"},
            number={"type": "integer"},
            real={"type": "number"},
            truth={"type": "boolean"},
        ),
        "required": ["text", "number"],
    }
    everything = {"text": "ü", "number": 2**63 - 1, "real": 0.1, "truth": True}
    write("plain", plain, everything)
    write("null-type", of(nothing={"type": "null"}), {"nothing": None})
    write("plain-required-only", plain, {"text": "", "number": -1})
    write("plain-unknown-property", plain, {"text": "", "number": 0, "more": [1]})

    def connect(kind, type_, **more):
        return {"type": kind, "connect.type": type_, **more}

    sized = of(
        a=connect("integer", "int8", **{"connect.index": 3}),
        b=connect("integer", "int16", **{"connect.index": 2}),
        c=connect("integer", "int32", **{"connect.index": 1}),
        d=connect("number", "float32", **{"connect.index": 0}),
        e=connect("number", "float64", **{"connect.index": 5}),
        f=connect("string", "bytes", **{"connect.index": 4}),
    )
    sized["connect.version"] = 7
    write("sized", sized, {"a": -128, "b": 32767, "c": 1, "d": 0.5, "e": 1e300, "f": "AP8="})

    def logical(name, kind, type_, **parameters):
        schema = connect(kind, type_, title=f"org.apache.kafka.connect.data.{name}")
        schema["connect.version"] = 1
        if parameters:
            schema["connect.parameters"] = parameters
        return schema

    times = of(
        date=logical("Date", "integer", "int32"),
        time=logical("Time", "integer", "int32"),
        timestamp=logical("Timestamp", "integer", "int64"),
        decimal=logical("Decimal", "number", "bytes", scale="2"),
    )
    write(
        "logical",
        times,
        {"date": 10, "time": 3723004, "timestamp": 1709209815123, "decimal": 123.45},
    )
    coded = of(decimal=logical("Decimal", "string", "bytes", scale="2"))
    write("decimal-base64", coded, {"decimal": "MDk="})
    write("enum", of(color={"type": "string", "enum": ["red", "green"]}), {"color": "green"})
    write("enum-mixed", of(any={"enum": ["red", 1, None]}), {"any": "red"})
    optional = of(a={"oneOf": [{"type": "null"}, {"type": "string", "default": "d"}]})
    write("optional-null", optional, {"a": None})
    write("optional-absent", optional, {})
    write("optional-value", optional, {"a": "x"})
    branches = [
        {"type": "string"},
        {"type": "integer"},
        {"type": "object", "title": "P", "properties": {"x": {"type": "integer"}}},
        {"type": "array", "items": {"type": "boolean"}},
    ]
    union = of(u={"oneOf": branches})
    for name, value in [("text", "s"), ("number", 5), ("object", {"x": 1}), ("array", [True])]:
        write(f"union-{name}", union, {"u": value})
    nullable = of(u={"oneOf": [{"type": "null"}, *branches]})
    write("union-null", nullable, {"u": None})
    write("any-of", of(u={"anyOf": branches[:2]}), {"u": 5})
    write("type-list", of(u={"type": ["string", "integer", "null"]}), {"u": 5})
    write("singleton", of(u={"oneOf": [{"type": "string"}]}), {"u": "s"})
    joined = {"allOf": [of(a={"type": "string"}), of(b={"type": "integer"})], "title": "Joined"}
    write("all-of", joined, {"a": "x", "b": 1})
    lists = of(
        numbers={"type": "array", "items": {"type": "integer"}},
        nested={"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
        by_name={"type": "object", "connect.type": "map", "additionalProperties": {"type": "integer"}},
        by_number={
            "type": "array",
            "connect.type": "map",
            "items": {
                "type": "object",
                "properties": {"key": connect("integer", "int32"), "value": {"type": "string"}},
            },
        },
    )
    write(
        "containers",
        lists,
        {
            "numbers": [3, 1],
            "nested": [["a"], []],
            "by_name": {"a": 1},
            "by_number": [{"key": 7, "value": "seven"}],
        },
    )
    point = {"type": "object", "title": "P", "properties": {"x": {"type": "integer"}}}
    local = {**of(a={"$ref": "#/definitions/point"}), "definitions": {"point": point}}
    write("reference-inside", local, {"a": {"x": 1}})
    tree = of(name={"type": "string"}, children={"type": "array", "items": {"$ref": "#"}})
    write("recursive", tree, {"name": "root", "children": [{"name": "leaf"}]})
    subject = f"{writer.topic}-point"
    version = writer.register(subject, text(point), "JSON")
    reference = SchemaReference("point.json", subject, version)
    outer = Schema(text(of(a={"$ref": "point.json"})), "JSON", [reference])
    writer.case("reference-outside", JSONSerializer(outer, writer.registry, conf=BY_TOPIC), {"a": {"x": 2}})
    write("default", of(a={"type": "integer", "default": 5}, b={"type": "string"}), {"b": "x"})
    modern = json.dumps(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "title": "M",
            "properties": {"a": {"$ref": "#/$defs/p"}, "b": {"const": "fixed"}},
            "$defs": {"p": point},
        }
    )
    writer.case("modern", JSONSerializer(modern, writer.registry, conf=BY_TOPIC), {"a": {"x": 3}})
    write("root-text", {"type": "string"}, "just text")
    write("root-number", {"type": "integer"}, 7)
    write("root-array", {"type": "array", "items": {"type": "integer"}}, [1, 2])
    loose = {**BY_TOPIC, "validate": False}
    short = of(a={"type": "string", "maxLength": 2})
    write("invalid", short, {"a": "too long"}, loose)
    write("wrong-type", plain, {"text": 5, "number": 1}, loose)
    latest = {**BY_TOPIC, "auto.register.schemas": False, "use.latest.version": True}
    write("latest", short, {"a": "x"}, latest)
    normal = {**BY_TOPIC, "normalize.schemas": True}
    write("normalized", of(z={"type": "string"}, a={"type": "integer"}), {"a": 1, "z": "z"}, normal)
    writer.send(writer.topic, "tombstone", None)
    writer.send(writer.topic, "unknown-id", b"\x00\x7f\xff\xff\xff{}")
    writer.send(writer.topic, "no-magic", b"{}")
    serializer = JSONSerializer(text(plain), writer.registry, conf=BY_TOPIC)
    context = SerializationContext(writer.topic, MessageField.VALUE, [])
    whole = serializer({"text": "", "number": 0}, context)
    writer.send(writer.topic, "no-json", whole[:5] + b"{")
    for conf, name in [(BY_RECORD, "-record"), (BY_BOTH, "-both")]:
        write("titled", point, {"x": 1}, conf, writer.topic + name)
    topic = writer.topic + "-keys"
    writer.keyed(JSONSerializer(text(point), writer.registry, conf=BY_TOPIC), {"x": 1}, "key", topic)
    writer.keyed(
        JSONSerializer(text({"type": "string"}), writer.registry, conf=BY_TOPIC), "k", "text", topic
    )


# Versions, and ids in headers


def evolving(writer, kind):
    """A record under one version of a schema, one under the next, and one under the first again."""
    if kind == "avro":
        from confluent_kafka.schema_registry.avro import AvroSerializer

        fields = [{"name": "name", "type": "string"}, {"name": "age", "type": "int"}]
        first = {"type": "record", "name": "Person", "namespace": "turnbuckle", "fields": fields}
        later = [fields[0], {"name": "age", "type": "long"}]
        later.append({"name": "city", "type": "string", "default": "nowhere"})
        old, new = (
            AvroSerializer(writer.registry, json.dumps(schema), conf=BY_TOPIC)
            for schema in [first, {**first, "fields": later}]
        )
        make = (dict, dict)
    else:
        from confluent_kafka.schema_registry.protobuf import ProtobufSerializer

        text = 'syntax = "proto3"; package turnbuckle; message Person {{ string name = 1; {} }}'
        make = (
            message_type(text.format("int32 age = 2;"), 0),
            message_type(text.format("int64 age = 2; string city = 3;"), 0),
        )
        old, new = (ProtobufSerializer(type_, writer.registry, BY_TOPIC) for type_ in make)
    writer.case("1", old, make[0](name="Ada", age=36))
    writer.case("2", new, make[1](name="Alan", age=5_000_000_000, city="Wilmslow"))
    writer.case("3", old, make[0](name="Ada", age=36))


def in_headers(writer):
    """The id as a GUID in a header, in each format."""
    from confluent_kafka.schema_registry.avro import AvroSerializer
    from confluent_kafka.schema_registry.json_schema import JSONSerializer
    from confluent_kafka.schema_registry.protobuf import ProtobufSerializer

    conf = {**BY_TOPIC, "schema.id.serializer": header_schema_id_serializer}
    schema = {"type": "record", "name": "R", "fields": [{"name": "n", "type": "int"}]}
    writer.case("avro", AvroSerializer(writer.registry, json.dumps(schema), conf=conf), {"n": 7})
    type_ = message_type('syntax = "proto3"; message Other {} message R { int32 n = 1; }', 1)
    writer.case("protobuf", ProtobufSerializer(type_, writer.registry, conf), type_(n=7))
    schema = {"type": "object", "title": "R", "properties": {"n": {"type": "integer"}}}
    writer.case("json", JSONSerializer(json.dumps(schema), writer.registry, conf=conf), {"n": 7})


# Reading what our converters write


def read_back(writer, kind):
    """Prints the records of TOPIC as Confluent's deserializers see them, one JSON object a line."""
    readers = {"avro": avro_reader, "protobuf": protobuf_reader, "json_schema": json_reader}
    consumer = Consumer(
        {"bootstrap.servers": writer.bootstrap, "group.id": "none", "enable.auto.commit": False}
    )
    whole = TopicPartition(writer.topic, 0, 0)
    _, end = consumer.get_watermark_offsets(whole, timeout=30)
    consumer.assign([whole])
    for _ in range(end):
        message = consumer.poll(30)
        parts = {}
        for part, data in [("key", message.key()), ("value", message.value())]:
            read = readers[kind](writer, part, data)
            context = SerializationContext(writer.topic, getattr(MessageField, part.upper()), [])
            parts[part] = plain(read(data, context))
        print(json.dumps(parts))
    consumer.close()


def plain(value):
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return round(value.timestamp() * 1000)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value) if isinstance(value, decimal.Decimal) else value


def avro_reader(writer, *_):
    from confluent_kafka.schema_registry.avro import AvroDeserializer

    return AvroDeserializer(writer.registry)


def json_reader(writer, *_):
    from confluent_kafka.schema_registry.json_schema import JSONDeserializer

    return JSONDeserializer(None, schema_registry_client=writer.registry)


def message_type(text, place):
    """The class of a message type of a Protobuf file."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    from grpc_tools import protoc

    folder = tempfile.mkdtemp()
    with open(os.path.join(folder, "read.proto"), "w") as file:
        file.write(text)
    result = os.path.join(folder, "set")
    arguments = ["", f"-I{folder}", *includes(), "--include_imports", f"--descriptor_set_out={result}"]
    if protoc.main([*arguments, "read.proto"]) != 0:
        sys.exit(f"this is not compiled:\n{text}")
    with open(result, "rb") as file:
        files = descriptor_pb2.FileDescriptorSet.FromString(file.read()).file
    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.Add(file)
    name = ".".join(filter(None, [files[-1].package, files[-1].message_type[place].name]))
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def protobuf_reader(writer, part, data):
    """With the message type that the registered text compiles to."""
    from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer

    text = writer.registry.get_schema(int.from_bytes(data[1:5], "big")).schema_str
    # The way to the message type: none is the first one, else a count and that many places, doubled.
    type_ = message_type(text, data[6] // 2 if data[5] else 0)
    # Without a client: it would ask the registry for a serialized form that not every registry gives.
    read = ProtobufDeserializer(type_, {})
    if part == "key":
        # A value without a struct around it stands in a wrapper.
        return lambda data, context: read(data, context).value
    return lambda data, context: order(read(data, context))


def order(message):
    amount = int.from_bytes(message.amount.value, "big", signed=True)
    return {
        **{name: getattr(message, name) for name in ["id", "small", "name", "ok", "raw"]},
        "tags": list(message.tags),
        "counts": {entry.key: entry.value for entry in message.counts}
        if not hasattr(message.counts, "items")
        else dict(message.counts),
        "at": message.at.seconds * 1000 + message.at.nanos // 1_000_000,
        "amount": decimal.Decimal(amount).scaleb(-2),
        "point": {"x": message.point.x, "y": message.point.y},
    }


def main():
    bootstrap, registry, topic, script, *arguments = sys.argv[1:]
    writer = Writer(bootstrap, registry, topic)
    globals()[script](writer, *arguments)
    writer.close()


if __name__ == "__main__":
    main()
