//! `listeners` and `rest.advertised.*`.

use std::fmt;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    #[default]
    Http,
    Https,
}

impl Scheme {
    /// In any case, as everywhere in URLs.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            _ => None,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// One address of the REST API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    pub scheme: Scheme,
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
        let expected = || {
            format!(
                "Unable to parse '{text}' to an endpoint; expected http://host:port or https://host:port"
            )
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(expected)?;
        let Some(scheme) = Scheme::parse(scheme) else {
            return Err(format!(
                "Listener '{text}' has an unsupported scheme; expected http://host:port or https://host:port"
            ));
        };
        let (host, port) = rest
            .trim_end_matches('/')
            .rsplit_once(':')
            .ok_or_else(expected)?;
        let host = match host.strip_prefix('[') {
            Some(host) => host.strip_suffix(']').ok_or_else(expected)?,
            None if host.contains([':', '/', '@']) => return Err(expected()),
            None => host,
        };
        let port = port.parse().map_err(|_| expected())?;
        Ok(Self {
            scheme,
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.scheme.name();
        write!(f, "{scheme}://{}", host_and_port(&self.host, self.port))
    }
}

/// What others reach this worker under, as far as the configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advertised {
    pub scheme: Scheme,
    pub host: Option<String>,
    pub port: Option<u16>,
}

impl Advertised {
    /// `host:port`: the advertised ones, else those of the first listener with the scheme, else the machine's name.
    /// `bound` are the listeners with the ports that they got.
    pub fn worker_id(&self, bound: &[(Listener, u16)], machine: &str) -> String {
        let mut of_scheme = bound.iter().filter(|(l, _)| l.scheme == self.scheme);
        let first = of_scheme.next().or(bound.first());
        let host = match (&self.host, first) {
            (Some(host), _) => host,
            (None, Some((listener, _))) if !listener.host.is_empty() => &listener.host,
            (None, _) => machine,
        };
        let port = self.port.or(first.map(|(_, port)| *port));
        host_and_port(host, port.unwrap_or_default())
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

    fn http(host: &str, port: u16) -> Listener {
        Listener {
            scheme: Scheme::Http,
            host: host.to_owned(),
            port,
        }
    }

    #[test]
    fn reads_scheme_host_and_port() {
        for (text, host, port) in [
            ("http://:8083", "", 8083),
            ("HTTP://localhost:0", "localhost", 0),
            ("http://[::1]:8083", "::1", 8083),
            ("http://10.0.0.1:80/", "10.0.0.1", 80),
        ] {
            assert_eq!(Listener::parse(text), Ok(http(host, port)), "{text}");
        }
        let https = Listener {
            scheme: Scheme::Https,
            ..http("a_b", 1)
        };
        assert_eq!(Listener::parse("Https://a_b:1"), Ok(https));
        for text in [
            "",
            "localhost:8083",
            "ftp://x:1",
            "http://x",
            "http://x:y",
            "http://::1:80",
            "http://x:99999",
            "http://user@x:1",
            "http://x/y:1",
        ] {
            assert!(Listener::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_worker_id_prefers_what_is_advertised() {
        let id = |advertised: &Advertised, host: &str| {
            advertised.worker_id(&[(http(host, 0), 4711)], "box")
        };
        let none = Advertised::default();
        assert_eq!(id(&none, ""), "box:4711");
        assert_eq!(id(&none, "127.0.0.1"), "127.0.0.1:4711");
        assert_eq!(id(&none, "::1"), "[::1]:4711");
        let both = Advertised {
            host: Some("connect".to_owned()),
            port: Some(80),
            ..none
        };
        assert_eq!(id(&both, "127.0.0.1"), "connect:80");
    }

    #[test]
    fn the_worker_id_is_of_the_advertised_scheme() {
        let https = Listener {
            scheme: Scheme::Https,
            ..http("b", 0)
        };
        let bound = [(http("a", 0), 1), (https, 2)];
        for (scheme, expected) in [(Scheme::Http, "a:1"), (Scheme::Https, "b:2")] {
            let advertised = Advertised {
                scheme,
                ..Advertised::default()
            };
            assert_eq!(advertised.worker_id(&bound, "box"), expected);
        }
    }
}
