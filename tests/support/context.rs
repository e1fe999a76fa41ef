//! What a test is given: the shared services, started when first asked for.

use std::sync::OnceLock;

use libtest_mimic::{Failed, Trial};

use super::kafka::Kafka;
use super::neo4j::{Auth, Neo4j};
use super::registry::Registry;
use super::scratch;
use super::secured::SecuredKafka;

/// A service that a test needs. It is named beside the test and decides whether the test runs at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Kafka,
    Neo4j,
    /// Kafka with TLS, logins and permissions.
    Secured,
    /// A schema registry.
    Registry,
}

impl Need {
    pub const ALL: [Need; 4] = [Need::Kafka, Need::Neo4j, Need::Secured, Need::Registry];

    pub fn name(self) -> &'static str {
        match self {
            Need::Kafka => "kafka",
            Need::Neo4j => "neo4j",
            Need::Secured => "secured",
            Need::Registry => "registry",
        }
    }
}

pub struct Ctx {
    enabled: bool,
    /// `TURNBUCKLE_LONG=1`: tests that draw at random draw more often.
    pub long: bool,
    kafka: OnceLock<Result<Kafka, String>>,
    secured: OnceLock<Result<SecuredKafka, String>>,
    neo4j: OnceLock<Result<Neo4j, String>>,
    neo4j_with_auth: OnceLock<Result<Neo4j, String>>,
    registry: OnceLock<Result<Registry, String>>,
}

impl Ctx {
    /// Lives as long as the process, because tests run on threads of their own. `TURNBUCKLE_SERVICES=1` switches the
    /// services on.
    pub fn new() -> &'static Ctx {
        let on = |name| std::env::var(name).is_ok_and(|v| !v.is_empty() && v != "0");
        Box::leak(Box::new(Ctx {
            enabled: on("TURNBUCKLE_SERVICES"),
            long: on("TURNBUCKLE_LONG"),
            kafka: OnceLock::new(),
            secured: OnceLock::new(),
            neo4j: OnceLock::new(),
            neo4j_with_auth: OnceLock::new(),
            registry: OnceLock::new(),
        }))
    }

    /// A test. Without its services it is reported as ignored, by name and with what it needs.
    pub fn trial(&'static self, needs: &[Need], name: &str, test: fn(&'static Ctx)) -> Trial {
        let run = move || -> Result<(), Failed> {
            test(self);
            Ok(())
        };
        let trial = Trial::test(name, run);
        if needs.is_empty() {
            return trial;
        }
        let names: Vec<&str> = needs.iter().map(|n| n.name()).collect();
        trial
            .with_kind(format!("needs {}", names.join(", ")))
            .with_ignored_flag(!self.enabled)
    }

    /// The broker shared by all tests: use topics, groups and connectors of your own, and never stop it.
    pub fn kafka(&self) -> &Kafka {
        started(self.kafka.get_or_init(Kafka::start))
    }

    /// Another one, that lets in whom it knows.
    pub fn secured(&self) -> &SecuredKafka {
        started(self.secured.get_or_init(SecuredKafka::start))
    }

    /// The database shared by all tests, without authentication. It has one graph: use labels of your own.
    pub fn neo4j(&self) -> &Neo4j {
        started(self.neo4j.get_or_init(|| Neo4j::start(Auth::Disabled)))
    }

    /// Another one that wants [`super::neo4j::USER`] and [`super::neo4j::PASSWORD`].
    pub fn neo4j_with_auth(&self) -> &Neo4j {
        started(
            self.neo4j_with_auth
                .get_or_init(|| Neo4j::start(Auth::Enabled)),
        )
    }

    /// The schema registry shared by all tests: use subjects of your own.
    pub fn registry(&self) -> &Registry {
        started(self.registry.get_or_init(Registry::start))
    }

    /// Ends what was started. To be called once, when no test runs any more.
    pub fn stop_services(&self) {
        for server in [&self.neo4j, &self.neo4j_with_auth] {
            if let Some(Ok(neo4j)) = server.get() {
                neo4j.kill();
            }
        }
        if let Some(Ok(registry)) = self.registry.get() {
            registry.kill();
        }
        if let Some(Ok(kafka)) = self.kafka.get() {
            kafka.kill();
        }
        if let Some(Ok(secured)) = self.secured.get() {
            secured.kafka().kill();
        }
    }

    /// Takes away logs and data of this run, unless somebody will want to look at them.
    pub fn clear_up(&self, failed: bool) {
        if failed && scratch::root().exists() {
            println!(
                "logs and data are kept until the next run: {}",
                scratch::root().display()
            );
        } else {
            scratch::remove_root();
        }
    }
}

fn started<T>(service: &Result<T, String>) -> &T {
    match service {
        Ok(service) => service,
        Err(why) => panic!("a service did not start: {why}"),
    }
}
