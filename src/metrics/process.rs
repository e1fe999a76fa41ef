//! The process itself, under the names that Prometheus' client libraries give, as far as Linux tells.

use std::fs;

use super::model::{Family, Kind, Sample};

/// Name, meaning and kind; in the order of [`values`].
pub(super) const PROCESS: &[(&str, &str, Kind)] = &[
    (
        "process_cpu_seconds_total",
        "User and system time of this process.",
        Kind::Counter,
    ),
    (
        "process_resident_memory_bytes",
        "Memory of this process that is in RAM.",
        Kind::Gauge,
    ),
    (
        "process_virtual_memory_bytes",
        "Address space of this process.",
        Kind::Gauge,
    ),
    ("process_threads", "Threads of this process.", Kind::Gauge),
    ("process_open_fds", "Open files and sockets.", Kind::Gauge),
];

/// Empty where there is no `/proc`.
pub(super) fn families() -> Vec<Family> {
    let Some(values) = values() else {
        return Vec::new();
    };
    let family = |((name, help, kind), value): (&(&'static str, &'static str, Kind), f64)| Family {
        name: (*name).into(),
        help: (*help).into(),
        kind: *kind,
        samples: vec![Sample::new(Vec::new(), value)],
    };
    PROCESS.iter().zip(values).map(family).collect()
}

fn values() -> Option<[f64; 5]> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program stands in parentheses and may hold blanks.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |i: usize| fields.get(i)?.parse::<f64>().ok();
    // SAFETY: asks for two constants of the machine, no pointers.
    let (ticks, page) = unsafe {
        (
            libc::sysconf(libc::_SC_CLK_TCK),
            libc::sysconf(libc::_SC_PAGESIZE),
        )
    };
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    Some([
        (field(11)? + field(12)?) / ticks as f64,
        field(21)? * page as f64,
        field(20)?,
        field(17)?,
        open as f64,
    ])
}
