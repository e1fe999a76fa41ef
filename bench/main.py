"""Runs benchmarks and prints their tables in Markdown; `bench/run --help`."""

import argparse
import os
import tempfile

import data
import graph
import idle
import start
from flows import Topics, bare, file_sink, worker
from tables import flow_table, machine

CASES = ["a", "b", "c", "data", "start", "idle"]


def main():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="a b c data start idle; all of them if none is named")
    parser.add_argument("--records", type=int, help="records for a, b and data (2 million) and, a fourth of them, for c")
    parser.add_argument("--partitions", default="1,4", help="numbers of partitions for a and b")
    parser.add_argument("--without-jvm", action="store_true", help="leave the JVM out")
    parser.add_argument("--output", help="append the tables to this file too")
    options = parser.parse_args()
    cases = CASES if options.cases in ([], ["all"]) else options.cases
    if unknown := set(cases) - set(CASES):
        parser.error(f"no benchmark is called {' '.join(sorted(unknown))}")
    engines = ["turnbuckle"] if options.without_jvm else ["turnbuckle", "jvm"]
    tables = [machine()]
    with tempfile.TemporaryDirectory(prefix="turnbuckle-bench-") as folder:
        for case in cases:
            print(f"{case} ...", flush=True)
            tables.append(run(case, folder, engines, options))
    text = "\n\n".join(tables)
    print("\n" + text)
    if options.output:
        with open(options.output, "a") as file:
            file.write(text + "\n")


def run(case, folder, engines, options):
    records = options.records or 2_000_000
    if case == "start":
        return start.start_table(folder, engines)
    if case == "idle":
        return idle.idle_table(folder, engines)
    if case == "c":
        return graph.graph_table(folder, engines, records // 4)
    if case == "data":
        return data.data_table(folder, engines, records)
    kind = {"a": "text", "b": "json"}[case]
    title = {
        "a": "### (a) StringConverter to FileStreamSink, /dev/null",
        "b": "### (b) JsonConverter without schemas to FileStreamSink, /dev/null",
    }[case]
    topics, tables = Topics(records), [f"{title}, {records:,} records of 200 bytes"]
    for partitions in map(int, options.partitions.split(",")):
        flows = [bare(topics, partitions, kind)]
        for engine in engines:
            flows.append(worker(engine, folder, topics, partitions, kind, file_sink(kind)))
        tables.append(flow_table(f"{partitions} partition{'s' * (partitions > 1)}", flows))
        topics.delete(partitions, kind)
    return "\n\n".join(tables)


if __name__ == "__main__":
    os.environ.setdefault("RUST_LOG", "info")
    main()
