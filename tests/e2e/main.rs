//! The product as its users meet it: real binaries, real producer traffic, the published
//! clients, `curl`. No internal crate is used here.

mod admin;
mod blocks;
mod budget;
mod crash;
mod deployment;
mod doors;
mod explain;
mod fresh;
mod login;
mod maintenance;
mod malformed;
mod memory;
mod outage;
mod replay;
mod replicate;
mod secrets;
mod start;
mod totals;
mod traces;
