// The game itself: particles in a box. It stands for the simulation that a frame has to do, and
// for the state that packets from the network change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace demo {

struct Packet {
    void *engine;
    std::uint64_t sent_ns; // 0 = its latency is not measured
    std::uint32_t number;  // counts up per sender
    std::uint32_t sender;
    float impulse;
    bool waiting; // the engine was blocked in the loop when this was sent
};

class World {
  public:
    World() : at_(PARTICLES), speed_(PARTICLES) {
        for (std::size_t i = 0; i < PARTICLES; i++) {
            at_[i] = static_cast<float>(i % 1000) / 1000.0F;
            speed_[i] = static_cast<float>(i % 37) / 37.0F - 0.5F;
        }
    }

    void simulate(float seconds) {
        for (int step = 0; step < STEPS; step++) {
            for (std::size_t i = 0; i < PARTICLES; i++) {
                at_[i] += speed_[i] * seconds / STEPS;
                if (at_[i] < 0.0F || at_[i] > 1.0F) {
                    speed_[i] = -speed_[i];
                }
            }
        }
    }

    void apply(const Packet &packet) {
        const std::size_t first = packet.number * AFFECTED % (PARTICLES - AFFECTED);
        for (std::size_t i = first; i < first + AFFECTED; i++) {
            speed_[i] = speed_[i] * 0.5F + packet.impulse * (0.5F - at_[i]);
        }
    }

    // A timer's work: the tail of the box is pulled towards the middle.
    void animate() {
        for (std::size_t i = PARTICLES - AFFECTED; i < PARTICLES; i++) {
            at_[i] += 0.01F * (0.5F - at_[i]);
        }
    }

  private:
    static constexpr std::size_t PARTICLES = 60000;
    static constexpr std::size_t AFFECTED = 9000;
    static constexpr int STEPS = 12;

    std::vector<float> at_;
    std::vector<float> speed_;
};

} // namespace demo
