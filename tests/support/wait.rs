//! Waiting for a condition. Tests never sleep for luck: they say what they wait for, and how long that may take.

use std::thread::sleep;
use std::time::{Duration, Instant};

const STEP: Duration = Duration::from_millis(50);

/// Returns once `condition` holds; fails the test with `what` when it does not within `deadline`.
pub fn wait_until(deadline: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    wait_for(deadline, what, || condition().then_some(()));
}

/// Like [`wait_until`], and gives what the closure found.
pub fn wait_for<T>(deadline: Duration, what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    match try_wait_for(deadline, || Ok(find())) {
        Ok(Some(found)) => found,
        Ok(None) => panic!("waited {deadline:?} in vain: {what}"),
        Err(never) => panic!("{never}"),
    }
}

/// For start-up code: an error ends the wait at once, `Ok(None)` means that time ran out.
pub fn try_wait_for<T>(
    deadline: Duration,
    mut find: impl FnMut() -> Result<Option<T>, String>,
) -> Result<Option<T>, String> {
    let begin = Instant::now();
    loop {
        if let Some(found) = find()? {
            return Ok(Some(found));
        }
        if begin.elapsed() > deadline {
            return Ok(None);
        }
        #[allow(
            clippy::disallowed_methods,
            reason = "the one place where a test may sleep"
        )]
        sleep(STEP);
    }
}
