// A small engine: a 60 Hz frame loop around scriptloop, with scripts, timers and other threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "corpus.hpp"
#include "record.hpp"
#include "sl.hpp"
#include "traffic.hpp"
#include "workload.hpp"
#include "world.hpp"

namespace demo {

struct Options {
    double seconds = 6.0;
    std::uint32_t workers = 0; // 0 = as the library: one less than there are processors
    std::uint64_t seed = 1;
    std::string source_dir;
    std::string json_file;
    std::string svg_file;
};

// Everything the report needs besides the frames.
struct Summary {
    sl_loop_stats loop = {};
    sl_script_runner_stats runner = {};
    sl_action_queue_stats actions = {};
    std::uint64_t wakes = 0;
    double seconds = 0.0;
};

class Engine {
  public:
    Engine(const Options &options, const Corpus &corpus);
    Engine(const Engine &) = delete;
    Engine &operator=(const Engine &) = delete;

    double reference_run(); // every task once, for later outputs to equal; the seconds it took
    void run();             // the frames
    Summary finish();       // all results in, all counters checked

    const Workload &workload() const {
        return *workload_;
    }
    const Record &record() const {
        return record_;
    }

  private:
    class Span;

    void run_frame(std::uint64_t tick_ns);
    void wait_for_tick(std::uint64_t tick_ns);
    sl_report step(std::uint64_t max_work_us, std::uint64_t max_wait_us);
    void read_mailbox();
    void drain();
    void repeat(std::uint64_t every_us, sl_work_fn run);
    void check_counters(const Summary &summary);

    static void on_packet(void *bytes) noexcept;
    static void on_animation(void *userdata) noexcept;
    static void on_status(void *userdata) noexcept;
    static void on_action(void *userdata, const sl_action *action) noexcept;

    Options options_;
    Loop loop_;
    Runner runner_; // freed before the loop
    sl_action_queue *actions_ = nullptr;
    std::unique_ptr<Workload> workload_;
    World world_;
    Mailbox mailbox_;
    std::atomic<bool> waiting_{false};
    std::unique_ptr<Traffic> traffic_; // its threads end before anything they use

    Record record_;
    Frame outside_; // takes what happens before the first and after the last frame
    Frame *frame_ = &outside_;
    std::uint64_t jobs_at_once_ = 0;
    bool running_ = false;
    std::uint64_t start_ns_ = 0;
    std::uint64_t packets_ = 0;
    std::uint64_t packets_out_of_order_ = 0;
    std::uint64_t arrivals_ = 0;
};

} // namespace demo
