//! Trains, evaluates and exports the expression network.
fn main() {}
