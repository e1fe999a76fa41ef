//! `connector.client.config.override.policy`: which client settings a connector may change.

/// The policies that Kafka brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OverridePolicy {
    #[default]
    All,
    None,
    Principal,
    /// What `connector.client.config.override.allowlist` names.
    Allowlist(Vec<String>),
}

/// Prefixes under which a connector overrides client settings.
pub const OVERRIDE_PREFIXES: [&str; 3] = [
    "producer.override.",
    "consumer.override.",
    "admin.override.",
];

const PRINCIPAL_KEYS: [&str; 3] = ["sasl.jaas.config", "sasl.mechanism", "security.protocol"];

impl OverridePolicy {
    /// By alias or by the name of the JVM's class. The list counts for one of them only.
    pub fn parse(text: &str, allowlist: Vec<String>) -> Option<Self> {
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
            "Allowlist" => Some(Self::Allowlist(allowlist)),
            _ => None,
        }
    }

    pub const fn name(&self) -> &'static str {
        match self {
            Self::All => "All",
            Self::None => "None",
            Self::Principal => "Principal",
            Self::Allowlist(_) => "Allowlist",
        }
    }

    /// Kafka's text if a connector may not override this key (its prefix taken off).
    ///
    /// # Errors
    /// The policy forbids it.
    pub fn check(&self, key: &str) -> Result<(), String> {
        let allowed = match self {
            Self::All => true,
            Self::None => false,
            Self::Principal => PRINCIPAL_KEYS.contains(&key),
            Self::Allowlist(keys) => keys.iter().any(|allowed| allowed == key),
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
            (
                "Allowlist",
                Some(OverridePolicy::Allowlist(vec!["acks".to_owned()])),
            ),
            ("com.acme.Mine", None),
            ("all", None),
        ] {
            let list = vec!["acks".to_owned()];
            assert_eq!(OverridePolicy::parse(text, list), policy, "{text}");
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
        let list = OverridePolicy::Allowlist(vec!["acks".to_owned()]);
        assert_eq!(list.check("acks"), Ok(()));
        assert!(list.check("acks.more").is_err());
    }
}
