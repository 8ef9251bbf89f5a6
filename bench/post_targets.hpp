// The ways to hand work to another thread that `post_dispatch` compares.
//
// One item is a function and 64 bytes, of which the first 8 are the callback's context: exactly
// what `sl_loop_post_copy` carries. A target has a `Producer` per posting thread, whose `post` may
// refuse when the target is full, and `drain`, which runs what has arrived.
#pragma once

#include "ours.hpp"

#include <atomic>
#include <concurrentqueue/concurrentqueue.h>

namespace bench {

struct Tally {
    uint64_t count = 0, sum = 0;
};

struct Payload {
    Tally *tally;
    uint64_t value;
    uint64_t rest[6];
};
static_assert(sizeof(Payload) == SL_POST_BYTES_MAX);

struct Item {
    sl_work_fn run;
    Payload payload;
};

inline void dispatch(void *bytes) {
    const auto *payload = static_cast<const Payload *>(bytes);
    payload->tally->count++;
    payload->tally->sum += payload->value;
}

// Equal for all that are bounded, and room for two frames of the second measurement.
constexpr uint32_t capacity = 8192;

class LoopTarget {
  public:
    LoopTarget() {
        sl_loop_config config = loop_config();
        config.post_capacity = capacity;
        loop_ = new_loop(config);
    }
    ~LoopTarget() {
        SL_OK(sl_loop_free(loop_));
    }

    struct Producer {
        explicit Producer(LoopTarget &target) : loop(target.loop_) {}
        bool post(const Payload &payload) {
            const sl_status status =
                sl_loop_post_copy(loop, SL_PRIORITY_NORMAL, dispatch, &payload, sizeof payload);
            if (status != SL_STATUS_OK && status != SL_STATUS_FULL) {
                ok(status, "sl_loop_post_copy");
            }
            return status == SL_STATUS_OK;
        }
        sl_loop *loop;
    };

    void drain() {
        SL_OK(sl_loop_step(loop_, &step_, nullptr));
    }

  protected:
    sl_loop *loop_;
    sl_step step_ = step_of(SL_UNLIMITED, 0);
};

// With a frame budget, which takes time to keep.
class LoopTargetWithBudget : public LoopTarget {
  public:
    void drain() {
        uint32_t dispatched = 0;
        SL_OK(sl_loop_poll(loop_, 2, &dispatched));
    }
};

class MoodycamelTarget {
  public:
    struct Producer {
        explicit Producer(MoodycamelTarget &target) : queue(target.queue_) {}
        bool post(const Payload &payload) {
            return queue.enqueue({dispatch, payload});
        }
        moodycamel::ConcurrentQueue<Item> &queue;
    };

    void drain() {
        Item item;
        while (queue_.try_dequeue(item)) {
            item.run(&item.payload);
        }
    }

  private:
    moodycamel::ConcurrentQueue<Item> queue_{capacity};
};

class MoodycamelBulkTarget {
  public:
    struct Producer {
        explicit Producer(MoodycamelBulkTarget &target)
            : queue(target.queue_), token(target.queue_) {}
        bool post(const Payload &payload) {
            return queue.enqueue(token, {dispatch, payload});
        }
        moodycamel::ConcurrentQueue<Item> &queue;
        moodycamel::ProducerToken token;
    };

    void drain() {
        while (const size_t got = queue_.try_dequeue_bulk(token_, items_, std::size(items_))) {
            for (size_t i = 0; i < got; i++) {
                items_[i].run(&items_[i].payload);
            }
        }
    }

  private:
    moodycamel::ConcurrentQueue<Item> queue_{capacity};
    moodycamel::ConsumerToken token_{queue_};
    Item items_[256];
};

class VectorTarget {
  public:
    VectorTarget() {
        arriving_.reserve(capacity);
        running_.reserve(capacity);
    }

    struct Producer {
        explicit Producer(VectorTarget &target) : target(target) {}
        bool post(const Payload &payload) {
            std::lock_guard<std::mutex> lock(target.mutex_);
            if (target.arriving_.size() >= capacity) {
                return false;
            }
            target.arriving_.push_back({dispatch, payload});
            target.some_.store(true, std::memory_order_relaxed);
            return true;
        }
        VectorTarget &target;
    };

    void drain() {
        if (!some_.load(std::memory_order_relaxed)) {
            return; // a poll that finds nothing does not fight for the lock
        }
        {
            std::lock_guard<std::mutex> lock(mutex_);
            arriving_.swap(running_);
            some_.store(false, std::memory_order_relaxed);
        }
        for (Item &item : running_) {
            item.run(&item.payload);
        }
        running_.clear();
    }

  private:
    std::mutex mutex_; // guards arriving_
    std::vector<Item> arriving_, running_;
    std::atomic<bool> some_{false};
};

} // namespace bench
