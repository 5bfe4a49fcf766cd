//! How fast we are.
fn main() {}
