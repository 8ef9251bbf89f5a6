#include "traffic.hpp"

#include <chrono>

namespace demo {

void Mailbox::put(Arrival arrival) {
    const std::lock_guard<std::mutex> lock(mutex_);
    arrivals_.push_back(arrival);
}

std::vector<Arrival> Mailbox::take() {
    std::vector<Arrival> taken;
    const std::lock_guard<std::mutex> lock(mutex_);
    taken.swap(arrivals_);
    return taken;
}

Traffic::Traffic(sl_loop *loop, void *engine, sl_work_fn on_packet, Mailbox &mailbox,
                 const std::atomic<bool> &waiting, std::uint64_t seed)
    : loop_(loop), engine_(engine), on_packet_(on_packet), mailbox_(mailbox), waiting_(waiting),
      network_([this, seed] { send_packets(seed + 1); }),
      assets_([this, seed] { load_assets(seed + 2); }) {}

Traffic::~Traffic() {
    stop();
}

void Traffic::stop() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        stopping_ = true;
    }
    stop_.notify_all();
    if (network_.joinable()) {
        network_.join();
    }
    if (assets_.joinable()) {
        assets_.join();
    }
}

// Random gaps, as of independent events; false when it is time to stop.
bool Traffic::pause(std::mt19937_64 &random, double mean_ms) {
    const double gap_ms = std::exponential_distribution<>(1.0 / mean_ms)(random);
    const auto gap = std::chrono::microseconds(static_cast<std::int64_t>(gap_ms * 1000.0));
    std::unique_lock<std::mutex> lock(mutex_);
    return !stop_.wait_for(lock, gap, [this] { return stopping_; });
}

// Mostly a packet or a few, now and then a flood that no single frame can take.
void Traffic::send_packets(std::uint64_t seed) {
    constexpr double MEAN_MS = 25.0;
    constexpr std::uint32_t FLOOD_ONE_IN = 12;
    std::mt19937_64 random(seed);
    std::uint32_t number = 0;
    while (pause(random, MEAN_MS)) {
        const bool flood = random() % FLOOD_ONE_IN == 0;
        const std::uint64_t packets = flood ? 400 + random() % 1600 : 1 + random() % 30;
        for (std::uint64_t i = 0; i < packets; i++) {
            Packet packet = {};
            packet.engine = engine_;
            packet.number = number;
            packet.impulse = static_cast<float>(random() % 1000) / 1000.0F;
            if (i == 0) { // the others would measure the length of the burst
                packet.waiting = waiting_.load();
                packet.sent_ns = now_ns();
            }
            const sl_status status =
                sl_loop_post_copy(loop_, SL_PRIORITY_NORMAL, on_packet_, &packet, sizeof packet);
            if (status == SL_STATUS_OK) {
                posts_++;
                number++;
            } else {
                refused_++;
            }
        }
    }
}

// A wake carries nothing: what arrived stands in the mailbox.
void Traffic::load_assets(std::uint64_t seed) {
    constexpr double MEAN_MS = 30.0;
    std::mt19937_64 random(seed);
    while (pause(random, MEAN_MS)) {
        mailbox_.put({now_ns(), waiting_.load()});
        if (sl_loop_wake(loop_) == SL_STATUS_OK) {
            wakes_++;
        } else {
            refused_++;
        }
    }
}

} // namespace demo
