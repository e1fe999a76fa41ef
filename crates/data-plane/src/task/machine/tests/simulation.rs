//! Thousands of random lives. A seed that fails is named; `TURNBUCKLE_SEED=n` replays it alone.

use std::time::Duration;

use super::world::{Luck, SinkKind, World};
use crate::task::machine::{Event, Settings};
use crate::task::{TaskStatus, Tolerance};

fn settings(world_dice: &mut super::world::Dice) -> Settings {
    let dice = world_dice;
    Settings {
        tolerance: if dice.permille(800) {
            Tolerance::All
        } else {
            Tolerance::None
        },
        has_reporter: dice.permille(850),
        has_dead_letter_topic: false,
        flush_interval: Duration::from_millis(50 + dice.below(3000)),
        flush_timeout: Duration::from_secs(5),
        graceful_timeout: World::grace(),
        max_poll_interval: Duration::from_secs(300),
        max_records: 1 + dice.below(40) as usize,
        memory: 200 + dice.below(20_000) as usize,
        target_wait_max: None,
        paused: dice.permille(50),
    }
}

fn luck(dice: &mut super::world::Dice) -> Luck {
    let mut chance = |most: u64| {
        if dice.permille(500) {
            dice.below(most)
        } else {
            0
        }
    };
    Luck {
        put_retriable: chance(300),
        put_unavailable: chance(200),
        put_fatal: chance(10),
        put_hangs: chance(30),
        put_panics: chance(10),
        open_fails: chance(500),
        start_fails: chance(700),
        pre_commit_fails: chance(200),
        commit_fails: chance(300),
        commit_late: chance(200),
        letters_late: chance(300),
        letters_refused: chance(20),
        sink_rewinds: chance(30),
        seek_fails: chance(300),
        sink_pauses: chance(50),
    }
}

fn simulate(seed: u64) {
    let mut dice = super::world::Dice::new(seed ^ 0xABCD);
    let mut settings = settings(&mut dice);
    settings.has_dead_letter_topic = settings.has_reporter && dice.permille(500);
    let mut world = World::new(
        seed,
        1 + dice.below(4) as i32,
        10 + dice.below(80) as usize,
        settings,
    );
    world.luck = luck(&mut dice);
    world.sink_kind = match dice.below(4) {
        0 => SinkKind::Transactions,
        1 => SinkKind::OneByOne,
        2 => SinkKind::Checking,
        _ => SinkKind::Buffering,
    };
    for _ in 0..1 + dice.below(4) {
        world.live_again();
        world.give_all();
        if one_life(&mut world, &mut dice) == End::AllDone {
            break;
        }
    }
    drain(&mut world);
}

#[derive(PartialEq)]
enum End {
    Over,
    AllDone,
}

/// One life until a stop, a failure or a crash.
fn one_life(world: &mut World, dice: &mut super::world::Dice) -> End {
    let steps = 50 + dice.below(600);
    for _ in 0..steps {
        match dice.below(400) {
            0..=5 => world.rebalance(),
            6 => world.tell(Event::Pause),
            7..=12 => world.tell(Event::Resume),
            13..=16 => world.give_all(),
            _ => {}
        }
        let until = world.now + Duration::from_secs(3600);
        if !world.step(until) && world.finished {
            break;
        }
        if world.finished {
            assert!(
                matches!(world.status, Some(TaskStatus::Failed(_))),
                "ended unasked"
            );
            return End::Over;
        }
    }
    if dice.permille(300) {
        return End::Over; // killed
    }
    let asked = world.now;
    world.tell(Event::Stop);
    let bound = asked + World::grace() + Duration::from_millis(100);
    while !world.finished {
        assert!(
            world.step(bound),
            "not stopped {:?} after it was asked",
            world.now - asked
        );
    }
    match &world.status {
        Some(TaskStatus::Unassigned) => {}
        Some(TaskStatus::Failed(_)) => assert!(world.reason_to_fail),
        other => panic!("ended as {other:?}"),
    }
    if world.everything_committed() {
        End::AllDone
    } else {
        End::Over
    }
}

/// In a perfect world everything that is left arrives, and nothing was lost before.
fn drain(world: &mut World) {
    world.luck = Luck::default();
    world.settings.tolerance = Tolerance::All;
    world.settings.has_reporter = true;
    world.settings.paused = false;
    world.live_again();
    let end = world.now + Duration::from_secs(24 * 3600);
    while !world.everything_committed() {
        world.give_all();
        assert!(world.step(end), "no progress: {:?}", world.committed);
        assert!(!world.finished, "ended unasked");
    }
    for (tp, log) in world.logs.clone() {
        for offset in 0..log.len() as i64 {
            world.assert_done(&tp, offset);
        }
    }
    world.tell(Event::Stop);
    let bound = world.now + World::grace() + Duration::from_millis(100);
    while !world.finished {
        assert!(world.step(bound), "not stopped");
    }
    assert_eq!(world.bytes_in_flight(), 0, "batches were forgotten");
}

#[test]
fn nothing_is_lost_reordered_or_committed_early_in_any_seed() {
    if let Some(seed) = std::env::var("TURNBUCKLE_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
    {
        return simulate(seed);
    }
    let seeds = std::env::var("TURNBUCKLE_SEEDS")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(10_000);
    let failed: Vec<u64> = (0..seeds)
        .filter(|&seed| std::panic::catch_unwind(|| simulate(seed)).is_err())
        .take(5)
        .collect();
    assert!(
        failed.is_empty(),
        "replay with TURNBUCKLE_SEED=n: {failed:?}"
    );
}
