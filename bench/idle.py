"""What connectors cost that have nothing to do."""

import os
import time

from flows import file_sink
from measure import idle, pss, threads
from tables import megabytes, table
from workers import Worker

CONNECTORS = 50
SETTLE, MEASURE = 20, 30


def idle_table(folder, engines):
    rows = []
    for engine in engines:
        names = [f"{engine}-idle-{n}" for n in range(CONNECTORS)]
        connectors = [
            {"name": name, "topics": f"bench-idle-{n}", "tasks.max": "1", **file_sink("text")}
            for n, name in enumerate(names)
        ]
        # As by default: no commits every 50 ms.
        settings = {"offset.flush.interval.ms": "60000"}
        bootstrap = os.environ["TURNBUCKLE_BOOTSTRAP"]
        worker = Worker(engine, f"{folder}/{engine}-idle", bootstrap, connectors, settings)
        try:
            seconds, used = worker.wait_running(names)
            time.sleep(SETTLE)
            share, woken = idle(worker.pid, MEASURE)
            memory = pss(worker.pid)
            rows.append(
                [
                    engine,
                    f"{seconds:.1f}",
                    f"{used:.1f}",
                    megabytes(memory),
                    threads(worker.pid),
                    f"{share * 100:.1f} %",
                    f"{woken:.0f}",
                ]
            )
        finally:
            worker.stop()
    head = ["idle", "s until RUNNING", "CPU s until then", "PSS MB", "threads", "of one core", "wake-ups/s"]
    return f"### {CONNECTORS} idle connectors with one task each\n\n" + table(head, rows)
