//! Attacks on the doors, and what must hold while issuers misbehave.
//!
//! Everything runs against a real issuer over HTTP ([`issuer`]) with keys made at run time
//! ([`signing`]). A test that could hang is bounded by [`asking::GUARD`]; none waits for a guess.

mod asking;
mod attacks;
mod cache;
mod doors;
mod explain;
mod faults;
mod issuer;
mod keys;
mod mutations;
mod secrets;
mod signing;
