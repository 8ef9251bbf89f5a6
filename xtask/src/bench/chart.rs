//! One picture per benchmark: a panel for each case, a row for each contender.
//!
//! A row shows the median as a bar from zero, or as a point on a logarithmic scale where the
//! contenders are far apart, and a whisker up to p99; the figures stand in columns beside it, so
//! nobody has to read them off an axis.

use std::fmt::{self, Write};

use super::results::{Case, Contender, Goal, Results, Role};

const PANEL_WIDTH: f64 = 640.0;
const GUTTER: f64 = 28.0;
const MARGIN: f64 = 36.0;
const HEAD: f64 = 112.0;
const ROW: f64 = 24.0;
const PANEL_HEAD: f64 = 46.0;
const GOAL_LINE: f64 = 18.0;
const PLOT_LEFT: f64 = 240.0;
const PLOT_WIDTH: f64 = 196.0;
const MEDIAN_RIGHT: f64 = 506.0;
const P99_RIGHT: f64 = 572.0;
const RATIO_RIGHT: f64 = 624.0;

/// A scale that spans more than this is logarithmic: a bar would be a line or a wall.
const LINEAR_SPAN: f64 = 25.0;

const STYLE: &str = "\
text{font:13px system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:#1e293b}\
.title{font-size:26px;font-weight:700}.sub{font-size:14px;fill:#475569}\
.case{font-size:15px;font-weight:600}.column{font-size:11px;fill:#94a3b8}\
.ours{font-weight:700;fill:#0f766e}.soft{fill:#64748b}\
.met{font-size:12px;fill:#15803d}.missed{font-size:12px;fill:#b45309}\
.page{fill:#f1f5f9}.panel{fill:#fff;stroke:#e2e8f0}.lane{fill:#f8fafc}\
.grid{stroke:#e2e8f0;stroke-width:1}.guide{stroke:#cbd5e1;stroke-width:1;stroke-dasharray:1 3}\
.mark-ours{fill:#0d9488}.mark-peer{fill:#94a3b8}\
.mark-reference{fill:#fff;stroke:#94a3b8;stroke-dasharray:3 2}\
.tail-ours{stroke:#115e59;stroke-width:1.5;fill:none}\
.tail-peer,.tail-reference{stroke:#475569;stroke-width:1.2;fill:none}";

pub fn draw(results: &Results) -> String {
    let columns = results.cases.len().clamp(1, 2);
    let width = 2.0 * MARGIN + columns as f64 * (PANEL_WIDTH + GUTTER) - GUTTER;
    let mut svg = Svg::default();
    let mut top = HEAD;
    for pair in results.cases.chunks(columns) {
        let height = pair.iter().map(panel_height).fold(0.0, f64::max);
        for (column, case) in pair.iter().enumerate() {
            let left = MARGIN + column as f64 * (PANEL_WIDTH + GUTTER);
            svg.line(format_args!(r#"<g transform="translate({left},{top})">"#));
            panel(&mut svg, case, height);
            svg.line(format_args!("</g>"));
        }
        top += height + GUTTER;
    }
    let height = top + MARGIN - GUTTER;
    let mut page = Svg::default();
    page.line(format_args!(r#"<svg xmlns="http://www.w3.org/2000/svg""#));
    page.line(format_args!(r#"viewBox="0 0 {width} {height}" width="{width}" height="{height}">"#));
    page.line(format_args!("<title>{}</title>", escape(&results.title)));
    page.line(format_args!("<style>{STYLE}</style>"));
    page.line(format_args!(r#"<rect class="page" width="{width}" height="{height}"/>"#));
    page.text("title", MARGIN, 50.0, &results.suite.replace('_', " "));
    let plural = if results.rounds == 1 { "" } else { "s" };
    let rounds = format!("{} · {} round{plural} in random order", results.title, results.rounds);
    page.text("sub", MARGIN, 74.0, &rounds);
    let key = "bar or point: median · whisker: p99 · less is better";
    let peers = if results.peers.is_empty() { "" } else { " · " };
    page.text("sub", MARGIN, 95.0, &format!("{}{peers}{key}", results.peers));
    page.0 + &svg.0 + "</svg>\n"
}

fn panel_height(case: &Case) -> f64 {
    let goals = case.goals.len() as f64 * GOAL_LINE;
    PANEL_HEAD + case.contenders.len() as f64 * ROW + goals + 18.0
}

fn panel(svg: &mut Svg, case: &Case, height: f64) {
    svg.line(format_args!(
        r#"<rect class="panel" width="{PANEL_WIDTH}" height="{height}" rx="10"/>"#
    ));
    svg.text("case", 16.0, 27.0, &case.name);
    for (right, name) in [(MEDIAN_RIGHT, "median"), (P99_RIGHT, "p99"), (RATIO_RIGHT, "× ours")] {
        svg.end_text("column", right, 27.0, name);
    }
    let scale = Scale::of(case);
    if scale.logarithmic {
        svg.end_text("column", PLOT_LEFT + PLOT_WIDTH, 27.0, "log scale");
    }
    let bottom = PANEL_HEAD + case.contenders.len() as f64 * ROW;
    for x in scale.grid() {
        svg.line(format_args!(r#"<path class="grid" d="M{x:.1} {}V{bottom}"/>"#, PANEL_HEAD - 6.0));
    }
    for (index, contender) in case.contenders.iter().enumerate() {
        row(svg, contender, &scale, PANEL_HEAD + index as f64 * ROW);
    }
    for (index, goal) in case.goals.iter().enumerate() {
        goal_line(svg, goal, bottom + 8.0 + (index as f64 + 0.7) * GOAL_LINE);
    }
}

fn row(svg: &mut Svg, contender: &Contender, scale: &Scale, top: f64) {
    let middle = top + ROW / 2.0;
    let baseline = middle + 4.5;
    let (kind, name_class) = match contender.role {
        Role::Ours => ("ours", "ours"),
        Role::Peer => ("peer", ""),
        Role::Reference => ("reference", "soft"),
    };
    svg.end_text(name_class, PLOT_LEFT - 12.0, baseline, &contender.name);
    let median = scale.at(contender.median);
    if scale.logarithmic {
        svg.line(format_args!(r#"<path class="guide" d="M{PLOT_LEFT} {middle}H{median:.1}"/>"#));
    } else {
        let width = (median - PLOT_LEFT).max(1.5);
        let y = top + 5.0;
        svg.line(format_args!(
            r#"<rect class="mark-{kind}" x="{PLOT_LEFT}" y="{y}" rx="2" width="{width:.1}""#
        ));
        svg.line(format_args!(r#"height="{}"/>"#, ROW - 10.0));
    }
    whisker(svg, kind, median, scale.at(contender.p99), scale.is_beyond(contender.p99), middle);
    if scale.logarithmic {
        svg.line(format_args!(
            r#"<circle class="mark-{kind}" cx="{median:.1}" cy="{middle}" r="5.5"/>"#
        ));
    }
    svg.end_text(name_class, MEDIAN_RIGHT, baseline, &contender.median_text);
    svg.end_text("soft", P99_RIGHT, baseline, &contender.p99_text);
    let ratio = contender.vs_scriptloop.map_or("–".to_owned(), ratio_text);
    svg.end_text("soft", RATIO_RIGHT, baseline, &ratio);
}

/// From the median to p99: ends in a cap, or in an arrow where p99 lies beyond the scale.
fn whisker(svg: &mut Svg, kind: &str, from: f64, to: f64, beyond: bool, y: f64) {
    if to - from < 1.0 && !beyond {
        return;
    }
    let (up, down) = (y - 4.0, y + 4.0);
    let end = if beyond {
        format!("M{:.1} {up}L{to:.1} {y}L{:.1} {down}", to - 5.0, to - 5.0)
    } else {
        format!("M{to:.1} {up}V{down}")
    };
    svg.line(format_args!(r#"<path class="tail-{kind}" d="M{from:.1} {y}H{to:.1}{end}"/>"#));
}

fn goal_line(svg: &mut Svg, goal: &Goal, baseline: f64) {
    let (class, sign) = if goal.met { ("met", "✓") } else { ("missed", "✗") };
    svg.text(class, 16.0, baseline, &format!("{sign} {}", goal.text));
}

fn ratio_text(ratio: f64) -> String {
    if ratio < 99.5 { format!("{ratio:.2}") } else { format!("{ratio:.0}") }
}

/// From values to places on the plot.
struct Scale {
    logarithmic: bool,
    low: f64,
    high: f64,
}

impl Scale {
    /// Wide enough for every median; a tail may leave it, so that one outlier flattens nothing.
    fn of(case: &Case) -> Self {
        let medians = || case.contenders.iter().map(|contender| contender.median);
        let least = medians().filter(|&median| median > 0.0).fold(f64::INFINITY, f64::min);
        let greatest = medians().fold(0.0, f64::max);
        let tail = case.contenders.iter().map(|contender| contender.p99).fold(0.0, f64::max);
        if greatest > least * LINEAR_SPAN {
            let low = 10f64.powf(least.log10().floor());
            let high = tail.min(greatest * 10.0).max(greatest * 1.3);
            Scale { logarithmic: true, low, high }
        } else {
            let high = tail.min(greatest * 2.0).max(greatest * 1.05);
            Scale { logarithmic: false, low: 0.0, high: if high > 0.0 { high } else { 1.0 } }
        }
    }

    fn is_beyond(&self, value: f64) -> bool {
        value > self.high
    }

    fn at(&self, value: f64) -> f64 {
        let share = if self.logarithmic {
            (value / self.low).log10() / (self.high / self.low).log10()
        } else {
            value / self.high
        };
        PLOT_LEFT + share.clamp(0.0, 1.0) * PLOT_WIDTH
    }

    /// Powers of ten on a logarithmic scale, quarters on a linear one.
    fn grid(&self) -> Vec<f64> {
        if self.logarithmic {
            let powers = (0..).map(|power| self.low * 10f64.powi(power));
            powers.take_while(|value| *value <= self.high).map(|value| self.at(value)).collect()
        } else {
            (0..=4).map(|quarter| self.at(self.high * f64::from(quarter) / 4.0)).collect()
        }
    }
}

#[derive(Default)]
struct Svg(String);

impl Svg {
    fn line(&mut self, what: fmt::Arguments<'_>) {
        writeln!(self.0, "{what}").expect("a String takes whatever is written");
    }

    fn text(&mut self, class: &str, x: f64, y: f64, text: &str) {
        let text = escape(text);
        self.line(format_args!(r#"<text class="{class}" x="{x}" y="{y:.1}">{text}</text>"#));
    }

    fn end_text(&mut self, class: &str, x: f64, y: f64, text: &str) {
        let text = escape(text);
        self.line(format_args!(
            r#"<text class="{class}" text-anchor="end" x="{x}" y="{y:.1}">{text}</text>"#
        ));
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
