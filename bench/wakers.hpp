// Every way to wake a thread that `wake_latency` compares, each in the form its authors advise.
//
// A waker is made by the thread that waits. `wait` returns after a wake and consumes it; `wake`
// comes from another thread and is never lost, also when it comes before the wait.
#pragma once

#include "ours.hpp"
#include "peers.h"

#define ASIO_STANDALONE 1
#include <asio.hpp>
#include <atomic>
#include <glib.h>
#include <linux/futex.h>
#include <optional>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <uv.h>

namespace bench {

class LoopWaker {
  public:
    explicit LoopWaker(std::optional<uint32_t> spin_us = {}) : step_(step_of(0, SL_UNLIMITED)) {
        sl_loop_config config = loop_config();
        config.spin_us = spin_us.value_or(config.spin_us);
        loop_ = new_loop(config);
    }
    ~LoopWaker() {
        SL_OK(sl_loop_free(loop_));
    }
    void wait() {
        SL_OK(sl_loop_step(loop_, &step_, nullptr));
    }
    void wake() {
        SL_OK(sl_loop_wake(loop_));
    }

  private:
    sl_loop *loop_;
    sl_step step_;
};

class LoopWakerWithoutSpin : public LoopWaker {
  public:
    LoopWakerWithoutSpin() : LoopWaker(0) {}
};

// Three states, one atomic operation when nobody is parked: what the parkers of Rust's standard
// library and of most runtimes come down to on Linux.
class FutexWaker {
  public:
    void wait() {
        if (state_.fetch_sub(1, std::memory_order_acquire) == notified) {
            return;
        }
        for (;;) {
            syscall(SYS_futex, &state_, FUTEX_WAIT_PRIVATE, parked, nullptr, nullptr, 0);
            int32_t expected = notified;
            if (state_.compare_exchange_strong(expected, empty, std::memory_order_acquire)) {
                return;
            }
        }
    }
    void wake() {
        if (state_.exchange(notified, std::memory_order_release) == parked) {
            syscall(SYS_futex, &state_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
        }
    }

  private:
    static constexpr int32_t parked = -1, empty = 0, notified = 1;
    std::atomic<int32_t> state_{empty};
};

class UvWaker {
  public:
    UvWaker() {
        check(uv_loop_init(&loop_) == 0, "uv_loop_init");
        check(uv_async_init(&loop_, &async_, [](uv_async_t *) {}) == 0, "uv_async_init");
    }
    ~UvWaker() {
        uv_close(reinterpret_cast<uv_handle_t *>(&async_), nullptr);
        uv_run(&loop_, UV_RUN_DEFAULT);
        uv_loop_close(&loop_);
    }
    void wait() {
        uv_run(&loop_, UV_RUN_ONCE);
    }
    void wake() {
        uv_async_send(&async_);
    }

  private:
    uv_loop_t loop_;
    uv_async_t async_;
};

class ConditionWaker {
  public:
    void wait() {
        std::unique_lock<std::mutex> lock(mutex_);
        condition_.wait(lock, [this] { return notified_; });
        notified_ = false;
    }
    void wake() {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            notified_ = true;
        }
        condition_.notify_one(); // after the unlock: the waiter does not run into a held lock
    }

  private:
    std::mutex mutex_;
    std::condition_variable condition_;
    bool notified_ = false;
};

class EpollWaker {
  public:
    EpollWaker() {
        epoll_event interest{};
        interest.events = EPOLLIN;
        check(epoll_ctl(epoll_, EPOLL_CTL_ADD, event_, &interest) == 0, "epoll_ctl");
    }
    ~EpollWaker() {
        close(event_);
        close(epoll_);
    }
    void wait() {
        epoll_event event;
        if (epoll_wait(epoll_, &event, 1, -1) == 1) {
            uint64_t count;
            check(read(event_, &count, sizeof count) == sizeof count, "read of an eventfd");
        }
    }
    void wake() {
        const uint64_t one = 1;
        check(write(event_, &one, sizeof one) == sizeof one, "write to an eventfd");
    }

  private:
    int event_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int epoll_ = epoll_create1(EPOLL_CLOEXEC);
};

class AsioWaker {
  public:
    void wait() {
        context_.run_one();
    }
    void wake() {
        asio::post(context_, [] {});
    }

  private:
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> alive_{context_.get_executor()};
};

class GlibWaker {
  public:
    ~GlibWaker() {
        g_main_context_unref(context_);
    }
    void wait() {
        g_main_context_iteration(context_, TRUE);
    }
    void wake() {
        g_main_context_wakeup(context_);
    }

  private:
    GMainContext *context_ = g_main_context_new();
};

class ChannelWaker {
  public:
    ~ChannelWaker() {
        peers_waker_free(waker_);
    }
    void wait() {
        peers_waker_wait(waker_);
    }
    void wake() {
        peers_waker_wake(waker_);
    }

  private:
    peers_waker *waker_ = peers_waker_new();
};

} // namespace bench
