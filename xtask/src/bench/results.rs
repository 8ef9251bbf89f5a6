//! What a benchmark wrote: JSON lines, of which the first is the suite and each other one a
//! contender in a case, or a goal of a case (bench/report.hpp).

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

pub struct Results {
    pub suite: String,
    pub title: String,
    pub rounds: u64,
    pub peers: String,
    pub cases: Vec<Case>,
}

pub struct Case {
    pub name: String,
    /// The fastest first.
    pub contenders: Vec<Contender>,
    pub goals: Vec<Goal>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Role {
    Ours,
    Peer,
    Reference,
}

pub struct Contender {
    pub name: String,
    pub role: Role,
    pub median: f64,
    pub p99: f64,
    pub median_text: String,
    pub p99_text: String,
    pub vs_scriptloop: Option<f64>,
}

pub struct Goal {
    pub text: String,
    pub met: bool,
}

impl Results {
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| format!("{}: not as expected", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let mut lines = text.lines();
        let head: Value = serde_json::from_str(lines.next().context("it is empty")?)?;
        let peers = head["peers"].as_object().context("no peers")?;
        let peer = |(name, version): (&String, &Value)| {
            format!("{name} {}", version.as_str().unwrap_or("?"))
        };
        let mut results = Results {
            suite: string(&head, "suite")?,
            title: string(&head, "title")?,
            rounds: head["rounds"].as_u64().context("no rounds")?,
            peers: peers.iter().map(peer).collect::<Vec<_>>().join(" · "),
            cases: Vec::new(),
        };
        for line in lines {
            results.take(&serde_json::from_str(line)?)?;
        }
        for case in &mut results.cases {
            case.contenders.sort_by(|a, b| a.median.total_cmp(&b.median));
        }
        Ok(results)
    }

    fn take(&mut self, line: &Value) -> Result<()> {
        let name = string(line, "case")?;
        if self.cases.last().is_none_or(|case| case.name != name) {
            self.cases.push(Case { name, contenders: Vec::new(), goals: Vec::new() });
        }
        let case = self.cases.last_mut().context("one was just pushed")?;
        if line.get("goal").is_some() {
            let met = line["met"].as_bool().context("a goal is met or not")?;
            case.goals.push(Goal { text: string(line, "goal")?, met });
            return Ok(());
        }
        case.contenders.push(Contender {
            name: string(line, "contender")?,
            role: match string(line, "role")?.as_str() {
                "ours" => Role::Ours,
                "peer" => Role::Peer,
                _ => Role::Reference,
            },
            median: line["median"].as_f64().context("no median")?,
            p99: line["p99"].as_f64().context("no p99")?,
            median_text: string(line, "median_text")?,
            p99_text: string(line, "p99_text")?,
            vs_scriptloop: line["vs_scriptloop"].as_f64(),
        });
        Ok(())
    }

    /// Every goal with the name of its case.
    pub fn goals(&self) -> impl Iterator<Item = (&str, &Goal)> {
        self.cases.iter().flat_map(|case| case.goals.iter().map(|goal| (case.name.as_str(), goal)))
    }
}

fn string(line: &Value, key: &str) -> Result<String> {
    Ok(line[key].as_str().with_context(|| format!("no {key} in {line}"))?.to_owned())
}
