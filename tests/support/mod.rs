//! The harness of the tests that need real services: it downloads, starts and stops them, and speaks to them.
//!
//! Everything runs on free loopback ports with its data in a scratch folder of this run. Nothing outlives the run:
//! handles kill their process when dropped, shared services are stopped at the end of `main`, and the kernel kills
//! what is left should this process die first (see [`process`]).
//!
//! Read in this order: `context` (what a test is given), `worker` (what is tested), then the services.

pub mod context;
pub mod worker;

pub mod fake_registry;
pub mod jvm_connect;
pub mod kafka;
pub mod neo4j;
pub mod registry;
pub mod secured;

pub mod jars;
pub mod python;

pub mod process;
pub mod raw;
pub mod rest;
pub mod scrape;
pub mod scratch;
pub mod wait;

pub use context::{Ctx, Need};
pub use rest::Rest;
pub use wait::{wait_for, wait_until};
pub use worker::{Engine, Worker, WorkerSpec};
