#include "timeline_svg.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "report.hpp"
#include "svg.hpp"

namespace demo {

namespace {

constexpr double WIDTH = 1280, HEIGHT = 860;
constexpr double LEFT = 84, RIGHT = 1256;

// Colours that remain apart for colour-blind readers.
constexpr const char *INK = "#24292f", *FAINT = "#6e7781", *GRID = "#e4e8ec";
constexpr const char *TIMERS = "#e69f00", *POSTS = "#56b4e9", *ACTIONS = "#009e73";
constexpr const char *LOOP = "#b8c0c8", *OVER = "#d5305e", *CARRIED = "#8c7ae6";
constexpr std::array<const char *, KINDS> KIND_COLOURS = {"#332288", "#cc6677", "#44aa99",
                                                          "#ddcc77"};
constexpr const char *WAITING = "#0072b2", *BUSY = "#e69f00";

struct Panel {
    double top;
    double bottom;
    double most; // the value at its top

    double height(double value) const {
        return std::min(value, most) / most * (bottom - top);
    }
    double y(double value) const {
        return bottom - height(value);
    }
};

struct Canvas {
    Svg svg{WIDTH, HEIGHT};
    const Record &record;
    double step; // width of a tick

    explicit Canvas(const Record &record_)
        : record(record_), step((RIGHT - LEFT) / static_cast<double>(record_.ticks)) {}

    double x_of_tick(std::uint64_t tick) const {
        return LEFT + step * static_cast<double>(tick);
    }
    double x(std::size_t frame) const {
        return x_of_tick(record.frames[frame].tick);
    }
    double bar_width() const {
        return step > 2.0 ? step - 0.6 : step;
    }
};

double to_ms(std::uint64_t ns) {
    return static_cast<double>(ns) / 1e6;
}

void open_panel(Canvas &canvas, const Panel &panel, const std::string &title,
                const std::string &unit) {
    Svg &svg = canvas.svg;
    svg.text(LEFT, panel.top - 10, 14, INK, "start", title, true);
    svg.text(LEFT - 10, panel.top - 10, 11, FAINT, "end", unit);
    svg.line(LEFT, panel.bottom, RIGHT, panel.bottom, FAINT, 1.0);
    for (std::uint64_t tick = 0; tick <= canvas.record.ticks; tick += 60) {
        svg.line(canvas.x_of_tick(tick), panel.top, canvas.x_of_tick(tick), panel.bottom, GRID,
                 1.0);
    }
}

void grid_line(Canvas &canvas, const Panel &panel, double value, const std::string &label) {
    canvas.svg.line(LEFT, panel.y(value), RIGHT, panel.y(value), GRID, 1.0);
    canvas.svg.text(LEFT - 10, panel.y(value) + 4, 11, FAINT, "end", label);
}

// Entries from right to left along the title of a panel.
void legend(Canvas &canvas, const Panel &panel,
            const std::vector<std::pair<const char *, std::string>> &entries) {
    double x = RIGHT;
    for (auto it = entries.rbegin(); it != entries.rend(); ++it) {
        x -= 7.0 * static_cast<double>(it->second.size());
        canvas.svg.text(x, panel.top - 10, 12, FAINT, "start", it->second);
        canvas.svg.rect(x - 16, panel.top - 20, 11, 11, it->first);
        x -= 32;
    }
}

// Where a frame went over its budget: a red bar, with a dot above, or a triangle at the top of the
// panel where the scale ends. The worst one is named.
void draw_overshoot(Canvas &canvas, const Panel &panel) {
    const double budget = to_ms(canvas.record.budget_ns);
    std::string over, marks;
    double worst = 0.0, worst_x = 0.0;
    for (std::size_t i = 0; i < canvas.record.frames.size(); i++) {
        const double used = to_ms(canvas.record.frames[i].used_ns);
        const double middle = canvas.x(i) + canvas.bar_width() / 2;
        if (used <= budget) {
            continue;
        }
        const double height = std::max(1.0, panel.y(budget) - panel.y(used));
        over += Svg::bar(canvas.x(i), panel.y(budget), canvas.bar_width(), height);
        marks += used > panel.most ? Svg::triangle(middle, panel.top - 1, 3.4)
                                   : Svg::dot(middle, panel.y(used) - 7, 2.0);
        if (used > worst) {
            worst = used;
            worst_x = middle;
        }
    }
    canvas.svg.path(over, OVER);
    canvas.svg.path(marks, OVER);
    if (worst > panel.most) {
        const bool left = worst_x > RIGHT - 80;
        canvas.svg.text(worst_x + (left ? -8 : 8), panel.top + 4, 11, OVER, left ? "end" : "start",
                        Svg::format("%.1f ms", worst));
    }
}

// Each frame's time, stacked by who used it.
void draw_budget(Canvas &canvas, const Panel &panel) {
    const double budget = to_ms(canvas.record.budget_ns);
    open_panel(canvas, panel, "Time used of each frame's budget", "ms");
    for (double value = 0.5; value <= panel.most; value += 0.5) {
        grid_line(canvas, panel, value, Svg::format("%.1f", value));
    }
    std::string timers, posts, actions, loop;
    for (std::size_t i = 0; i < canvas.record.frames.size(); i++) {
        const Frame &frame = canvas.record.frames[i];
        double level = 0.0;
        const auto stack = [&](std::string &path, double value) {
            const double height = panel.height(level + value) - panel.height(level);
            path += Svg::bar(canvas.x(i), panel.y(level), canvas.bar_width(), height);
            level += value;
        };
        stack(timers, to_ms(frame.timers_ns));
        stack(posts, to_ms(frame.posts_ns));
        stack(actions, to_ms(frame.actions_ns));
        stack(loop, std::max(0.0, to_ms(frame.used_ns) - level));
    }
    canvas.svg.path(timers, TIMERS);
    canvas.svg.path(posts, POSTS);
    canvas.svg.path(actions, ACTIONS);
    canvas.svg.path(loop, LOOP);
    draw_overshoot(canvas, panel);
    canvas.svg.line(LEFT, panel.y(budget), RIGHT, panel.y(budget), INK, 1.2, "6 4");
    legend(canvas, panel,
           {{TIMERS, "timers"},
            {POSTS, "posts"},
            {ACTIONS, "script results"},
            {LOOP, "the loop itself"},
            {OVER, "overshoot, each frame marked"},
            {INK, Svg::format("dashed: budget %.0f ms", budget)}});
}

void draw_carried(Canvas &canvas, const Panel &panel) {
    open_panel(canvas, panel, "Work carried over to later frames", "items");
    grid_line(canvas, panel, panel.most, Svg::format("%.0f", panel.most));
    std::string bars;
    for (std::size_t i = 0; i < canvas.record.frames.size(); i++) {
        const auto carried = static_cast<double>(canvas.record.frames[i].carried);
        if (carried > 0) {
            bars += Svg::bar(canvas.x(i), panel.bottom, canvas.bar_width(), panel.height(carried));
        }
    }
    canvas.svg.path(bars, CARRIED);
}

void draw_jobs(Canvas &canvas, const Panel &panel) {
    open_panel(canvas, panel, "Script results per frame", "jobs");
    grid_line(canvas, panel, panel.most, Svg::format("%.0f", panel.most));
    std::array<std::string, KINDS> bars;
    for (std::size_t i = 0; i < canvas.record.frames.size(); i++) {
        double level = 0.0;
        for (std::size_t kind = 0; kind < KINDS; kind++) {
            const double jobs = canvas.record.frames[i].jobs[kind];
            if (jobs > 0) {
                bars[kind] += Svg::bar(canvas.x(i), panel.y(level), canvas.bar_width(),
                                       panel.height(level + jobs) - panel.height(level));
                level += jobs;
            }
        }
    }
    std::vector<std::pair<const char *, std::string>> entries;
    for (std::size_t kind = 0; kind < KINDS; kind++) {
        canvas.svg.path(bars[kind], KIND_COLOURS[kind]);
        entries.emplace_back(KIND_COLOURS[kind], KIND_NAMES[kind]);
    }
    legend(canvas, panel, entries);
}

// Logarithmic, from 1 microsecond to 100 milliseconds.
void draw_latencies(Canvas &canvas, const Panel &panel) {
    constexpr std::array<const char *, 6> LABELS = {"1 µs", "10 µs", "100 µs",
                                                    "1 ms", "10 ms", "100 ms"};
    open_panel(canvas, panel, "From another thread's post or wake to the engine's reaction", "");
    for (std::size_t decade = 0; decade < LABELS.size(); decade++) {
        grid_line(canvas, panel, static_cast<double>(decade), LABELS[decade]);
    }
    std::string waiting, busy;
    for (const Latency &latency : canvas.record.latencies) {
        const double us = std::max(1.0, static_cast<double>(latency.ns) / 1e3);
        const double x = canvas.x(latency.frame) + canvas.step / 2;
        (latency.waiting ? waiting : busy) += Svg::dot(x, panel.y(std::log10(us)), 2.4);
    }
    canvas.svg.path(busy, BUSY, 0.8);
    canvas.svg.path(waiting, WAITING, 0.8);
    legend(canvas, panel,
           {{WAITING, "the engine waited in the loop"}, {BUSY, "the engine was busy"}});
    for (std::uint64_t tick = 0; tick <= canvas.record.ticks; tick += 60) {
        canvas.svg.text(canvas.x_of_tick(tick), panel.bottom + 18, 11, FAINT, "middle",
                        Svg::format("%llu s", static_cast<unsigned long long>(tick / 60)));
    }
}

void draw_title(Canvas &canvas, const Engine &engine, const Summary &summary) {
    const Record &record = canvas.record;
    const Workload &workload = engine.workload();
    std::uint64_t jobs = 0;
    for (const KindTotals &totals : workload.totals()) {
        jobs += totals.jobs;
    }
    canvas.svg.text(LEFT, 38, 21, INK, "start", "scriptloop demo: every frame of one run", true);
    const std::string facts = Svg::format(
        "%zu frames at 60 Hz · %llu Lua jobs (workers: %llu) · %llu posts and wakes · "
        "overshoot p99 %.0f µs · wake to callback p50 %.0f µs · %llu checks passed, %llu failed",
        record.frames.size(), static_cast<unsigned long long>(jobs),
        static_cast<unsigned long long>(summary.runner.workers),
        static_cast<unsigned long long>(summary.loop.posts_run + summary.wakes),
        static_cast<double>(percentile(overshoots(record), 0.99)) / 1e3,
        static_cast<double>(percentile(latencies(record, true), 0.5)) / 1e3,
        static_cast<unsigned long long>(workload.passed()),
        static_cast<unsigned long long>(workload.failed()));
    canvas.svg.text(LEFT, 60, 13, FAINT, "start", facts);
}

} // namespace

void write_timeline(const std::string &file, const Engine &engine, const Summary &summary) {
    const Record &record = engine.record();
    Canvas canvas(record);
    double carried = 1.0, jobs = 1.0;
    for (const Frame &frame : record.frames) {
        carried = std::max(carried, static_cast<double>(frame.carried));
        double sum = 0;
        for (const std::uint32_t count : frame.jobs) {
            sum += count;
        }
        jobs = std::max(jobs, sum);
    }
    draw_title(canvas, engine, summary);
    draw_budget(canvas, {110, 370, to_ms(record.budget_ns) * 1.5});
    draw_carried(canvas, {420, 490, carried});
    draw_jobs(canvas, {540, 630, jobs});
    draw_latencies(canvas, {680, 820, 5.0});

    const std::filesystem::path path(file);
    if (path.has_parent_path()) {
        std::filesystem::create_directories(path.parent_path());
    }
    std::ofstream stream(path, std::ios::binary);
    stream << canvas.svg.finish();
    stream.close();
    if (!stream) {
        throw std::runtime_error("cannot write " + file);
    }
}

} // namespace demo
