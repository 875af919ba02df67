//! The product as its users meet it: real binaries, real producer traffic, the published
//! clients, `curl`. No internal crate is used here.

mod blocks;
mod crash;
mod deployment;
mod fresh;
mod malformed;
mod replay;
mod start;
mod totals;
