"""The graph sink into Neo4j, against a plain loop with the same driver and the same parameters."""

import os

from flows import JSON, Flow, Lines, Topics, parts, worker
from measure import PeakPss
from tables import flow_table
from workers import neo4j_plugin

# Known to the plain loop too (`bench_graph`), in the form that the connector sends.
STATEMENT = (
    "MERGE (n:Item {id: event.id}) SET n.name = event.name, n.score = event.score"
)


def plain_loop(records):
    loop = Lines(["bench_graph", "loop", records])
    memory = PeakPss(loop.pid)
    whole, warm = parts(list(loop), records)
    return Flow("plain loop", whole, warm, memory.stop(), 0)


def graph_sink(topic):
    return {
        "connector.class": "org.neo4j.connectors.kafka.sink.Neo4jConnector",
        "neo4j.uri": os.environ["TURNBUCKLE_NEO4J_URI"],
        "neo4j.authentication.type": "NONE",
        f"neo4j.cypher.topic.{topic}": STATEMENT,
        "value.converter": JSON,
        "value.converter.schemas.enable": "false",
    }


def graph_table(folder, engines, records):
    topics = Topics(records)
    topic = topics.get(1, "json")
    # Until all nodes are there and the database has compiled what it runs.
    plain_loop(max(records, 200_000))
    flows = [plain_loop(records)]
    note = ""
    for engine in engines:
        if engine == "jvm" and not neo4j_plugin():
            note = "\n\nThe JVM's connector is not in Maven's repository; with its folder in `TURNBUCKLE_BENCH_NEO4J_PLUGIN` it takes part."
            continue
        flows.append(worker(engine, folder, topics, 1, "json", graph_sink(topic)))
    topics.delete(1, "json")
    title = f"### (c) Graph sink into Neo4j 5.26, {records:,} records of 200 bytes, three fields read of eight"
    return f"{title}\n\n{flow_table('1 partition', flows)}{note}"
