//! `listeners` and `rest.advertised.*`.

use std::fmt;

/// One address of the REST API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Empty: all interfaces. IPv6 without brackets.
    pub host: String,
    /// 0: any free port.
    pub port: u16,
}

impl Listener {
    /// Reads `http://host:port`; the scheme in any case, the host empty or an IPv6 address in brackets.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected =
            || format!("Unable to parse '{text}' to an endpoint; expected http://host:port");
        let (scheme, rest) = text.split_once("://").ok_or_else(expected)?;
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(format!(
                "Listener '{text}' has an unsupported scheme; expected http://host:port"
            ));
        }
        let (host, port) = rest
            .trim_end_matches('/')
            .rsplit_once(':')
            .ok_or_else(expected)?;
        let host = match host.strip_prefix('[') {
            Some(host) => host.strip_suffix(']').ok_or_else(expected)?,
            None if host.contains(':') => return Err(expected()),
            None => host,
        };
        let port = port.parse().map_err(|_| expected())?;
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", host_and_port(&self.host, self.port))
    }
}

/// What others reach this worker under, as far as the configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advertised {
    pub host: Option<String>,
    pub port: Option<u16>,
}

impl Advertised {
    /// `host:port`: the advertised ones, else those of the first listener, else the machine's name and the bound port.
    pub fn worker_id(&self, first: &Listener, bound_port: u16, machine: &str) -> String {
        let host = match &self.host {
            Some(host) => host,
            None if !first.host.is_empty() => &first.host,
            None => machine,
        };
        host_and_port(host, self.port.unwrap_or(bound_port))
    }
}

fn host_and_port(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_may_be_empty_or_bracketed() {
        for (text, host, port) in [
            ("http://:8083", "", 8083),
            ("HTTP://localhost:0", "localhost", 0),
            ("http://[::1]:8083", "::1", 8083),
            ("http://10.0.0.1:80/", "10.0.0.1", 80),
        ] {
            let expected = Listener {
                host: host.to_owned(),
                port,
            };
            assert_eq!(Listener::parse(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "localhost:8083",
            "ftp://x:1",
            "http://x",
            "http://x:y",
            "http://::1:80",
            "http://x:99999",
        ] {
            assert!(Listener::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_worker_id_prefers_what_is_advertised() {
        let listener = |host: &str| Listener {
            host: host.to_owned(),
            port: 0,
        };
        let none = Advertised::default();
        assert_eq!(none.worker_id(&listener(""), 4711, "box"), "box:4711");
        assert_eq!(
            none.worker_id(&listener("127.0.0.1"), 4711, "box"),
            "127.0.0.1:4711"
        );
        assert_eq!(none.worker_id(&listener("::1"), 4711, "box"), "[::1]:4711");
        let both = Advertised {
            host: Some("connect".to_owned()),
            port: Some(80),
        };
        assert_eq!(
            both.worker_id(&listener("127.0.0.1"), 4711, "box"),
            "connect:80"
        );
    }
}
