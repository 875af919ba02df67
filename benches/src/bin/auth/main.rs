//! Measures authentication: what a request pays for it, beside what its cryptography costs.

mod contention;
mod costs;
mod issuer;
mod secrecy;
mod tokens;

use std::path::PathBuf;

use anyhow::Result;
use benches::{Row, markdown, write_section};
use clap::Parser;

/// Measure what a request pays for authentication, and print it beside the cost of the
/// cryptography that it can not do without.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask bench --auth")]
struct Arguments {
    /// One short run: a check that it works, no measurement
    #[arg(long)]
    quick: bool,
    /// Put the figures into a document
    #[arg(long, value_name = "FILE", conflicts_with = "quick")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "docs/performance.md")]
    write: Option<PathBuf>,
}

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Figures are medians over these.
    rounds: usize,
    /// Requests of a round.
    requests: usize,
    /// Distinct tokens that a small cache does not hold.
    tokens: usize,
    /// Of the statistics of secrecy.
    samples: usize,
}

const FULL: Effort = Effort {
    rounds: 15,
    requests: 20_000,
    tokens: 2_000,
    samples: 20_000,
};

const QUICK: Effort = Effort {
    rounds: 1,
    requests: 500,
    tokens: 200,
    samples: 50,
};

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let effort = if arguments.quick { QUICK } else { FULL };
    let text = measure(effort)?;
    println!("{text}");
    if let Some(document) = &arguments.write {
        write_section(document, "authentication", &text)?;
    }
    Ok(())
}

fn measure(effort: Effort) -> Result<String> {
    let world = tokens::World::new()?;
    let mut rows = costs::hits(&world, effort)?;
    rows.extend(costs::misses(&world, effort)?);
    let contention = contention::measure(&world, effort)?;
    rows.push(contention.row());
    let secrecy = secrecy::measure(effort)?;
    Ok(text(&rows, &secrecy, effort))
}

fn text(rows: &[Row], secrecy: &str, effort: Effort) -> String {
    let Effort {
        rounds,
        requests,
        samples,
        ..
    } = effort;
    let table = markdown(rows);
    format!(
        "## Authentication\n\n    cargo xtask bench --auth --write\n\n\
         Through the authenticator of a door with API keys and tokens, from the header of a request \
         to its caller. Medians of {rounds} rounds of {requests} requests.\n\n{table}\n\
         Whether the time to refuse a key tells how much of it is right: ever new keys of 690 \
         characters that share their first characters with one of 100 keys of the ring, {samples} \
         interleaved samples each, slowest tenth left out. The second row repeats the first and \
         shows what noise looks like; an absolute t below 4.5 shows no difference.\n\n\
         {secrecy}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_measured() -> Result<()> {
        let text = measure(QUICK)?;
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        assert_eq!(
            text.matches("| yes |").count() + text.matches("| **no** |").count(),
            6
        );
        Ok(())
    }
}
