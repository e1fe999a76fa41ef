"""Tables in Markdown."""

import os
import platform
import time


def machine():
    """Where and when; figures of different machines do not compare, ratios may."""
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "?")
    with open("/proc/loadavg") as file:
        load = file.read().split()[0]
    day = time.strftime("%Y-%m-%d")
    return f"{day}, {os.cpu_count()} cores ({model}), Linux {platform.release()}, load {load} at the start."


def table(head, rows):
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def megabytes(count):
    return f"{count / 2**20:.0f}" if count else ""


def flow_table(title, flows):
    """What each did, and under it how Turnbuckle stands to the others: higher is better in each ratio."""
    head = [
        title,
        "records/s",
        "warm",
        "µs CPU/record",
        "warm",
        "peak PSS MB",
        "peak RSS MB",
    ]
    rows = [
        [
            flow.contestant,
            f"{flow.whole.rate:,.0f}",
            f"{flow.warm.rate:,.0f}",
            f"{flow.whole.cost:.2f}",
            f"{flow.warm.cost:.2f}",
            megabytes(flow.pss),
            megabytes(flow.rss),
        ]
        for flow in flows
    ]
    ours = next(flow for flow in flows if flow.contestant == "Turnbuckle")
    for other in flows:
        if other is not ours:
            rows.append(
                [
                    f"*Turnbuckle : {other.contestant}*",
                    f"{ours.whole.rate / other.whole.rate:.2f}",
                    f"{ours.warm.rate / other.warm.rate:.2f}",
                    f"{other.whole.cost / ours.whole.cost:.2f}",
                    f"{other.warm.cost / ours.warm.cost:.2f}",
                    f"{other.pss / ours.pss:.1f}" if other.pss else "",
                    f"{other.rss / ours.rss:.1f}" if other.rss else "",
                ]
            )
    return table(head, rows)
