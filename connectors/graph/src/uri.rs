//! The addresses in `neo4j.uri`.

use std::fmt;

/// One entry of `neo4j.uri`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uri {
    /// `neo4j` schemes: ask for the server that takes writes. `bolt` schemes: write where the URI points.
    pub routed: bool,
    pub security: Security,
    pub address: Address,
}

/// What the scheme says of encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// No suffix: the `neo4j.security` keys decide.
    ByKeys,
    /// `+s`: a certificate of the system's authorities, made out to the host.
    System,
    /// `+ssc`: any certificate.
    Any,
}

/// Host and port. An IPv6 host is without its brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

const DEFAULT_PORT: u16 = 7687;
const SCHEMES: &str =
    "Scheme must be one of: 'neo4j', 'neo4j+s', 'neo4j+ssc', 'bolt', 'bolt+s', 'bolt+ssc'.";

impl Uri {
    /// Reads an entry; a path, query and user info are ignored as by the driver.
    ///
    /// # Errors
    /// Why not, worded to stand behind `Invalid value V for configuration K: `.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once(':').ok_or(SCHEMES)?;
        let (routed, security) = match scheme {
            "neo4j" => (true, Security::ByKeys),
            "neo4j+s" => (true, Security::System),
            "neo4j+ssc" => (true, Security::Any),
            "bolt" => (false, Security::ByKeys),
            "bolt+s" => (false, Security::System),
            "bolt+ssc" => (false, Security::Any),
            _ => return Err(SCHEMES.to_owned()),
        };
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let authority = authority.rsplit('@').next().unwrap_or_default();
        Ok(Self {
            routed,
            security,
            address: Address::parse(authority)?,
        })
    }
}

impl Address {
    /// Reads `host`, `host:port` or `[v6]:port`.
    ///
    /// # Errors
    /// Why not.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (host, port) = match text.strip_prefix('[') {
            Some(v6) => v6.split_once(']').ok_or("Host must end with a bracket.")?,
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        if host.is_empty() {
            return Err("Must have a host.".to_owned());
        }
        if let Some(c) = host
            .chars()
            .find(|c| c.is_whitespace() || "<>\"{}|\\^`".contains(*c))
        {
            return Err(format!("Host must not contain '{c}'."));
        }
        let port = match port.strip_prefix(':') {
            None | Some("") => DEFAULT_PORT,
            Some(digits) => digits
                .parse()
                .map_err(|_| format!("Port must be a number up to {}.", u16::MAX))?,
        };
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            return write!(f, "[{}]:{}", self.host, self.port);
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Why an entry is refused, if it is.
pub fn wrong(text: &str) -> Option<String> {
    Uri::parse(text).err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, routed, security, address) in [
            ("bolt://graph", false, Security::ByKeys, "graph:7687"),
            ("neo4j://graph:1", true, Security::ByKeys, "graph:1"),
            (
                "neo4j+s://x.example/",
                true,
                Security::System,
                "x.example:7687",
            ),
            ("bolt+ssc://[::1]:7688", false, Security::Any, "[::1]:7688"),
            ("bolt+s://u:p@h:9?policy=eu", false, Security::System, "h:9"),
            ("bolt:x", false, Security::ByKeys, "x:7687"),
        ] {
            let uri = Uri::parse(text).expect(text);
            assert_eq!((uri.routed, uri.security), (routed, security), "{text}");
            assert_eq!(uri.address.to_string(), address, "{text}");
        }
    }

    #[test]
    fn what_does_not_parse_is_told_so() {
        for (text, why) in [
            ("NEO4J://x", SCHEMES),
            ("http://x", SCHEMES),
            ("host:7687", SCHEMES),
            ("host", SCHEMES),
            ("bolt://", "Must have a host."),
            ("bolt://two words", "Host must not contain ' '."),
            ("bolt://x:99999", "Port must be a number up to 65535."),
        ] {
            assert_eq!(wrong(text).as_deref(), Some(why), "{text}");
        }
    }
}
