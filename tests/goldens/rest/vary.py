#!/usr/bin/env python3
"""Send variations of the recorded requests to two Connect workers and show where their answers differ.

usage: vary.py REFERENCE_URL OTHER_URL --topic T --dir D [--seed N] [--rounds N] [--show]

Each round takes fresh connector names, prefixed for each worker, so that both may use one Kafka cluster. Answers are
compared as replay.py compares them; what reads a state is asked again until both agree. Differences that are meant are
listed in MEANT. Standard library only.
"""
import argparse, json, random, re, sys, time, urllib.parse

from replay import comparable, differences, send, swap

SETTLE_S = 15


def known(exchange, want, got):
    """Why the answers may differ, or None."""
    for name, applies in MEANT:
        if applies(exchange, want, got):
            return name
    return None


def both(want, got, *statuses):
    return (want["status"], got["status"]) in statuses


def message(answer):
    return str((answer["body"] or {}).get("message")) if isinstance(answer["body"], dict) else ""


def unknown_connector(exchange, want, got):
    return exchange["path"].endswith(("/restart", "/stop")) and both(want, got, (500, 404)) and message(got).startswith("Unknown connector")


def topics_of_deleted(exchange, want, got):
    return exchange["path"].endswith("/topics") and exchange["deleted"]


def null_offset(exchange, want, got):
    return exchange["path"].endswith("/offsets") and want["status"] == 500 and "is null" in message(want) and got["status"] in (400, 404)


def braces(exchange, want, got):
    return both(want, got, (500, 201)) and message(want).startswith("The template variable")


# What docs/deviations.md lists.
MEANT = [
    ("a restart or stop of an unknown connector is 404", unknown_connector),
    ("topics are forgotten with their connector", topics_of_deleted),
    ("a null among offsets is 400", null_offset),
    ("a name with braces is created", braces),
]


def without_defects(answer):
    """A worker of the JVM lists tasks that do not exist once one was restarted, and wraps an error it remembers."""
    if isinstance(answer, dict):
        ghost = lambda x: isinstance(x, dict) and "inputMap" in str(x.get("trace"))
        answer = {k: without_defects([x for x in v if not ghost(x)] if k == "tasks" and isinstance(v, list) else v) for k, v in answer.items()}
        if isinstance(answer.get("message"), str):
            answer["message"] = answer["message"].replace("org.apache.kafka.connect.errors.ConnectException: Failed to find any class", "Failed to find any class")
    return answer


class Round:
    """One sequence of requests; everything in it comes from the seed."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.names = ["${N}" + n for n in self.r.sample(NAMES, 3)]

    def name(self):
        return self.r.choice(self.names) if self.r.random() < 0.93 else "${N}nobody"

    def path_name(self, name):
        return "${N}" + urllib.parse.quote(name.removeprefix("${N}"), safe="")

    def config(self, name=None):
        config = {"connector.class": "FileStreamSink", "topics": "${TOPIC}", "file": "${FILE}", "tasks.max": "1"}
        for _ in range(self.r.choice((0, 0, 0, 1, 1, 2))):
            key, values = self.r.choice(CONFIG_VARIATIONS)
            value = self.r.choice(values)
            if value is ABSENT:
                config.pop(key, None)
            else:
                config[key] = value
        if name is not None and self.r.random() < 0.3:
            config["name"] = self.r.choice((name, name, name, "${N}other", "", None, 5, " " + name))
        return config

    def request(self):
        kind = self.r.choices([f for f, _ in KINDS], [w for _, w in KINDS])[0]
        method, path, body, headers = kind(self)
        if self.r.random() < 0.06:
            path = self.r.choice((path + "/", path + ";v=1", path + "?x=1&x=2", path + "//", path.replace("/", "//", 1) if path.count("/") > 1 else path))
        if self.r.random() < 0.05:
            headers = {**headers, "Accept": self.r.choice(("text/html", "*/*", "application/xml, application/json;q=0.1", "application/*", ""))}
        if self.r.random() < 0.05:
            headers = {**headers, "Content-Type": self.r.choice(("text/plain", "application/json; charset=utf-8", "application/JSON", "application/x-www-form-urlencoded", "json"))}
        return {"method": method, "path": path, "headers": headers, "body": body}


ABSENT = object()
JSON = {"Content-Type": "application/json"}
NAMES = ["plain", "two words", "журнал", "a+b", "a.b-c_d", "q?x=1&y#z", "semi;colon", "UPPER", "日本", "emoji-😀", "quote\"s'", "tilde~!$*()", "a:b@c", "long" + "x" * 200,
         "{brace}", "[x]", "a,b", "^`|<>", "e\u0301"]
CONFIG_VARIATIONS = [
    ("tasks.max", ["2", 2, "0", "-1", "x", "", None, 1.5, True, " 1 ", "2147483648", "1e0"]),
    ("tasks.max.enforce", ["false", "FALSE", "no", None, True]),
    ("topics", [ABSENT, "", " ", "${TOPIC},${TOPIC}", " ${TOPIC} , ", "a b", None, ["${TOPIC}"]]),
    ("topics.regex", ["${TOPIC}", "(", "", ".*x", None]),
    ("connector.class", [ABSENT, "", " FileStreamSink ", "FileStreamSinkConnector", "org.apache.kafka.connect.file.FileStreamSinkConnector", "filestreamsink", "no.Such", None, 7,
                         "java.lang.String", "org.apache.kafka.connect.json.JsonConverter"]),
    ("file", [ABSENT, "", {"a": 1}, False]),
    ("errors.tolerance", ["all", "some", "", None, "ALL"]),
    ("errors.retry.timeout", ["-1", "x", 5]),
    ("config.action.reload", ["none", "restart", "RESTART", "now", None]),
    ("key.converter", ["org.apache.kafka.connect.storage.StringConverter", "no.Such", "java.lang.String", "", None]),
    ("unknown.key", ["x", 1, True, None, "ä\u0000\n", 1e400, 12345678901234567890, 0.1, -0.0]),
    ("transforms", ["", "a", None]),
    ("errors.deadletterqueue.topic.name", ["${TOPIC}"]),
    ("consumer.override.max.poll.records", ["1", 5]),
]
RAW_BODIES = ["", "null", "{", "[]", "5", "\"x\"", "{\"a\":}", "{} x", "[{}]", "true", "{\"name\":\"x\"}", "{\"config\":null}", "{'a':1}", "{\"a\":1,\"a\":\"2\"}", " ", "\ufeff{}"]


def create(g):
    name = g.name()
    config = g.config(name)
    body = {"name": name, "config": config}
    if g.r.random() < 0.25:
        body["initial_state"] = g.r.choice(("RUNNING", "PAUSED", "STOPPED", "paused", "Stopped", "", "asleep", None, 1, [], True))
    if g.r.random() < 0.08:
        body["name"] = g.r.choice((None, 5, "", "  ", True, [], "${N}tab\there", " " + name + " "))
    if g.r.random() < 0.05:
        body.pop("name")
    if g.r.random() < 0.04:
        body["config"] = g.r.choice((None, [], "x", 5))
    if g.r.random() < 0.04:
        body[g.r.choice(("extra", "Name", "initialState"))] = g.r.choice((1, None))
    if g.r.random() < 0.04:
        return "POST", "/connectors", g.r.choice(RAW_BODIES), JSON
    return "POST", "/connectors", body, JSON


def put_config(g):
    name = g.name()
    body = g.config(name) if g.r.random() < 0.92 else g.r.choice(RAW_BODIES)
    return "PUT", f"/connectors/{g.path_name(name)}/config", body, JSON


def patch_config(g):
    name = g.name()
    body = {}
    for _ in range(g.r.choice((0, 1, 1, 2))):
        key, values = g.r.choice(CONFIG_VARIATIONS)
        value = g.r.choice(values)
        body[key] = None if value is ABSENT else value
    if g.r.random() < 0.08:
        body = g.r.choice(RAW_BODIES)
    return "PATCH", f"/connectors/{g.path_name(name)}/config", body, JSON


def read(g):
    part = g.r.choice(("", "/config", "/status", "/status", "/tasks", "/topics", "/offsets", "/tasks/0/status", "/tasks/7/status", "/tasks/x/status", "/tasks-config", "/restart", "/nothing"))
    return g.r.choice(("GET", "GET", "GET", "GET", "HEAD")), f"/connectors/{g.path_name(g.name())}{part}", None, {}


def listing(g):
    query = g.r.choice(("", "", "?expand=status", "?expand=info", "?expand=info&expand=status", "?expand=status,info", "?expand=INFO", "?expand=", "?expand=x"))
    return "GET", "/connectors" + query, None, {}


def target(g):
    return "PUT", f"/connectors/{g.path_name(g.name())}/{g.r.choice(('pause', 'resume', 'stop', 'stop', 'resume'))}", g.r.choice((None, None, "{}", "x")), g.r.choice(({}, {}, JSON))


def restart(g):
    flag = lambda: g.r.choice(("true", "false", "TRUE", "yes", ""))
    query = g.r.choice(("", f"?includeTasks={flag()}", f"?onlyFailed={flag()}", f"?includeTasks={flag()}&onlyFailed={flag()}", "?includeTasks"))
    return "POST", f"/connectors/{g.path_name(g.name())}/restart{query}", None, {}


def restart_task(g):
    task = g.r.choice(("0", "0", "1", "00", "+0", "-1", "2147483647", "2147483648", "x", "0x0", "%30", "1.0", "-0"))
    return "POST", f"/connectors/{g.path_name(g.name())}/tasks/{task}/restart", None, {}


def delete(g):
    return "DELETE", f"/connectors/{g.path_name(g.name())}", None, {}


def reset_topics(g):
    return "PUT", f"/connectors/{g.path_name(g.name())}/topics/reset", None, {}


def offsets(g):
    path = f"/connectors/{g.path_name(g.name())}/offsets"
    if g.r.random() < 0.3:
        return "DELETE", path, None, {}
    partition = {"kafka_topic": "${TOPIC}", "kafka_partition": 0}
    offset = {"kafka_offset": 1}
    for thing, key, values in ((partition, "kafka_topic", ("", 5, None, [], "${TOPIC}x")), (partition, "kafka_partition", ("0", "x", 1.5, None, True, [], 99999999999)),
                               (offset, "kafka_offset", ("1", "x", 1.5, None, True, {}, 2, 0, 1e3, "99999999999999999999"))):
        if g.r.random() < 0.25:
            thing[key] = g.r.choice(values)
    entry = {"partition": partition, "offset": offset}
    if g.r.random() < 0.15:
        entry[g.r.choice(("partition", "offset"))] = g.r.choice((None, {}, 5, [], "x"))
    body = {"offsets": g.r.choice(([entry], [entry], [entry], [], [entry, entry], None, {}, [None], [5]))}
    if g.r.random() < 0.1:
        body = g.r.choice(RAW_BODIES + [{}, {"offsets": [entry], "x": 1}, {"offset": []}])
    return "PATCH", path, body, JSON


def method(g):
    base = f"/connectors/{g.path_name(g.name())}"
    path = g.r.choice(("/", "/health", "/connectors", base, base + "/config", base + "/status", base + "/tasks", base + "/topics", base + "/topics/reset", base + "/restart", base + "/pause",
                       base + "/stop", base + "/offsets", base + "/fence", base + "/tasks/0/status", base + "/tasks/0/restart", "/connector-plugins", "/none", base + "/none", "/connectors/a/b/c/d"))
    verb = g.r.choice(("OPTIONS", "OPTIONS", "HEAD", "GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO"))
    if (verb, path) in (("POST", base + "/restart"),) or path.endswith("/offsets"):
        verb = "OPTIONS"
    return verb, path, None, {}


def path(g):
    return g.r.choice(("GET", "PUT", "DELETE", "OPTIONS", "POST")), g.r.choice((
        "/connectors/%00", "/connectors/a%0Ab", "/connectors/%7F", "/connectors/%C2%80", "/connectors/%E2%80%A8", "/connectors/%F0%9F%98%80", "/connectors/%ED%A0%80", "/connectors/a%20", "/connectors/%20a",
        "/connectors/.", "/connectors/..", "/connectors/%2e", "/connectors/a/../b", "/connectors/;x", "/connectors/a;", "/;x", "/connectors/a%3b", "/connectors/a%3F", "/connectors/a%23", "/connectors/a\"b",
        "/connectors/a|b", "/connectors/a^b", "/connectors/{a}", "/connectors/a%", "/connectors/a%4", "/connectors/a%GG", "/CONNECTORS", "/connectors%2Fa", "/Connectors/a", "/connectors/a%26b", "/connectors/a=b,c")), None, {}


KINDS = [(create, 22), (put_config, 12), (patch_config, 9), (read, 26), (listing, 5), (target, 12), (restart, 6), (restart_task, 4), (delete, 6), (reset_topics, 2), (offsets, 9), (method, 8), (path, 5)]


class Side:
    def __init__(self, base, prefix, topic, directory):
        self.base, self.prefix = base.rstrip("/"), prefix
        self.fill = [("${FILE}", f"{directory}/{prefix}out.txt"), ("${TOPIC}", topic), ("${N}", prefix)]
        self.hide = [(f"{directory}/{prefix}out.txt", "${FILE}"), (topic, "${TOPIC}"), (self.base, "${BASE}"), (urllib.parse.urlsplit(base).netloc, "${WORKER_ID}"), (prefix, "${N}")]

    def ask(self, request):
        try:
            return without_defects(swap(send(self.base, swap(request, self.fill)), self.hide))
        except (OSError, ValueError) as e:  # a connection that was cut
            return {"status": 0, "headers": {}, "body": type(e).__name__}

    def clear(self):
        for name in send(self.base, {"method": "GET", "path": "/connectors", "headers": {}, "body": None})["body"]:
            send(self.base, {"method": "DELETE", "path": "/connectors/" + urllib.parse.quote(name, safe=""), "headers": {}, "body": None})


def compared(exchange, answer):
    shown = comparable(exchange, answer)
    if exchange["path"] == "/connectors" and isinstance(shown["body"], list):
        shown["body"] = sorted(shown["body"])
    return shown


def reads(request):
    return request["method"] in ("GET", "HEAD")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("reference"); p.add_argument("other")
    p.add_argument("--topic", required=True); p.add_argument("--dir", required=True)
    p.add_argument("--seed", type=int, default=1); p.add_argument("--rounds", type=int, default=10); p.add_argument("--requests", type=int, default=60)
    p.add_argument("--show", action="store_true", help="print every request")
    o = p.parse_args()
    tag = f"{o.seed % 1000:03d}"
    sides = [Side(o.reference, f"r{tag}-", o.topic, o.dir), Side(o.other, f"o{tag}-", o.topic, o.dir)]
    total = bad = 0
    meant = {}
    deleted = set()
    for number in range(o.rounds):
        for side in sides:
            side.clear()
        round_ = Round(o.seed * 1000 + number)
        for step in range(o.requests):
            request = round_.request()
            path = re.sub(r"[?;].*", "", request["path"]).rstrip("/")
            name = (path + "//").split("/")[2]
            if request["method"] == "DELETE":
                deleted.add(name)
            exchange = {"request": request, "path": path, "deleted": name in deleted}
            deadline = time.time() + SETTLE_S
            while True:
                want, got = (side.ask(request) for side in sides)
                diff = list(differences(compared(exchange, want), compared(exchange, got)))
                if not diff or not reads(request) or time.time() > deadline or known(exchange, want, got):
                    break
                time.sleep(0.3)
            total += 1
            if o.show:
                print(number, step, request["method"], request["path"], json.dumps(request["body"], ensure_ascii=False), "->", want["status"], got["status"])
            if not diff:
                continue
            why = known(exchange, want, got)
            if why:
                meant[why] = meant.get(why, 0) + 1
                continue
            bad += 1
            print(f"DIFF round {number} step {step}  {request['method']} {request['path']} {json.dumps(request['headers'])} {json.dumps(request['body'], ensure_ascii=False)}")
            for d in diff[:6]:
                print("    " + d)
            print(f"    reference {want['status']} {json.dumps(want['body'], ensure_ascii=False)[:400]}")
            print(f"    other     {got['status']} {json.dumps(got['body'], ensure_ascii=False)[:400]}")
            sys.stdout.flush()
        deleted.update(round_.path_name(name) for name in round_.names + ["${N}nobody"])
    for side in sides:
        side.clear()
    for why, count in sorted(meant.items()):
        print(f"meant {count:5d} {why}")
    print(f"{total - bad} alike, {bad} different")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
