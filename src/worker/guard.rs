//! A panic inside a plugin becomes an error of that plugin's connector or task.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use connect_api::ConnectError;

/// Runs plugin code that returns at once.
///
/// # Errors
/// The plugin's own, or that it panicked.
pub fn guarded<T>(
    class: &str,
    call: impl FnOnce() -> Result<T, ConnectError>,
) -> Result<T, ConnectError> {
    // What the closure touched is dropped with the failed connector or task.
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let why = text_of(panic.as_ref());
        Err(ConnectError::fatal(format!(
            "Plugin {class} panicked: {why}"
        )))
    })
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "no message",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_that_names_the_class() {
        let result: Result<(), _> = guarded("a.Sink", || panic!("boom {}", 1));
        let error = result.expect_err("the panic");
        assert_eq!(error.to_string(), "Plugin a.Sink panicked: boom 1");
        assert_eq!(guarded("a.Sink", || Ok(1)).ok(), Some(1));
    }
}
