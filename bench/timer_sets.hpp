// The timer implementations that `timers` compares. Each one can
//   insert(n, delay_ms)  start timer n,     cancel(n)  stop it,     tick()  fire what is due,
// and calls `on_timer` with the counter for each that fires. libuv and libev have their timers in
// the user's memory, so a set makes that too. `ids` is room for what a user must remember of each
// timer in order to cancel it, which is the user's and in nobody's bill.
#pragma once

#include "ours.hpp"

#include <ev.h>
#include <memory>
#include <queue>
#include <uv.h>

namespace bench {

using Ids = std::vector<uint64_t>;

inline void on_timer(void *counter) {
    ++*static_cast<uint64_t *>(counter);
}

class LoopTimers {
  public:
    LoopTimers(Ids &ids, uint64_t *fired) : fired_(fired), ids_(ids) {}
    ~LoopTimers() {
        SL_OK(sl_loop_free(loop_));
    }
    void insert(size_t n, uint64_t delay_ms) {
        SL_OK(sl_loop_schedule_timer(loop_, delay_ms, 0, on_timer, fired_, nullptr, &ids_[n]));
    }
    void cancel(size_t n) {
        SL_OK(sl_loop_cancel_timer(loop_, ids_[n], nullptr));
    }
    void tick() {
        SL_OK(sl_loop_step(loop_, &step_, nullptr));
    }

  private:
    sl_loop *loop_ = new_loop(loop_config());
    sl_step step_ = step_of(SL_UNLIMITED, 0);
    uint64_t *fired_;
    Ids &ids_;
};

// A binary heap of (deadline, number) with lazy cancel: a cancelled timer stays until its turn.
class HeapTimers {
  public:
    HeapTimers(Ids &ids, uint64_t *fired) : fired_(fired), timers_(ids.size()) {}
    void insert(size_t n, uint64_t delay_ms) {
        timers_[n] = {on_timer, fired_};
        order_.push({now_ns() + delay_ms * 1'000'000, uint32_t(n)});
    }
    void cancel(size_t n) {
        timers_[n].run = nullptr;
    }
    void tick() {
        const uint64_t now = now_ns();
        while (!order_.empty() && order_.top().deadline_ns <= now) {
            const Timer timer = timers_[order_.top().number];
            order_.pop();
            if (timer.run) {
                timer.run(timer.userdata);
            }
        }
    }

  private:
    struct Timer {
        sl_work_fn run;
        void *userdata;
    };
    struct Entry {
        uint64_t deadline_ns;
        uint32_t number;
        bool operator>(const Entry &other) const {
            return deadline_ns > other.deadline_ns;
        }
    };
    uint64_t *fired_;
    std::vector<Timer> timers_;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<Entry>> order_;
};

// One level of slots of a millisecond, each a doubly linked list through the timers themselves:
// nothing can be faster on whole milliseconds, and nothing less general. Delays up to 4 s.
class WheelTimers {
  public:
    WheelTimers(Ids &ids, uint64_t *fired)
        : fired_(fired), timers_(ids.size()), slots_(slot_count, none), next_ms_(now_ms()) {}
    void insert(size_t n, uint64_t delay_ms) {
        Timer &timer = timers_[n];
        timer = {on_timer, fired_, none, none, uint32_t((now_ms() + delay_ms + 1) % slot_count)};
        uint32_t &head = slots_[timer.slot];
        timer.next = head;
        if (head != none) {
            timers_[head].previous = uint32_t(n);
        }
        head = uint32_t(n);
    }
    void cancel(size_t n) {
        const Timer &timer = timers_[n];
        (timer.previous == none ? slots_[timer.slot] : timers_[timer.previous].next) = timer.next;
        if (timer.next != none) {
            timers_[timer.next].previous = timer.previous;
        }
    }
    void tick() {
        for (const uint64_t now = now_ms(); next_ms_ <= now; next_ms_++) {
            uint32_t &head = slots_[next_ms_ % slot_count];
            while (head != none) {
                const Timer timer = timers_[head];
                head = timer.next;
                if (head != none) {
                    timers_[head].previous = none;
                }
                timer.run(timer.userdata);
            }
        }
    }

  private:
    static constexpr uint32_t none = UINT32_MAX, slot_count = 4096;
    struct Timer {
        sl_work_fn run;
        void *userdata;
        uint32_t next, previous, slot;
    };
    static uint64_t now_ms() {
        return now_ns() / 1'000'000;
    }
    uint64_t *fired_;
    std::vector<Timer> timers_;
    std::vector<uint32_t> slots_;
    uint64_t next_ms_;
};

class EvTimers {
  public:
    EvTimers(Ids &ids, uint64_t *fired)
        : fired_(fired), timers_(std::make_unique<ev_timer[]>(ids.size())) {}
    ~EvTimers() {
        ev_loop_destroy(loop_);
    }
    void insert(size_t n, uint64_t delay_ms) {
        if (n % 64 == 0) {
            ev_now_update(loop_); // libev counts from its own idea of now
        }
        ev_timer *timer = &timers_[n];
        ev_timer_init(timer, fire, double(delay_ms) / 1000, 0.);
        timer->data = fired_;
        ev_timer_start(loop_, timer);
    }
    void cancel(size_t n) {
        ev_timer_stop(loop_, &timers_[n]);
    }
    void tick() {
        ev_run(loop_, EVRUN_NOWAIT);
    }

  private:
    static void fire(struct ev_loop *, ev_timer *timer, int) {
        on_timer(timer->data);
    }
    struct ev_loop *loop_ = ev_loop_new(EVFLAG_AUTO);
    uint64_t *fired_;
    std::unique_ptr<ev_timer[]> timers_;
};

class UvTimers {
  public:
    UvTimers(Ids &ids, uint64_t *fired)
        : fired_(fired), timers_(std::make_unique<uv_timer_t[]>(ids.size())), count_(ids.size()) {
        check(uv_loop_init(&loop_) == 0, "uv_loop_init");
    }
    ~UvTimers() {
        for (size_t n = 0; n < count_; n++) {
            uv_close(reinterpret_cast<uv_handle_t *>(&timers_[n]), nullptr);
        }
        uv_run(&loop_, UV_RUN_DEFAULT);
        uv_loop_close(&loop_);
    }
    void insert(size_t n, uint64_t delay_ms) {
        if (n % 64 == 0) {
            uv_update_time(&loop_); // libuv counts from its own idea of now
        }
        uv_timer_init(&loop_, &timers_[n]);
        timers_[n].data = fired_;
        uv_timer_start(&timers_[n], fire, delay_ms, 0);
    }
    void cancel(size_t n) {
        uv_timer_stop(&timers_[n]);
    }
    void tick() {
        uv_run(&loop_, UV_RUN_NOWAIT);
    }

  private:
    static void fire(uv_timer_t *timer) {
        on_timer(timer->data);
    }
    uv_loop_t loop_;
    uint64_t *fired_;
    std::unique_ptr<uv_timer_t[]> timers_;
    size_t count_;
};

} // namespace bench
