//! Makes the driver's connections send at once, and notice a dead peer.
//!
//! The driver writes a statement in pieces of eight kilobytes and leaves Nagle's algorithm on, so that the last piece waits
//! for the acknowledgement of the one before: 40 ms for each batch. It offers neither an option for it nor its sockets,
//! so they are looked up where the system lists the open files of this process, and told apart by the port of their
//! peer. That port alone is compared, because names resolve to several addresses and change; should another
//! connection of this process lead to the same port, it loses nothing by sending at once.
//!
//! To be dropped as soon as the driver sets the option itself. Where the system has no such list (Windows), batches
//! are slow and nothing else is different.

#[cfg(unix)]
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::Once;
use std::time::Duration;

use crate::uri::Address;

/// How long sent data may stay without acknowledgement before the connection counts as lost.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(60);

/// How long a silent connection goes without a question whether the peer is alive.
pub const KEEPALIVE: Duration = Duration::from_secs(30);

/// Sets the options on every connection of this process to a peer with the port of this address. Costs a system call
/// for each open file, and little more for a connection that has them.
pub fn set(address: &Address) {
    static TOLD: Once = Once::new();
    let why = match set_on_all(address.port) {
        Ok(0) => "none was found".to_owned(),
        Ok(_) => return,
        Err(error) => error.to_string(),
    };
    TOLD.call_once(|| {
        tracing::warn!(%address, why, "connections keep Nagle's algorithm, batches are slow");
    });
}

/// How many connections there are.
#[cfg(unix)]
fn set_on_all(port: u16) -> std::io::Result<usize> {
    let list = if cfg!(target_os = "linux") {
        "/proc/self/fd"
    } else {
        "/dev/fd"
    };
    let mut found = 0;
    for entry in std::fs::read_dir(list)? {
        let name = entry?.file_name();
        if let Some(fd) = name.to_str().and_then(|name| name.parse().ok()) {
            found += usize::from(set_on(fd, port));
        }
    }
    Ok(found)
}

#[cfg(not(unix))]
fn set_on_all(_: u16) -> std::io::Result<usize> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// False if this is no connection to that port, or no longer.
#[cfg(unix)]
fn set_on(fd: RawFd, port: u16) -> bool {
    // SAFETY: the number was listed a moment ago. Its file may have been closed since, by another task, and the number
    // given to another one: then the calls below fail, which is no error here, or ask another socket for its peer. Nothing
    // is read, written or closed through it, and the options do no harm to any connection.
    let file = unsafe { BorrowedFd::borrow_raw(fd) };
    let socket = socket2::SockRef::from(&file);
    let peer = socket.peer_addr().ok().and_then(|peer| peer.as_socket());
    if peer.is_none_or(|peer| peer.port() != port) {
        return false;
    }
    if socket.tcp_nodelay().is_ok_and(|on| on) {
        return true;
    }
    #[cfg(target_os = "linux")]
    // Without it, data that nobody acknowledges is sent again for a quarter of an hour.
    let _ = socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    socket.set_tcp_nodelay(true).is_ok()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn connections_to_the_port_send_at_once() {
        let listen = |address| TcpListener::bind(address).expect("a listener");
        let (mine, other) = (listen("127.0.0.1:0"), listen("127.0.0.1:0"));
        let port = |l: &TcpListener| l.local_addr().expect("an address").port();
        let connect = |l| TcpStream::connect(("127.0.0.1", port(l))).expect("a connection");
        let (first, second, stranger) = (connect(&mine), connect(&mine), connect(&other));
        assert_eq!(set_on_all(port(&mine)).expect("set"), 2);
        assert!(first.nodelay().expect("asked") && second.nodelay().expect("asked"));
        assert!(!stranger.nodelay().expect("asked"));
        drop(first);
        let third = connect(&mine);
        assert_eq!(set_on_all(port(&mine)).expect("set"), 2);
        assert!(third.nodelay().expect("asked"));
    }
}
