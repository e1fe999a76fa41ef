//! Clients of Connect's REST API that others wrote, against our worker.

use libtest_mimic::Trial;

use crate::support::{Ctx, Engine, Need, WorkerSpec, python};

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    vec![ctx.trial(
        &[Need::Kafka],
        "clients::that_others_wrote_make_all_their_calls",
        that_others_wrote_make_all_their_calls,
    )]
}

fn that_others_wrote_make_all_their_calls(ctx: &'static Ctx) {
    let topic = ctx.kafka().new_topic("clients", 2);
    ctx.kafka().produce(&topic, ["a", "b", "c"]);
    let worker = WorkerSpec::new(Engine::Turnbuckle, ctx.kafka()).start();
    let base = worker.base();
    let file = worker.dir().join("out").to_string_lossy().into_owned();
    let args = [&*base, "--topic", &*topic, "--file", &*file];
    let output =
        python::run_in(&python::CLIENTS, "tests/services/clients.py", &args).expect("a run");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success(),
        "{said}\n{}",
        worker.process().log_tail()
    );
    for client in ["kafka_connect_py passed", "kafka_connect_api passed"] {
        assert!(said.contains(client), "{said}");
    }
}
