//! What the user wants of a connector.

/// The target state of a connector (`TargetState`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetState {
    #[default]
    Started,
    Paused,
    Stopped,
}

impl TargetState {
    /// The `initial_state` of a request, in any case.
    pub fn from_initial_state(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().as_str() {
            "RUNNING" => Some(Self::Started),
            "PAUSED" => Some(Self::Paused),
            "STOPPED" => Some(Self::Stopped),
            _ => None,
        }
    }
}
