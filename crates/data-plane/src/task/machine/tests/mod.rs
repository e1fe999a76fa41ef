//! The machine under every kind of bad luck.

mod cases;
mod simulation;
mod world;
