#include "engine.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "report.hpp"

namespace demo {

namespace {

constexpr std::uint64_t FRAME_NS = 1000000000 / 60;
constexpr std::uint64_t BUDGET_NS = 2000000;
constexpr std::uint64_t JOBS_PER_WORKER = 4; // outstanding, so that no worker waits for a frame
constexpr std::uint64_t DRAIN_NS_MAX = 60000000000;
constexpr std::uint64_t ANIMATION_US = 5000;
constexpr std::uint64_t STATUS_US = 250000;

} // namespace

// Adds the time of one callback to the frame that runs it.
class Engine::Span {
  public:
    Span(Engine &engine, std::uint64_t Frame::*where) : total_(engine.frame_->*where) {
        engine.waiting_ = false;
    }
    ~Span() {
        total_ += now_ns() - start_;
    }
    Span(const Span &) = delete;
    Span &operator=(const Span &) = delete;
    std::uint64_t start() const {
        return start_;
    }

  private:
    std::uint64_t &total_;
    std::uint64_t start_ = now_ns();
};

Engine::Engine(const Options &options, const Corpus &corpus) : options_(options) {
    record_.budget_ns = BUDGET_NS;

    sl_loop *loop = nullptr;
    must(sl_loop_new(nullptr, &loop), "sl_loop_new");
    loop_.reset(loop);

    sl_script_runner_config config;
    must(sl_script_runner_config_init(&config, sizeof config), "sl_script_runner_config_init");
    config.workers = options.workers;           // by default one core is left to the frame
    config.library = SL_SCRIPT_LIBRARY_TRUSTED; // the programs load their own modules from files
    sl_script_runner *runner = nullptr;
    must(sl_script_runner_new(loop, &config, &runner), "sl_script_runner_new");
    runner_.reset(runner);
    sl_script_runner_stats stats = {};
    stats.size = sizeof stats;
    must(sl_script_runner_read_stats(runner, &stats), "sl_script_runner_read_stats");
    jobs_at_once_ = JOBS_PER_WORKER * stats.workers;

    // From here on sl_loop_step runs on_action for every result, within its budget.
    must(sl_script_runner_actions(runner, &actions_), "sl_script_runner_actions");
    must(sl_action_queue_attach(actions_, loop, SL_PRIORITY_NORMAL, on_action, this, nullptr),
         "sl_action_queue_attach");
    workload_ = std::make_unique<Workload>(runner, corpus, options.source_dir, options.seed);
}

double Engine::reference_run() {
    const std::uint64_t start = now_ns();
    for (std::size_t task = 0; task < workload_->task_count(); task++) {
        workload_->start(task);
    }
    drain();
    workload_->forget_timing();
    return static_cast<double>(now_ns() - start) / 1e9;
}

void Engine::run() {
    record_.ticks = static_cast<std::uint64_t>(options_.seconds * 60.0);
    record_.frames.reserve(record_.ticks);
    repeat(ANIMATION_US, on_animation);
    repeat(STATUS_US, on_status);
    traffic_ =
        std::make_unique<Traffic>(loop_.get(), this, on_packet, mailbox_, waiting_, options_.seed);
    running_ = true;
    while (workload_->outstanding() < jobs_at_once_) {
        workload_->start_next();
    }
    start_ns_ = now_ns();
    for (std::uint64_t tick = 0; tick < record_.ticks;) {
        record_.frames.emplace_back();
        frame_ = &record_.frames.back();
        frame_->tick = tick;
        run_frame(start_ns_ + tick * FRAME_NS);
        // A frame that took longer than one tick has missed the next: a display would not wait.
        tick = std::max(tick + 1, (now_ns() - start_ns_) / FRAME_NS);
    }
    running_ = false;
    frame_ = &outside_;
    traffic_->stop();
}

// What a real engine does: simulate, then give the loop its share of the frame, then wait for
// the next tick *inside the loop*, so that a post or a wake is served when it comes and not a
// frame later. All of it counts against the one budget. When that is spent, the engine waits
// outside the loop, as it would in the buffer swap, and the rest is for the next frame.
void Engine::run_frame(std::uint64_t tick_ns) {
    const std::uint64_t begun = now_ns();
    frame_->late_ns = begun > tick_ns ? begun - tick_ns : 0;
    world_.simulate(static_cast<float>(FRAME_NS) / 1e9F);
    frame_->simulate_ns = now_ns() - begun;
    step(BUDGET_NS / 1000, 0);
    wait_for_tick(tick_ns + FRAME_NS);
}

void Engine::wait_for_tick(std::uint64_t tick_ns) {
    for (std::uint64_t now = now_ns(); now < tick_ns; now = now_ns()) {
        const std::uint64_t used = frame_->used_ns;
        const std::uint64_t work_us = used < BUDGET_NS ? (BUDGET_NS - used) / 1000 : 0;
        if (work_us == 0) {
            const std::chrono::nanoseconds tick(tick_ns);
            std::this_thread::sleep_until(std::chrono::steady_clock::time_point(tick));
            return;
        }
        waiting_ = true;
        step(work_us, (tick_ns - now) / 1000);
        waiting_ = false;
    }
}

sl_report Engine::step(std::uint64_t max_work_us, std::uint64_t max_wait_us) {
    sl_step step;
    must(sl_step_init(&step, sizeof step), "sl_step_init");
    step.max_work_us = max_work_us;
    step.max_wait_us = max_wait_us;
    sl_report report = {};
    report.size = sizeof report;
    must(sl_loop_step(loop_.get(), &step, &report), "sl_loop_step");

    frame_->used_ns += report.elapsed_ns;
    frame_->overshoot_ns = frame_->used_ns > BUDGET_NS ? frame_->used_ns - BUDGET_NS : 0;
    frame_->carried = report.remaining;
    read_mailbox();
    return report;
}

// A wake ends the wait and carries nothing: what it was for stands in the engine's own mailbox.
void Engine::read_mailbox() {
    for (const Arrival &arrival : mailbox_.take()) {
        arrivals_++;
        if (running_) {
            const auto frame = static_cast<std::uint32_t>(record_.frames.size() - 1);
            record_.latencies.push_back({frame, arrival.waiting, now_ns() - arrival.sent_ns});
        }
    }
}

// Steps until no job is outstanding and nothing is ready.
void Engine::drain() {
    const std::uint64_t end = now_ns() + DRAIN_NS_MAX;
    bool left = true;
    while ((left || workload_->outstanding() > 0) && now_ns() < end) {
        const std::uint64_t wait_us = workload_->outstanding() > 0 ? 1000000 : 0;
        left = step(SL_UNLIMITED, wait_us).remaining > 0;
    }
}

void Engine::repeat(std::uint64_t every_us, sl_work_fn run) {
    sl_timer_config timer;
    must(sl_timer_config_init(&timer, sizeof timer), "sl_timer_config_init");
    timer.delay_us = every_us;
    timer.repeat_us = every_us;
    timer.repeat_mode = SL_REPEAT_FIXED_RATE;
    must(sl_loop_schedule_timer_with(loop_.get(), &timer, run, this, nullptr, nullptr),
         "sl_loop_schedule_timer_with");
}

void Engine::on_packet(void *bytes) noexcept {
    const Packet &packet = *static_cast<const Packet *>(bytes);
    Engine &engine = *static_cast<Engine *>(packet.engine);
    const Span span(engine, &Frame::posts_ns);
    if (packet.sent_ns != 0 && engine.running_) {
        const auto frame = static_cast<std::uint32_t>(engine.record_.frames.size() - 1);
        engine.record_.latencies.push_back({frame, packet.waiting, span.start() - packet.sent_ns});
    }
    engine.packets_out_of_order_ += packet.number != engine.packets_;
    engine.packets_++;
    engine.world_.apply(packet);
}

void Engine::on_animation(void *userdata) noexcept {
    Engine &engine = *static_cast<Engine *>(userdata);
    const Span span(engine, &Frame::timers_ns);
    engine.world_.animate();
}

void Engine::on_status(void *userdata) noexcept {
    Engine &engine = *static_cast<Engine *>(userdata);
    const Span span(engine, &Frame::timers_ns);
    if (engine.running_) {
        const double seconds = static_cast<double>(now_ns() - engine.start_ns_) / 1e9;
        print_status(engine.record_, *engine.workload_, seconds, engine.options_.seconds);
    }
}

void Engine::on_action(void *userdata, const sl_action *action) noexcept {
    Engine &engine = *static_cast<Engine *>(userdata);
    const Span span(engine, &Frame::actions_ns);
    const Kind kind = engine.workload_->on_result(*action);
    engine.frame_->jobs[static_cast<std::size_t>(kind)]++;
    if (engine.running_) {
        engine.workload_->start_next();
    }
}

Summary Engine::finish() {
    Summary summary;
    summary.seconds = static_cast<double>(now_ns() - start_ns_) / 1e9;
    summary.wakes = traffic_->wakes();
    drain();
    summary.loop.size = sizeof summary.loop;
    summary.runner.size = sizeof summary.runner;
    summary.actions.size = sizeof summary.actions;
    must(sl_loop_read_stats(loop_.get(), &summary.loop), "sl_loop_read_stats");
    must(sl_script_runner_read_stats(runner_.get(), &summary.runner),
         "sl_script_runner_read_stats");
    must(sl_action_queue_read_stats(actions_, &summary.actions), "sl_action_queue_read_stats");
    check_counters(summary);
    return summary;
}

// Nothing was lost, doubled, reordered or dropped on its way between the threads.
void Engine::check_counters(const Summary &summary) {
    Workload &checks = *workload_;
    checks.check(packets_ == traffic_->posts(), "every packet arrived");
    checks.check(packets_out_of_order_ == 0, "the packets arrived in order");
    checks.check(arrivals_ == traffic_->wakes(), "every wake was seen");
    checks.check(traffic_->refused() == 0, "no post and no wake was refused");
    checks.check(checks.outstanding() == 0, "every job had its result");
    const sl_loop_stats &loop = summary.loop;
    checks.check(loop.posts_accepted == loop.posts_run + loop.posts_dropped + loop.posts_pending,
                 "the loop's posts add up");
    const sl_script_runner_stats &runner = summary.runner;
    checks.check(runner.accepted == runner.delivered && runner.failed == 0,
                 "the runner's jobs add up");
    const sl_action_queue_stats &actions = summary.actions;
    checks.check(actions.accepted == actions.delivered && actions.dropped == 0,
                 "the actions add up");
}

} // namespace demo
