"""Converter and chain of transformations alone, beside Kafka's own classes: processor time of a record."""

import glob
import json
import os
import statistics
import subprocess

from tables import table
from workers import JVM_OPTIONS

# As a pipeline from a database into a search index has them.
CHAIN = [
    ("ReplaceField$Value", {"exclude": "note", "renames": "name:title"}),
    ("Cast$Value", {"spec": "id:string,score:float64"}),
    (
        "TimestampConverter$Value",
        {"field": "created", "target.type": "Timestamp", "format": "yyyy-MM-dd'T'HH:mm:ss.SSSX"},
    ),
    ("InsertField$Value", {"topic.field": "topic", "offset.field": "offset"}),
    ("RegexRouter", {"regex": r"(.*)\.(.*)", "replacement": "$2"}),
]
SCHEMA = {
    "type": "struct",
    "fields": [
        {"field": "id", "type": "int64"},
        {"field": "name", "type": "string"},
        {"field": "email", "type": "string", "optional": True},
        {"field": "active", "type": "boolean"},
        {"field": "score", "type": "int32"},
        {"field": "created", "type": "string"},
        {"field": "city", "type": "string", "optional": True},
        {"field": "note", "type": "string", "optional": True},
    ],
}
DIFFERENT = 500
ROUNDS = 5


def record(i):
    fields = {
        "id": i * 7,
        "name": f"customer number {i}",
        "email": f"user{i}@example.com",
        "active": i % 3 > 0,
        "score": i % 100,
        "created": "2023-11-14T22:13:20.123Z",
        "city": "Kiel",
        "note": "to be dropped",
    }
    fields["note"] += " " + "x" * (199 - len(json.dumps(fields, separators=(",", ":"))))
    return json.dumps(fields, separators=(",", ":"))


def write(folder, name, text):
    path = f"{folder}/{name}"
    with open(path, "w") as file:
        file.write(text)
    return path


def rows_of(command, counts, files):
    output = subprocess.run([*command, *map(str, counts), *files], check=True, capture_output=True, text=True).stdout
    return {name: int(nanos) for name, nanos in (line.split("\t") for line in output.splitlines())}


def data_table(folder, engines, records):
    links = ["\t".join([name, *(f"{key}={value}" for key, value in keys.items())]) for name, keys in CHAIN]
    files = [
        write(folder, "records", "\n".join(map(record, range(DIFFERENT)))),
        write(folder, "schema", json.dumps(SCHEMA, separators=(",", ":"))),
        write(folder, "links", "\n".join(links)),
    ]
    bench_data = os.environ["TURNBUCKLE_BENCH_EXAMPLES"] + "/bench_data"
    rounds_of_ours = []
    rounds_of_theirs = []
    for _ in range(ROUNDS):
        # One after the other, so that what else the machine does concerns both.
        rounds_of_ours.append(rows_of([bench_data], [records // 10, records], files))
        if "jvm" in engines:
            jars = ":".join(sorted(glob.glob(os.environ["TURNBUCKLE_KAFKA_JARS"] + "/*.jar")))
            source = os.path.join(os.path.dirname(__file__), "java", "Data.java")
            # Compiled in full before it is measured.
            command = ["java", *JVM_OPTIONS, "-cp", jars, source]
            rounds_of_theirs.append(rows_of(command, [records, records], files))
    ours = medians(rounds_of_ours)
    theirs = medians(rounds_of_theirs)
    chain(ours)
    chain(theirs)
    rows = [
        [name, nanos, theirs.get(name, ""), f"{theirs[name] / nanos:.2f}" if name in theirs else ""]
        for name, nanos in ours.items()
    ]
    head = ["ns CPU/record", "Turnbuckle", "JVM", "JVM : Turnbuckle"]
    title = f"### (data) Converter and chain of five transformations alone, {records:,} records of 200 bytes"
    return f"{title}\n\n" + table(head, rows)


def medians(rounds):
    names = rounds[0] if rounds else []
    return {name: int(statistics.median(row[name] for row in rounds)) for name in names}


def chain(rows):
    """What the chain adds to the converter."""
    for kind in ("JSON", "JSON, schema given once"):
        if kind in rows:
            rows[f"chain alone, {'with schema' if 'schema' in kind else 'without schema'}"] = (
                rows[f"{kind}, chain of five"] - rows[kind]
            )
