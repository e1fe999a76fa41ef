//! `connector.client.config.override.policy`: which client settings a connector may change.

/// The policies of Kafka that need no class of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OverridePolicy {
    #[default]
    All,
    None,
    Principal,
}

/// Prefixes under which a connector overrides client settings.
pub const OVERRIDE_PREFIXES: [&str; 3] = [
    "producer.override.",
    "consumer.override.",
    "admin.override.",
];

const PRINCIPAL_KEYS: [&str; 3] = ["sasl.jaas.config", "sasl.mechanism", "security.protocol"];

impl OverridePolicy {
    /// By alias or by the name of the JVM's class.
    pub fn parse(text: &str) -> Option<Self> {
        let simple = text
            .strip_prefix("org.apache.kafka.connect.connector.policy.")
            .unwrap_or(text);
        let alias = simple
            .strip_suffix("ConnectorClientConfigOverridePolicy")
            .unwrap_or(simple);
        match alias {
            "All" => Some(Self::All),
            "None" => Some(Self::None),
            "Principal" => Some(Self::Principal),
            _ => None,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::None => "None",
            Self::Principal => "Principal",
        }
    }

    /// Kafka's text if a connector may not override this key (its prefix taken off).
    ///
    /// # Errors
    /// The policy forbids it.
    pub fn check(self, key: &str) -> Result<(), String> {
        let allowed = match self {
            Self::All => true,
            Self::None => false,
            Self::Principal => PRINCIPAL_KEYS.contains(&key),
        };
        if allowed {
            return Ok(());
        }
        Err(format!(
            "The '{}' policy does not allow '{key}' to be overridden in the connector configuration.",
            self.name()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_answer_to_alias_and_class() {
        for (text, policy) in [
            ("All", Some(OverridePolicy::All)),
            ("None", Some(OverridePolicy::None)),
            (
                "org.apache.kafka.connect.connector.policy.PrincipalConnectorClientConfigOverridePolicy",
                Some(OverridePolicy::Principal),
            ),
            ("com.acme.Mine", None),
            ("all", None),
        ] {
            assert_eq!(OverridePolicy::parse(text), policy, "{text}");
        }
    }

    #[test]
    fn policies_allow_what_kafkas_allow() {
        let key = "max.poll.records";
        assert_eq!(OverridePolicy::All.check(key), Ok(()));
        assert_eq!(OverridePolicy::Principal.check("sasl.mechanism"), Ok(()));
        assert_eq!(
            OverridePolicy::Principal.check(key).unwrap_err(),
            "The 'Principal' policy does not allow 'max.poll.records' to be overridden in the connector configuration."
        );
        assert!(OverridePolicy::None.check("sasl.mechanism").is_err());
    }
}
