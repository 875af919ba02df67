//! The product as its users meet it: real binaries, real producer traffic, the published
//! clients, `curl`. No internal crate is used here.

mod blocks;
mod crash;
mod deployment;
mod doors;
mod explain;
mod fresh;
mod login;
mod malformed;
mod outage;
mod replay;
mod secrets;
mod start;
mod totals;
