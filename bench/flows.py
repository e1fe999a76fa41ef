"""Moves a filled topic through each contestant and tells what it cost."""

import os
import subprocess
import time
from dataclasses import dataclass

from measure import PeakPss, peak_rss
from workers import Worker

STRING = "org.apache.kafka.connect.storage.StringConverter"
JSON = "org.apache.kafka.connect.json.JsonConverter"


@dataclass
class Part:
    """Some records: how many, in how many seconds, at how many processor seconds."""

    records: int
    seconds: float
    processor: float

    @property
    def rate(self):
        return self.records / self.seconds

    @property
    def cost(self):
        """Microseconds of processor time for each record."""
        return self.processor / self.records * 1e6


@dataclass
class Flow:
    """What one contestant did. `whole` counts from the start of its process, `warm` is the second half."""

    contestant: str
    whole: Part
    warm: Part
    pss: int
    rss: int
    running: tuple = (0.0, 0.0)


class Topics:
    """Filled topics, made once each."""

    def __init__(self, records):
        self.records = records
        self.filled = {}

    def get(self, partitions, kind):
        key = (partitions, kind)
        if key not in self.filled:
            topic = f"bench-{kind}-{partitions}"
            begin = time.monotonic()
            self.kafka("produce", topic, partitions, kind).wait_well()
            print(f"  {topic}: {self.records} records in {time.monotonic() - begin:.0f} s", flush=True)
            self.filled[key] = topic
        return self.filled[key]

    def delete(self, partitions, kind):
        """Makes room on the disk."""
        self.kafka("delete", self.filled.pop((partitions, kind)), partitions).wait_well()

    def kafka(self, verb, topic, partitions, *more):
        return Lines(["bench_kafka", verb, topic, partitions, self.records, *more])


class Lines:
    """A helper of ours and the lines of numbers that it prints."""

    def __init__(self, words):
        program = os.path.join(os.environ["TURNBUCKLE_BENCH_EXAMPLES"], words[0])
        command = [program, *map(str, words[1:])]
        self.name = " ".join(command)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid

    def __iter__(self):
        for line in self.process.stdout:
            yield tuple(float(word) for word in line.split())
        self.wait_well()

    def wait_well(self):
        if self.process.wait() != 0:
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}")


def parts(steps, records):
    """Whole run and second half, of (records, seconds, processor seconds) at each step."""
    end = steps[-1]
    half = next(step for step in steps if step[0] >= records / 2)
    if half is end:
        raise RuntimeError("too few records: the second half began when all was done")
    return Part(*end), Part(*(last - first for last, first in zip(end, half)))


def bare(topics, partitions, kind):
    """librdkafka alone."""
    topic = topics.get(partitions, kind)
    reader = topics.kafka("consume", topic, partitions)
    memory = PeakPss(reader.pid)
    steps = list(reader)
    whole, warm = parts(steps, topics.records)
    return Flow("bare librdkafka", whole, warm, memory.stop(), 0)


def worker(engine, folder, topics, partitions, kind, connector):
    """A worker with one connector."""
    topic = topics.get(partitions, kind)
    name = f"{engine}-{kind}-{partitions}"
    connector = {"name": name, "topics": topic, "tasks.max": "1", **connector}
    bootstrap = os.environ["TURNBUCKLE_BOOTSTRAP"]
    started = time.monotonic()
    running = Worker(engine, f"{folder}/{name}", bootstrap, [connector])
    try:
        memory = PeakPss(running.pid)
        watcher = topics.kafka("watch", topic, partitions, f"connect-{name}", running.pid)
        late = time.monotonic() - started
        steps = [(count, seconds + late, used) for count, seconds, used in watcher]
        whole, warm = parts(steps, topics.records)
        label = {"turnbuckle": "Turnbuckle", "jvm": "JVM"}[engine]
        return Flow(label, whole, warm, memory.stop(), peak_rss(running.pid))
    finally:
        running.stop()


def file_sink(kind):
    """FileStreamSink to /dev/null."""
    connector = {
        "connector.class": "FileStreamSink",
        "file": "/dev/null",
        "value.converter": STRING,
    }
    if kind == "json":
        connector.update({"value.converter": JSON, "value.converter.schemas.enable": "false"})
    return connector
