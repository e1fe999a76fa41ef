//! The tables of `docs/metrics.md`.

use std::fmt::Write as _;

use super::kafka::{
    APP_INFO, CLIENT, CONNECTOR, CONNECTOR_TASK, COORDINATOR, Def, FETCH, FETCH_PARTITION,
    FETCH_TOPIC, SINK_TASK, START_TIME, TASK_ERROR, TASK_STATUS, WORKER, WORKER_CONNECTOR,
};
use super::own::{BUILD_INFO, TASK, UPTIME};
use super::process::PROCESS;

/// Everything that is shown, from its definitions.
pub fn page() -> String {
    let mut page = String::from("## Kafka's groups\n");
    group(&mut page, "kafka.connect: app-info", "client-id");
    for (name, help) in APP_INFO {
        row(&mut page, name, "text", help);
    }
    row(&mut page, START_TIME.0, "gauge", START_TIME.1);
    defs(
        &mut page,
        "kafka.connect: connect-worker-metrics",
        "–",
        WORKER,
    );
    defs(
        &mut page,
        "kafka.connect: connect-worker-metrics",
        "connector",
        WORKER_CONNECTOR,
    );
    group(&mut page, "kafka.connect: connector-metrics", "connector");
    for (name, help) in CONNECTOR {
        row(&mut page, name, "text", help);
    }
    defs(
        &mut page,
        "kafka.connect: connector-task-metrics",
        "connector, task",
        CONNECTOR_TASK,
    );
    row(&mut page, TASK_STATUS.0, "text", TASK_STATUS.1);
    defs(
        &mut page,
        "kafka.connect: sink-task-metrics",
        "connector, task",
        SINK_TASK,
    );
    defs(
        &mut page,
        "kafka.connect: task-error-metrics",
        "connector, task",
        TASK_ERROR,
    );
    let fetch = "kafka.consumer: consumer-fetch-manager-metrics";
    defs(&mut page, fetch, "client-id", FETCH);
    defs(&mut page, fetch, "client-id, topic", FETCH_TOPIC);
    defs(
        &mut page,
        fetch,
        "client-id, topic, partition",
        FETCH_PARTITION,
    );
    defs(
        &mut page,
        "kafka.consumer: consumer-coordinator-metrics",
        "client-id",
        COORDINATOR,
    );
    defs(
        &mut page,
        "kafka.consumer: consumer-metrics",
        "client-id",
        CLIENT,
    );
    defs(
        &mut page,
        "kafka.producer: producer-metrics",
        "client-id",
        CLIENT,
    );
    own(&mut page);
    page
}

fn own(page: &mut String) {
    page.push_str(
        "\n## Our own\n\n| name | labels | type | meaning |\n| --- | --- | --- | --- |\n",
    );
    let _ = writeln!(
        page,
        "| `{}` | version, commit | gauge | {} |",
        BUILD_INFO.0, BUILD_INFO.1
    );
    let _ = writeln!(page, "| `{}` | – | gauge | {} |", UPTIME.0, UPTIME.1);
    for def in TASK {
        let labels: Vec<&str> = ["connector", "task"]
            .iter()
            .chain(def.labels)
            .copied()
            .collect();
        let (labels, kind) = (labels.join(", "), def.kind.name());
        let _ = writeln!(
            page,
            "| `{}` | {labels} | {kind} | {} |",
            def.name, def.help
        );
    }
    for (name, help, kind) in PROCESS {
        let _ = writeln!(page, "| `{name}` | – | {} | {help} |", kind.name());
    }
}

fn defs<T>(page: &mut String, title: &str, tags: &str, defs: &[Def<T>]) {
    group(page, title, tags);
    for def in defs {
        row(page, def.name, def.kind.name(), def.help);
    }
}

fn group(page: &mut String, title: &str, tags: &str) {
    let _ = write!(
        page,
        "\n### {title}\n\nTags: {tags}\n\n| attribute | type | meaning |\n| --- | --- | --- |\n"
    );
}

fn row(page: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(page, "| `{name}` | {kind} | {help} |");
}
