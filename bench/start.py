"""Time and processor time from the start of the process until connector and task are RUNNING."""

import os
import statistics

from flows import file_sink
from measure import pss
from tables import megabytes, table
from workers import Worker

RUNS = {"turnbuckle": 9, "jvm": 3}


def start_rows(folder, engines):
    bootstrap = os.environ["TURNBUCKLE_BOOTSTRAP"]
    rows, medians = [], {}
    for engine in engines:
        seen = []
        for run in range(RUNS[engine]):
            name = f"{engine}-start-{run}"
            connector = {"name": name, "topics": "bench-start", "tasks.max": "1", **file_sink("text")}
            worker = Worker(engine, f"{folder}/{name}", bootstrap, [connector])
            try:
                seen.append((*worker.wait_running([name]), pss(worker.pid)))
            finally:
                worker.stop()
        seconds, used, memory = (statistics.median(column) for column in zip(*seen))
        medians[engine] = (seconds, used, memory)
        rows.append([engine, RUNS[engine], f"{seconds:.2f}", f"{used:.2f}", megabytes(memory)])
    if len(engines) == 2:
        ours, theirs = (medians[engine] for engine in engines)
        rows.append(["*ratio*", "", *(ratio(a, b) for a, b in zip(ours, theirs))])
    return rows


def ratio(ours, theirs):
    """The kernel counts processor time in hundredths of a second, so a start may have cost none."""
    return f"{theirs / ours:.0f}" if ours else "> {:.0f}".format(theirs / 0.01)


def start_table(folder, engines):
    head = ["until RUNNING", "runs", "seconds", "CPU seconds", "PSS MB"]
    return "### Start: one connector with one task (medians)\n\n" + table(head, start_rows(folder, engines))
