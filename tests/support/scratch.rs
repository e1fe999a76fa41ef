//! Names, folders and ports that no other test has.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

const PREFIX: &str = "turnbuckle-services-";

static NEXT: AtomicU32 = AtomicU32::new(0);
static NEXT_PORT: AtomicU32 = AtomicU32::new(0);

/// `name-<process>-<number>`: good for topics, groups and connectors.
pub fn unique(name: &str) -> String {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{name}-{:x}-{number}", std::process::id())
}

/// The folder of this run; [`remove_root`] takes it away.
pub fn root() -> PathBuf {
    std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()))
}

/// A new empty folder.
pub fn dir(name: &str) -> PathBuf {
    let path = root().join(unique(name));
    fs::create_dir_all(&path).unwrap_or_else(|e| panic!("cannot make {}: {e}", path.display()));
    path
}

pub fn remove_root() {
    // Best effort: a service may still be closing a file.
    let _ = fs::remove_dir_all(root());
}

/// Folders of runs that ended without clearing up, because they failed or were killed.
pub fn remove_stale_roots() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|n| n.strip_prefix(PREFIX)) else {
            continue;
        };
        if !Path::new("/proc").join(pid).exists() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A loopback port nobody listens on, below the range that the kernel gives to outgoing connections: a service may be
/// stopped and started again on it without finding it taken.
pub fn free_port() -> u16 {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    let offset = std::process::id().wrapping_mul(97);
    for _ in 0..COUNT {
        let number = NEXT_PORT.fetch_add(1, Ordering::Relaxed);
        let port = (FIRST + offset.wrapping_add(number) % COUNT) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port on the loopback interface");
}
