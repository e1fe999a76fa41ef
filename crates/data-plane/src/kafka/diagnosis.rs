//! [`Trouble`]: what librdkafka says of a broken connection, and what a person should look at.
//!
//! librdkafka tries for ever and says why in words only. Those that name a mistake of configuration are known here;
//! the tests hold them as it says them.

use super::problems::Who;

/// One connection that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    peer: Peer,
    /// `host:port`.
    address: String,
    fault: Fault,
    /// What the client said, for the log.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    /// From `bootstrap.servers`.
    Bootstrap,
    /// The cluster told its address (`advertised.listeners`).
    Broker,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Unresolvable,
    Refused,
    Silent,
    /// The network says that there is no way.
    NoRoute,
    /// The peer hung up on the first words of a client without TLS.
    WantsTls,
    /// The peer hung up on the first request of a client that did not log in.
    WantsLogin,
    /// The peer hung up on the first words of TLS, or answered them with something else.
    HasNoTls,
    Http,
    Other,
}

/// librdkafka's name for the group's coordinator, whose address is told behind it.
const COORDINATOR: &str = "GroupCoordinator";

impl Trouble {
    /// Reads a log line or an error's reason: `[thrd:…]: ssl://host:port/bootstrap: what happened`.
    pub fn parse(line: &str) -> Option<Self> {
        let text = match line.strip_prefix("[thrd:") {
            Some(rest) => rest.split_once("]: ")?.1,
            None => line,
        };
        let (name, what) = text.split_once(": ")?;
        let (protocol, name) = name.split_once("://").unwrap_or(("plaintext", name));
        let (peer, address) = match name.rsplit_once('/') {
            Some((address, "bootstrap")) => (Peer::Bootstrap, address),
            Some((address, id)) if id.parse::<u32>().is_ok() => (Peer::Broker, address),
            None if name == COORDINATOR => {
                let (address, _) = what.split_once(": ")?;
                (Peer::Broker, address.split('/').next().unwrap_or(address))
            }
            _ => return None,
        };
        // An address, and not the beginning of a sentence.
        address.rsplit_once(':')?.1.parse::<u16>().ok()?;
        Some(Self {
            peer,
            address: address.to_owned(),
            fault: fault(protocol, what),
            text: text.to_owned(),
        })
    }

    /// Whether an answer from `bootstrap.servers` led to an address that does not work: nothing will come of waiting.
    pub fn is_misadvertised(&self, who: &Who) -> bool {
        let is_bootstrap = || {
            let mut servers = who.bootstrap.split(',').map(str::trim);
            servers.any(|server| server.ends_with(&self.address))
        };
        self.peer == Peer::Broker
            && match self.fault {
                Fault::Unresolvable => true,
                Fault::Refused | Fault::Silent | Fault::NoRoute => !is_bootstrap(),
                _ => false,
            }
    }

    /// What it most likely means and what to do, as a sentence without its full stop.
    pub fn advice(&self, who: &Who) -> String {
        let (address, bootstrap) = (&self.address, &who.bootstrap);
        if self.is_misadvertised(who) {
            let what = match self.fault {
                Fault::Unresolvable => "a name that this machine cannot resolve",
                Fault::Refused => "which refuses connections",
                Fault::NoRoute => "to which there is no route",
                _ => "which does not answer",
            };
            let host = address
                .rsplit_once(':')
                .map_or(&**address, |(host, _)| host);
            return format!(
                "bootstrap.servers {bootstrap} answered, but the broker advertises {address}, {what}: set advertised.listeners of the broker to an address that can be reached from here, or make {host} known here (DNS or the hosts file)"
            );
        }
        match self.fault {
            Fault::Unresolvable => format!(
                "{address} is no name that this machine can resolve: check bootstrap.servers ({bootstrap}) and DNS"
            ),
            Fault::Refused => format!(
                "nothing listens at {address}: check that the broker runs, and host and port in bootstrap.servers ({bootstrap})"
            ),
            Fault::Silent => format!(
                "{address} does not answer: check that the broker runs, host and port in bootstrap.servers ({bootstrap}), and firewalls in between"
            ),
            Fault::NoRoute => format!(
                "there is no route to {address}: check bootstrap.servers ({bootstrap}) and the network"
            ),
            Fault::WantsTls => format!(
                "{address} hung up on a client without TLS: its listener most likely asks for TLS. Set security.protocol to SSL, or to SASL_SSL if it asks for a login too"
            ),
            Fault::WantsLogin => format!(
                "{address} hung up on a client that did not log in: its listener most likely asks for SASL. Set security.protocol to SASL_PLAINTEXT or SASL_SSL, and sasl.mechanism and sasl.jaas.config"
            ),
            Fault::HasNoTls => format!(
                "{address} does not speak TLS: its listener is most likely PLAINTEXT. Set security.protocol to PLAINTEXT or SASL_PLAINTEXT, or name the port of the TLS listener in bootstrap.servers"
            ),
            Fault::Http => format!(
                "{address} answers in HTTP, so that is no port of a Kafka broker: correct bootstrap.servers ({bootstrap})"
            ),
            Fault::Other => general(who),
        }
    }
}

/// Where nothing more is known.
pub(super) fn general(who: &Who) -> String {
    format!(
        "if it stays so, check bootstrap.servers ({}), security.protocol and the network",
        who.bootstrap
    )
}

/// The words are librdkafka's, the C library's and OpenSSL's.
fn fault(protocol: &str, what: &str) -> Fault {
    let says = |part: &str| what.contains(part);
    let (has_tls, has_login) = (protocol.ends_with("ssl"), protocol.starts_with("sasl"));
    if says("Failed to resolve") {
        Fault::Unresolvable
    } else if says("Disconnected") && says("in state APIVERSION_QUERY") && !has_tls {
        Fault::WantsTls
    } else if says("Disconnected") && was_up_shortly(what) && !has_login {
        Fault::WantsLogin
    } else if says("connecting to a PLAINTEXT broker listener?")
        || says("wrong version number")
        || says("packet length too long")
        || says("http request")
    {
        Fault::HasNoTls
    } else if let Some(size) = frame_size(what) {
        match size.to_be_bytes() {
            [b'H', b'T', b'T', b'P'] => Fault::Http,
            // An alert of TLS 1.x.
            [0x15, 3, _, _] => Fault::WantsTls,
            _ => Fault::Other,
        }
    } else if says("Connection refused") {
        Fault::Refused
    } else if says("imed out") || says("timeout") {
        Fault::Silent
    } else if says("No route to host") || says("etwork is unreachable") {
        Fault::NoRoute
    } else {
        Fault::Other
    }
}

/// `(after 31ms in state UP)`: the first real request was answered by hanging up.
fn was_up_shortly(what: &str) -> bool {
    const SHORTLY: u64 = 2000;
    let up = what.split_once("ms in state UP").map(|(before, _)| before);
    let ms = up.and_then(|before| before.rsplit_once("after "));
    ms.and_then(|(_, ms)| ms.parse::<u64>().ok())
        .is_some_and(|ms| ms < SHORTLY)
}

/// What stood where the length of Kafka's answer should be.
fn frame_size(what: &str) -> Option<i32> {
    let says = |words| what.split_once(words);
    let (_, size) = says("Invalid frame size ").or_else(|| says("Invalid response size "))?;
    let end = size.find(|c: char| !c.is_ascii_digit() && c != '-');
    size[..end.unwrap_or(size.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who() -> Who {
        Who {
            name: "the consumer of group g".to_owned(),
            group: "g".to_owned(),
            bootstrap: "127.0.0.1:9092,b2:9092".to_owned(),
        }
    }

    #[test]
    fn what_librdkafka_says_becomes_advice() {
        for (line, advice) in [
            (
                "[thrd:nosuch:9092/bootstrap]: nosuch:9092/bootstrap: Failed to resolve 'nosuch:9092': Name or service not known (after 9ms in state CONNECT)",
                "nosuch:9092 is no name that this machine can resolve",
            ),
            (
                "127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)",
                "nothing listens at 127.0.0.1:1",
            ),
            (
                "[::1]:9092/bootstrap: Connection setup timed out in state CONNECT (after 10000ms in state CONNECT)",
                "[::1]:9092 does not answer",
            ),
            (
                "127.0.0.1:9092/bootstrap: ApiVersionRequest failed: Local: Timed out: probably due to broker version < 0.10 (see api.version.request configuration) (after 10014ms in state APIVERSION_QUERY)",
                "127.0.0.1:9092 does not answer",
            ),
            (
                "127.0.0.1:9093/bootstrap: Disconnected: connection closed by peer: receive 0 after POLLIN (after 387ms in state APIVERSION_QUERY)",
                "127.0.0.1:9093 hung up on a client without TLS",
            ),
            (
                "127.0.0.1:9094/bootstrap: Disconnected: connection closed by peer: receive 0 after POLLIN (after 31ms in state UP)",
                "127.0.0.1:9094 hung up on a client that did not log in",
            ),
            (
                "ssl://127.0.0.1:9092/bootstrap: SSL handshake failed: Disconnected: SSL connection closed by peer: connecting to a PLAINTEXT broker listener? (after 14ms in state SSL_HANDSHAKE)",
                "127.0.0.1:9092 does not speak TLS",
            ),
            (
                "ssl://127.0.0.1:8080/bootstrap: SSL handshake failed: error:0A00010B:SSL routines::wrong version number (after 5ms in state SSL_HANDSHAKE)",
                "127.0.0.1:8080 does not speak TLS",
            ),
            (
                "127.0.0.1:8080/bootstrap: Receive failed: Invalid response size 1213486160 (0..200000000): increase receive.message.max.bytes (after 13ms in state APIVERSION_QUERY)",
                "127.0.0.1:8080 answers in HTTP",
            ),
            (
                "127.0.0.1:9093/bootstrap: Receive failed: Invalid frame size 352518912 (after 0ms in state APIVERSION_QUERY)",
                "127.0.0.1:9093 hung up on a client without TLS",
            ),
            (
                "kafka:9092/1: Failed to resolve 'kafka:9092': Name or service not known (after 2ms in state CONNECT)",
                "bootstrap.servers 127.0.0.1:9092,b2:9092 answered, but the broker advertises kafka:9092, a name that this machine cannot resolve: set advertised.listeners",
            ),
            (
                "GroupCoordinator: kafka:9092: Failed to resolve 'kafka:9092': Name or service not known (after 2ms in state CONNECT)",
                "bootstrap.servers 127.0.0.1:9092,b2:9092 answered, but the broker advertises kafka:9092,",
            ),
            (
                "sasl_ssl://10.0.0.9:9092/3: Connect to ipv4#10.0.0.9:9092 failed: Connection refused (after 0ms in state CONNECT)",
                "bootstrap.servers 127.0.0.1:9092,b2:9092 answered, but the broker advertises 10.0.0.9:9092, which refuses connections",
            ),
            (
                // The only broker has gone: its address was right.
                "127.0.0.1:9092/1: Connect to ipv4#127.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)",
                "nothing listens at 127.0.0.1:9092",
            ),
            (
                "127.0.0.1:9092/1: Disconnected: connection reset by peer (after 50000ms in state UP)",
                "if it stays so, check bootstrap.servers (127.0.0.1:9092,b2:9092)",
            ),
        ] {
            let trouble = Trouble::parse(line).unwrap_or_else(|| panic!("{line}"));
            let found = trouble.advice(&who());
            assert!(found.starts_with(advice), "{line}\n{found}");
        }
    }

    #[test]
    fn other_lines_are_none_of_a_connection() {
        for line in [
            "1/1 brokers are down",
            "Subscribed topic not available: t: Broker: Unknown topic or partition",
            "[thrd:main]: Group \"g\": something: else",
            "",
        ] {
            assert_eq!(Trouble::parse(line), None, "{line}");
        }
    }
}
