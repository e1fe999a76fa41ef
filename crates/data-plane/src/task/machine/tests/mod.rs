//! The machine under every kind of bad luck.

mod simulation;
mod world;
