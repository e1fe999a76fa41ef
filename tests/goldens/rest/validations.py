#!/usr/bin/env python3
"""Send the same configurations to two Connect workers for validation and show where their answers differ.

usage: validations.py REFERENCE TESTED [--seed N] [--count N] [--only TEXT] [--overrides] [--show]

First a fixed list, then --count configurations drawn at random; both are made of what the reference says of its own
plugins. With --overrides only settings of clients are varied, for workers with a policy of their own. What depends on
what is installed is left out: see plain(). Each configuration that is refused is also sent as a new connector, so that
the text of the refusal is compared.

Standard library only.
"""
import argparse, itertools, json, random, re, sys
from urllib.parse import quote

import replay

SINK = "org.apache.kafka.connect.file.FileStreamSinkConnector"
APACHE = "org.apache.kafka."
PLAIN = {"name": "v", "connector.class": SINK, "topics": "t", "file": "/tmp/f"}

# Values for each type of key: good ones, and mistakes of every kind.
VALUES = {
    "STRING": ["x", "", " ", " padded ", "a,b", "ünï", "a\nb", "a\u0000b", "${x}", "$1", "(", "a.b", None],
    "INT": ["1", "0", "-1", "5", " 7 ", "+5", "many", "", " ", "1.5", "2147483647", "2147483648", "-2147483649", "0x10", "1_0", "1e3", "٣", None],
    "SHORT": ["1", "0", "-1", "3", " 7 ", "+5", "many", "", "32767", "32768", "-32769", "1.0", None],
    "LONG": ["1", "0", "-1", "60000", " 7 ", "+5", "many", "", "9223372036854775807", "9223372036854775808", "1L", None],
    "DOUBLE": ["0.5", "1", "-1", "2", "NaN", "1e3", "half", "", "1d", ".5", None],
    "BOOLEAN": ["true", "false", "TRUE", " false ", "yes", "1", "", " ", None],
    "LIST": ["", "a", "a,b", "a,,b", "a,a", " a , b ", ",", "a,", " ", None],
    "CLASS": ["java.lang.String", "", " ", "no.such.Class", "JsonConverter", SINK, None],
    "PASSWORD": ["x", "", " ", None],
}

# Values that mean something to a key of this name.
MEANT = {
    "spec": ["int8", "f:int8", "f:int8,g:string", "int8,f:int8", "f:bytes", "f:", ":int8", "f:nope", "f:int8:x", "f", "int8,int16", "INT8", " f:int8 "],
    "regex": ["(.*)-(.*)", "(", "[a", "a{2,1}", "*", "\\", "(?<n>a)\\k<n>", "x", "(?z)", "a**", "\\p{Foo}", "(?<1>a)"],
    "pattern": [".*", "(", "[", "a{", "+"],
    "replacement": ["$1", "$3", "${n}", "x", "", "$"],
    "fields": ["a", "a,b", "", "a,,b", "a,a", ","],
    "include": ["a", "a,b", "a:b", ""],
    "exclude": ["a", "a,b", "", "a,a"],
    "renames": ["a:b", "a:b,c:d", "a", "a:b:c", ":", "", "a:", ":b", "a:b,a:c", "a:c,b:c"],
    "target.type": ["string", "unix", "Date", "Time", "Timestamp", "date", "nope", ""],
    "format": ["yyyy-MM-dd", "", "nope", "yyyy-MM-dd'T", "QQ"],
    "timestamp.format": ["yyyyMMdd", "", "jjj", "'"],
    "topic.format": ["${topic}-${timestamp}", "x", ""],
    "unix.precision": ["seconds", "milliseconds", "microseconds", "nanoseconds", "millis", "", "SECONDS"],
    "field.syntax.version": ["V1", "V2", "v2", "V3", ""],
    "operation": ["copy", "move", "COPY", "delete", ""],
    "headers": ["h", "h,i", "", "a,b", "h,h"],
    "header": ["h", "", " "],
    "value.literal": ["1", "true", "", "2020-01-01"],
    "static.field": ["s", "s!", "s?", "!", "", "a!b"],
    "static.value": ["v", ""],
    "offset.field": ["o", "o?", "!"],
    "timestamp.field": ["ts", "ts!"],
    "partition.field": ["p"],
    "topic.field": ["t!"],
    "delimiter": [".", "", "_", "::"],
    "schema.name": ["com.acme.X", ""],
    "schema.version": ["1", "x", ""],
    "decimal.format": ["BASE64", "NUMERIC", "numeric", "Base64", "hex", ""],
    "schemas.cache.size": ["0", "-1", "1000", "x"],
    "converter.encoding": ["UTF-8", "UTF8", "latin1", "nope", "", "UTF-16"],
    "converter.type": ["key", "value", "header", "nope", ""],
    "schema.content": ["{}", "{", "", '{"type":"int32"}', '{"type":"struct","fields":[]}', "[]", "1"],
    "predicate": ["p", "q", "", " "],
    "negate": ["true", "false", "maybe", ""],
    "type": ["int8", "x"],
    "name": ["x", "a/b", "", " ", "a\tb", "%2F"],
    "errors.tolerance": ["none", "all", "ALL", "some", ""],
    "config.action.reload": ["none", "restart", "RESTART", "x"],
    "topics": ["t", "t,u", "t,t", "", " ", "t,,u", "dlq", ",", None],
    "topics.regex": ["t.*", "(", "", "dlq|x", " ", "a{2,1}", None],
    "errors.deadletterqueue.topic.name": ["dlq", "", " ", "t", "dlq "],
    "tasks.max": ["1", "0", "-1", "many", "", "2147483648", " 3 ", "1.0", None],
    "connector.plugin.version": ["${V}", "9.9.${N}", "", " ", "[${V}]", "[${V},9]", "(,9]", "[1,2]", "latest", "[", "x", "${V},9", "1.0", None],
}
VERSIONS = MEANT["connector.plugin.version"]
CLASSES = {
    "transformation": ["no.such.Class", "java.lang.String", "", " ", "Cast", "Key", "Value", "org.apache.kafka.connect.transforms.Cast",
                       "Filter", "RegexRouter", "HasHeaderKey", "JsonConverter", SINK, " " + APACHE + "connect.transforms.Filter ",
                       "Cast$Value", "org.apache.kafka.connect.transforms.ReplaceField", "regexrouter", "FileStreamSink", None],
    "predicate": ["no.such.Class", "java.lang.String", "", "RecordIsTombstone", "TopicNameMatches", "Filter", "JsonConverter", "HasHeaderKey", " ", None],
    "converter": ["no.such.Class", "java.lang.String", "", " ", "JsonConverter", "Json", "String", "StringConverter", "IntegerConverter", "Filter",
                  SINK, "SimpleHeaderConverter", "org.apache.kafka.connect.storage.SimpleHeaderConverter", " JsonConverter ", "ByteArray", None],
    "header_converter": ["no.such.Class", "java.lang.Integer", "", "SimpleHeaderConverter", "SimpleHeader", "StringConverter", "Json", "JsonConverter", "Filter", None],
}
CONNECTOR_CLASSES = [SINK, "FileStreamSink", "FileStreamSinkConnector", " FileStreamSink", "FileStreamSink ", "", " ", "NoSuch", "java.lang.String",
                     "JsonConverter", "com.acme.FileStreamSinkConnector", "filestreamsink", "Connector", "Sink", None]


class Reference:
    """What the reference says of its plugins."""

    def __init__(self, base):
        self.base = base
        self.version = replay.plugin_version(base)
        listed = call(base, "GET", "/connector-plugins?connectorsOnly=false")["body"]
        self.classes, self.keys = {}, {}
        for plugin in listed:
            if plugin["class"].startswith(APACHE) and plugin["type"] != "source":
                self.classes.setdefault(plugin["type"], []).append(plugin["class"])
        for kind, classes in self.classes.items():
            for name in classes:
                self.keys[name] = call(base, "GET", f"/connector-plugins/{quote(name)}/config")["body"]

    def framework(self):
        return self.keys[SINK]


def call(base, method, path, body=None):
    headers = {} if body is None else {"Content-Type": "application/json"}
    return replay.send(base, {"method": method, "path": path, "headers": headers, "body": body})


# The JVM's worker remembers a version that is not there, and fails over its memory the next time.
NEXT = itertools.count(random.randrange(1_000_000_000))


def filled(value, version):
    if not isinstance(value, str):
        return value
    return value.replace("${V}", version).replace("${N}", str(next(NEXT)))


def values(key, version):
    known = MEANT.get(key["name"], [])
    if key["name"].endswith("plugin.version"):
        known = VERSIONS
    both = known + [v for v in VALUES.get(key["type"], ["x"]) if v not in known]
    return [filled(value, version) for value in both]


def fixed(ref):
    """One mistake at a time: every value of every key of every plugin."""
    for key in ref.framework():
        for value in values(key, ref.version):
            yield {**PLAIN, key["name"]: value}
    for name in CONNECTOR_CLASSES:
        yield {**PLAIN, "connector.class": name}
    for kind, prefix, listed in (("transformation", "transforms", "a"), ("predicate", "predicates", "a")):
        for name in CLASSES[kind]:
            yield {**PLAIN, prefix: listed, f"{prefix}.a.type": name}
        yield {**PLAIN, prefix: listed}
        yield {**PLAIN, f"{prefix}.a.type": ref.classes[kind][0]}
        for name in ref.classes[kind]:
            base = {**PLAIN, prefix: listed, f"{prefix}.a.type": name}
            yield base
            yield {**base, f"{prefix}.a.unknown": "x"}
            yield {**base, f"{prefix}.a.negate": "true"}
            yield {**base, f"{prefix}.a.predicate": "p"}
            for value in VERSIONS[:8]:
                yield {**base, f"{prefix}.a.plugin.version": filled(value, ref.version)}
            for key in ref.keys[name]:
                for value in values(key, ref.version):
                    yield {**base, f"{prefix}.a.{key['name']}": value}
    for kind, key in (("converter", "key.converter"), ("converter", "value.converter"), ("header_converter", "header.converter")):
        for name in CLASSES[kind]:
            yield {**PLAIN, key: name}
            yield {**PLAIN, key: name, f"{key}.plugin.version": ref.version}
        for name in ref.classes[kind]:
            base = {**PLAIN, key: name}
            yield base
            yield {**base, f"{key}.unknown": "x"}
            for value in VERSIONS[:8]:
                yield {**base, f"{key}.plugin.version": filled(value, ref.version)}
            for own in ref.keys[name]:
                for value in values(own, ref.version):
                    yield {**base, f"{key}.{own['name']}": value}
    for value in VERSIONS:
        yield {**PLAIN, "key.converter.plugin.version": filled(value, ref.version)}
    dlq = {**PLAIN, "errors.deadletterqueue.topic.name": "dlq"}
    yield {**dlq, "topics": "dlq"}
    yield {**dlq, "topics": "t,dlq"}
    yield {**{k: v for k, v in dlq.items() if k != "topics"}, "topics.regex": "d.q"}
    yield {k: v for k, v in PLAIN.items() if k != "topics"}
    yield {**PLAIN, "topics.regex": "x"}
    yield {"connector.class": SINK}
    yield {}
    yield {"name": "x", "topics": "t"}
    for listed in ("a,a", "a,b", " a , b ", "a,,b", ",", "a,", "ä", "a b", "a.b", "a.type"):
        for prefix, name in (("transforms", "Filter"), ("predicates", "RecordIsTombstone")):
            aliases = {alias.strip() for alias in listed.split(",")}
            yield {**PLAIN, prefix: listed, **{f"{prefix}.{alias}.type": name for alias in sorted(aliases)}}


def overrides(ref, draw, count):
    """Settings of clients: some known, some not, with and without a dead letter topic."""
    names = ["max.poll.records", "group.id", "auto.offset.reset", "isolation.level", "client.id", "fetch.min.bytes", "session.timeout.ms",
             "sasl.jaas.config", "sasl.mechanism", "security.protocol", "ssl.keystore.password", "ssl.truststore.location", "bootstrap.servers",
             "key.deserializer", "acks", "linger.ms", "compression.type", "batch.size", "retries", "request.timeout.ms", "metadata.max.age.ms",
             "partition.assignment.strategy", "interceptor.classes", "sasl.login.refresh.window.factor", "enable.idempotence", "check.crcs",
             "sasl.login.refresh.buffer.seconds", "metric.reporters", "unknown.setting", "a", "", "default.api.timeout.ms", "sasl.login.class",
             "bootstrap.controllers", "transactional.id", "client.rack", "allow.auto.create.topics", "group.protocol", "group.remote.assignor"]
    given = ["1", "x", "true", "", " 5 ", "earliest", "read_committed", "all", "SCRAM-SHA-256", "SSL", "0.5", "a,b", "-1", "99999999999",
             "org.apache.kafka.common.serialization.ByteArrayDeserializer", "secret", None]
    for prefix in ("consumer", "producer", "admin"):
        for name in names:
            for dlq in ({}, {"errors.deadletterqueue.topic.name": "dlq"}):
                yield {**PLAIN, **dlq, f"{prefix}.override.{name}": draw.choice(given)}
    for _ in range(count):
        config = dict(PLAIN)
        if draw.random() < 0.5:
            config["errors.deadletterqueue.topic.name"] = draw.choice(["dlq", "t", " "])
        for _ in range(draw.randint(1, 5)):
            prefix = draw.choice(["consumer", "consumer", "producer", "admin"])
            config[f"{prefix}.override.{draw.choice(names)}"] = draw.choice(given)
        yield config


def drawn(ref, draw, count):
    """Several things at once, right and wrong."""
    for _ in range(count):
        config = {"name": draw.choice(["v", "v", "v", "", "a b"]), "connector.class": draw.choice([SINK, SINK, "FileStreamSink"]),
                  "topics": "t", "file": "/tmp/f"}
        for _ in range(draw.randint(0, 4)):
            key = draw.choice(ref.framework())
            config[key["name"]] = draw.choice(values(key, ref.version))
        for kind, prefix in (("transformation", "transforms"), ("predicate", "predicates")):
            if draw.random() < 0.6:
                chain(ref, draw, config, kind, prefix)
        for kind, key in (("converter", "key.converter"), ("converter", "value.converter"), ("header_converter", "header.converter")):
            if draw.random() < 0.4:
                config[key] = draw.choice(ref.classes[kind] + CLASSES[kind] if draw.random() < 0.3 else ref.classes[kind])
                for own in ref.keys.get(config[key], []):
                    if draw.random() < 0.4:
                        config[f"{key}.{own['name']}"] = draw.choice(values(own, ref.version))
        yield config


def chain(ref, draw, config, kind, prefix):
    aliases = draw.sample(["a", "b", "c", "p", "q"], draw.randint(1, 3))
    config[prefix] = ",".join(aliases)
    for alias in aliases:
        name = draw.choice(ref.classes[kind] if draw.random() < 0.85 else CLASSES[kind])
        config[f"{prefix}.{alias}.type"] = name
        extra = [{"name": "predicate", "type": "STRING"}, {"name": "negate", "type": "BOOLEAN"}, {"name": "plugin.version", "type": "STRING"}]
        for key in ref.keys.get(name, []) + (extra if draw.random() < 0.4 else []):
            if draw.random() < 0.6:
                config[f"{prefix}.{alias}.{key['name']}"] = draw.choice(values(key, ref.version))


WRONG_TYPE = "org.apache.kafka.common.config.ConfigException: "
PREFIX = re.compile(r"^(org\.apache\.kafka\.connect\.(runtime\.rest\.errors\.BadRequestException|errors\.ConnectException): )+")


def defect(config, answer):
    """Whether the reference stumbles over itself here, which nobody wants to have the same."""
    body = json.dumps(answer["body"])
    if "Cannot invoke" in body or answer["status"] == 500 and "PatternSyntaxException" in body:
        return True
    classes = [v for k, v in config.items() if v and (k.endswith(".type") or k in ("key.converter", "value.converter", "header.converter"))]
    return any(v.strip() and v != v.strip() for v in classes)


def plain(answer, version):
    """What does not depend on what is installed. Of a refused request the class of the exception is left out, and with it that
    the reference answers 500 instead of 400 to a validation that it refuses."""
    message = isinstance(answer["body"], dict) and answer["body"].get("message")
    if isinstance(message, str) and PREFIX.match(message):
        answer = {"status": 400, "body": {"error_code": 400, "message": PREFIX.sub("", message)}}
    body = replay.plain(replay.swap(answer["body"], [(version, "${V}")]))
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        body["message"] = re.sub(r"(available connectors are: ).*", r"\1..", body["message"], flags=re.S)
        if "overrid" in body["message"]:  # they come in the order of a hash map
            body["message"] = "\n".join(sorted(body["message"].split("\n")))
    order = None
    if isinstance(body, dict) and "configs" in body:
        # Those without a definition stand in the order of a hash map.
        order = [c["value"]["name"] for c in body["configs"] if c["definition"] and ".override." not in c["value"]["name"]]
        body = {**body, "configs": {c["value"]["name"]: c for c in body["configs"]}}
    return {"status": answer["status"], "body": body, "order": order}


def path_of(config):
    name = re.sub(r"[\x00-\x1f]", "", config.get("connector.class") or "").strip().removesuffix("Connector")
    return quote(name.rsplit(".", 1)[-1] or "FileStreamSink", safe="")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("reference"); p.add_argument("tested")
    p.add_argument("--seed", type=int, default=1); p.add_argument("--count", type=int, default=200)
    p.add_argument("--every", type=int, default=1, help="of the fixed list only each n-th")
    p.add_argument("--only"); p.add_argument("--overrides", action="store_true"); p.add_argument("--show", type=int, default=6)
    o = p.parse_args()
    ref, draw = Reference(o.reference), random.Random(o.seed)
    tested_version = replay.plugin_version(o.tested)
    cases = list(overrides(ref, draw, o.count)) if o.overrides else list(fixed(ref))[draw.randrange(o.every)::o.every] + list(drawn(ref, draw, o.count))
    bad = total = defects = 0
    for config in cases:
        text = json.dumps(config, ensure_ascii=False)
        if o.only and o.only not in text:
            continue
        total += 1
        requests = [("PUT", f"/connector-plugins/{path_of(config)}/config/validate", config)]
        reference = call(o.reference, *requests[0])
        if defect(config, reference):
            defects += 1
            continue
        message = isinstance(reference["body"], dict) and reference["body"].get("message") or ""
        if message.startswith(WRONG_TYPE):
            # A setting of a client that is not of its type ends the request there, and is one error of its key here.
            errors = [e for c in call(o.tested, *requests[0])["body"]["configs"] for e in c["value"]["errors"]]
            if message.removeprefix(WRONG_TYPE) not in errors and "could not be found" not in message:
                bad += 1
                print(f"DIFF PUT {text}\n    .errors: recorded {message}  got {errors}")
            continue
        want = plain(reference, ref.version)
        if want["status"] != 200 or want["body"]["error_count"]:
            requests.append(("POST", "/connectors", {"name": config.get("name") or "v", "config": config}))
        for method, path, body in requests:
            if method == "POST":
                reference = call(o.reference, method, path, body)
                if reference["status"] < 300:
                    call(o.reference, "DELETE", f"/connectors/{quote(body['name'])}")
                if defect(config, reference):
                    continue
                want = plain(reference, ref.version)
            swapped = replay.swap(body, [(ref.version, tested_version)])
            answer = call(o.tested, method, path, swapped)
            got = plain(answer, tested_version)
            if method == "POST" and answer["status"] < 300:
                call(o.tested, "DELETE", f"/connectors/{quote(body['name'])}")
            diff = list(replay.differences(want, got))
            if diff:
                bad += 1
                print(f"DIFF {method} {text}")
                for line in diff[:o.show]:
                    print("    " + line)
    print(f"{total} configurations, {bad} answers differ, {defects} not compared")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
