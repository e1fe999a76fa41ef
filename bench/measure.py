"""What the kernel tells of a process: processor time, memory, threads, how often it is woken."""

import os
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")


def processor(pid):
    """Seconds of processor time, user and system, of all threads that it has or had."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def _number(path, name):
    with open(path) as file:
        for line in file:
            if line.startswith(name):
                return int(line.split()[1])
    return 0


def pss(pid):
    """Proportional set size in bytes: what the process adds to the memory in use."""
    return _number(f"/proc/{pid}/smaps_rollup", "Pss:") * 1024


def peak_rss(pid):
    """The most resident memory there ever was, in bytes."""
    return _number(f"/proc/{pid}/status", "VmHWM:") * 1024


def threads(pid):
    return _number(f"/proc/{pid}/status", "Threads:")


def switches(pid):
    """Times that a thread was put to sleep or to run; of threads that live."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            path = f"/proc/{pid}/task/{task}/status"
            total += _number(path, "voluntary_ctxt_switches:")
        except OSError:
            pass  # the thread has ended meanwhile
    return total


class PeakPss:
    """Samples the proportional set size until it is stopped, or the process ends."""

    INTERVAL = 0.25

    def __init__(self, pid):
        self.pid = pid
        self.peak = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._sample, daemon=True)
        self.thread.start()

    def _sample(self):
        while not self.over.wait(self.INTERVAL):
            try:
                self.peak = max(self.peak, pss(self.pid))
            except OSError:
                return

    def stop(self):
        self.over.set()
        self.thread.join()
        return self.peak


def idle(pid, seconds):
    """Share of one core, and wake-ups a second, over some seconds."""
    before, woken, start = processor(pid), switches(pid), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - start
    return (processor(pid) - before) / took, (switches(pid) - woken) / took
