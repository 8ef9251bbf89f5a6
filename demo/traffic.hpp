// Two threads that disturb the engine at random moments, as a network and an asset loader do.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "sl.hpp"
#include "world.hpp"

namespace demo {

// What the asset thread leaves for the engine before it wakes the loop.
struct Arrival {
    std::uint64_t sent_ns;
    bool waiting;
};

class Mailbox {
  public:
    void put(Arrival arrival);
    std::vector<Arrival> take();

  private:
    std::mutex mutex_; // guards arrivals_
    std::vector<Arrival> arrivals_;
};

class Traffic {
  public:
    // `waiting` says whether the engine is blocked in its loop right now.
    Traffic(sl_loop *loop, void *engine, sl_work_fn on_packet, Mailbox &mailbox,
            const std::atomic<bool> &waiting, std::uint64_t seed);
    ~Traffic();
    Traffic(const Traffic &) = delete;
    Traffic &operator=(const Traffic &) = delete;

    void stop(); // joins the threads; nothing is sent afterwards
    std::uint64_t posts() const {
        return posts_;
    }
    std::uint64_t wakes() const {
        return wakes_;
    }
    std::uint64_t refused() const {
        return refused_;
    }

  private:
    void send_packets(std::uint64_t seed);
    void load_assets(std::uint64_t seed);
    bool pause(std::mt19937_64 &random, double mean_ms);

    sl_loop *loop_;
    void *engine_;
    sl_work_fn on_packet_;
    Mailbox &mailbox_;
    const std::atomic<bool> &waiting_;
    std::mutex mutex_; // guards stopping_
    std::condition_variable stop_;
    bool stopping_ = false;
    std::atomic<std::uint64_t> posts_{0};
    std::atomic<std::uint64_t> wakes_{0};
    std::atomic<std::uint64_t> refused_{0};
    std::thread network_;
    std::thread assets_;
};

} // namespace demo
