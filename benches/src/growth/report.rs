//! The tables of growth.

use std::fmt::Write;

use super::{Growth, GrowthSetting, Stage};

/// What the largest lake may cost, compared with the smallest one.
const RATIO_MAX: f64 = 2.0;
/// Less than this is as good, whatever it was before: it is mostly planning.
const NEGLIGIBLE_MS: f64 = 5.0;

impl Growth {
    /// Whether no query costs much more in the largest lake.
    pub fn is_flat(&self) -> bool {
        let mut runs = self.runs.iter().flat_map(|(_, stages)| costs(stages));
        runs.all(|cost| cost.is_met())
    }

    /// A section of the document.
    pub fn markdown(&self) -> String {
        let repetitions = self.repetitions;
        let mut text = format!(
            "## Growth\n\n    cargo xtask bench --growth --write\n\n\
             The same queries over one minute of log entries, over Flight SQL by one client, while \
             the lake grows around that minute. The data are copies of a recording under other \
             names and times, sent in order; the minute is in the middle of them. Milliseconds, \
             medians of {repetitions} queries.\n"
        );
        for (setting, stages) in &self.runs {
            let title = match setting {
                GrowthSetting::Partitions => "With the maintenance role, when partitions hold all",
                GrowthSetting::BlocksOnly => "Without the maintenance role, from blocks",
            };
            write!(text, "\n### {title}\n\n{}", table(stages)).expect(NEVER);
        }
        write!(text, "\nThe machine in the same run: {}.", self.yardsticks).expect(NEVER);
        text
    }
}

const NEVER: &str = "writing to a string cannot fail";

/// One query through all sizes.
struct Cost {
    name: &'static str,
    ms: Vec<f64>,
}

impl Cost {
    fn ratio(&self) -> f64 {
        match self.ms[..] {
            [first, .., last] => last / first,
            _ => 1.0,
        }
    }

    fn is_met(&self) -> bool {
        let last = self.ms.last().copied().unwrap_or_default();
        self.ratio() <= RATIO_MAX || last <= NEGLIGIBLE_MS
    }
}

fn costs(stages: &[Stage]) -> Vec<Cost> {
    let Some(first) = stages.first() else {
        return Vec::new();
    };
    let names = first.timings.iter().enumerate();
    names
        .map(|(number, timing)| Cost {
            name: timing.name,
            ms: stages
                .iter()
                .map(|stage| stage.timings[number].ms)
                .collect(),
        })
        .collect()
}

fn table(stages: &[Stage]) -> String {
    let smallest = stages.first().map_or(1, |stage| stage.minutes);
    let head = |stage: &Stage| {
        let millions = stage.rows as f64 / 1e6;
        format!("{}×, {millions:.2} M entries", stage.minutes / smallest)
    };
    let mut table = line("query", stages.iter().map(head), ["ratio", "target", "met"]);
    table += &format!("|{}\n", "---|".repeat(stages.len() + 4));
    let target = format!("at most {RATIO_MAX}×, or {NEGLIGIBLE_MS} ms");
    for cost in costs(stages) {
        let ratio = format!("{:.2}", cost.ratio());
        let met = if cost.is_met() { "yes" } else { "**no**" };
        let figures = cost.ms.iter().map(|ms| format!("{ms:.2}"));
        table += &line(cost.name, figures, [&ratio, &target, met]);
    }
    let memory = stages.iter().map(|stage| {
        let (resident, peak) = (stage.resident_megabytes, stage.peak_megabytes);
        format!("{resident:.0} MB, {peak:.0} MB")
    });
    table += &line(
        "resident memory, and its peak in the queries",
        memory,
        [""; 3],
    );
    let partitions = stages.iter().map(|stage| stage.partitions.to_string());
    table + &line("files of partitions", partitions, [""; 3])
}

fn line(name: &str, figures: impl Iterator<Item = String>, rest: [&str; 3]) -> String {
    let cells = std::iter::once(name.to_owned()).chain(figures);
    let cells: Vec<String> = cells.chain(rest.map(str::to_owned)).collect();
    format!("| {} |\n", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::super::queries::Timing;
    use super::*;

    fn stage(minutes: u32, ms: [f64; 2]) -> Stage {
        let timing = |name, ms| Timing { name, ms };
        Stage {
            minutes,
            rows: i64::from(minutes) * 200_500,
            timings: vec![timing("a", ms[0]), timing("b", ms[1])],
            resident_megabytes: 100.0,
            peak_megabytes: 120.0,
            partitions: 3,
        }
    }

    #[test]
    fn growth_is_judged_by_the_last_size() {
        let stages = [
            stage(1, [10.0, 1.0]),
            stage(10, [50.0, 2.0]),
            stage(100, [20.1, 4.9]),
        ];
        let table = table(&stages);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(
            lines[0],
            "| query | 1×, 0.20 M entries | 10×, 2.00 M entries | 100×, 20.05 M entries | ratio \
             | target | met |"
        );
        assert_eq!(lines[1], "|---|---|---|---|---|---|---|");
        let target = "at most 2×, or 5 ms";
        assert_eq!(
            lines[2],
            format!("| a | 10.00 | 50.00 | 20.10 | 2.01 | {target} | **no** |")
        );
        assert_eq!(
            lines[3],
            format!("| b | 1.00 | 2.00 | 4.90 | 4.90 | {target} | yes |")
        );
        assert!(lines[4].contains("| 100 MB, 120 MB | 100 MB, 120 MB |"));
    }
}
