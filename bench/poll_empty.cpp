// What a poll costs that finds nothing to do: what every frame pays.
//
// Each loop is kept alive the way its users keep it: libuv and libevent by one idle handle, asio by
// a work guard. The one pending timer is an hour away.
#include "ours.hpp"

#define ASIO_STANDALONE 1
#include <asio.hpp>
#include <event2/event.h>
#include <optional>
#include <uv.h>

namespace {

using namespace bench;

const char *const no_timer = "nothing at all", *const one_timer = "one timer pending";

class Loop {
  public:
    explicit Loop(bool timer) {
        if (timer) {
            SL_OK(sl_loop_schedule_timer(
                loop_, 3'600'000, 0, [](void *) {}, nullptr, nullptr, nullptr));
        }
    }
    ~Loop() {
        SL_OK(sl_loop_free(loop_));
    }
    void poll() {
        uint32_t dispatched = 0;
        SL_OK(sl_loop_poll(loop_, 2, &dispatched));
    }

  private:
    sl_loop *loop_ = new_loop(loop_config());
};

class Uv {
  public:
    explicit Uv(bool timer) {
        check(uv_loop_init(&loop_) == 0, "uv_loop_init");
        uv_async_init(&loop_, &async_, [](uv_async_t *) {});
        uv_timer_init(&loop_, &timer_);
        if (timer) {
            uv_timer_start(
                &timer_, [](uv_timer_t *) {}, 3'600'000, 0);
        }
    }
    ~Uv() {
        uv_close(reinterpret_cast<uv_handle_t *>(&async_), nullptr);
        uv_close(reinterpret_cast<uv_handle_t *>(&timer_), nullptr);
        uv_run(&loop_, UV_RUN_DEFAULT);
        uv_loop_close(&loop_);
    }
    void poll() {
        uv_run(&loop_, UV_RUN_NOWAIT);
    }

  private:
    uv_loop_t loop_;
    uv_async_t async_;
    uv_timer_t timer_;
};

class Libevent {
  public:
    explicit Libevent(bool timer) {
        user_ = event_new(
            base_, -1, EV_PERSIST, [](int, short, void *) {}, nullptr);
        timeval hour{3600, 0};
        event_add(user_, timer ? &hour : nullptr);
    }
    ~Libevent() {
        event_free(user_);
        event_base_free(base_);
    }
    void poll() {
        event_base_loop(base_, EVLOOP_NONBLOCK | EVLOOP_NO_EXIT_ON_EMPTY);
    }

  private:
    event_base *base_ = event_base_new();
    event *user_;
};

class Asio {
  public:
    explicit Asio(bool timer) {
        if (timer) {
            timer_.emplace(context_, std::chrono::hours(1)); // brings asio's epoll with it
            timer_->async_wait([](const asio::error_code &) {});
        }
    }
    void poll() {
        context_.poll();
    }

  private:
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> alive_{context_.get_executor()};
    std::optional<asio::steady_timer> timer_;
};

class ClockRead {
  public:
    explicit ClockRead(bool) {}
    void poll() {
        keep(now_ns());
    }
};

template <class Target> void add(Suite &suite, const std::string &contender, Role role) {
    const size_t times = suite.scale<size_t>(50'000, 10'000);
    for (const bool timer : {false, true}) {
        const char *name = timer ? one_timer : no_timer;
        suite.job(name, contender, role, [=](Recorder &recorder) {
            Target target(timer);
            target.poll();
            const uint64_t start = now_ns();
            for (size_t i = 0; i < times; i++) {
                target.poll();
            }
            recorder.add(name, double(now_ns() - start) / double(times));
        });
    }
}

} // namespace

int main(int argc, char **argv) {
    Suite suite("poll_empty", "a poll with nothing to do", argc, argv);
    suite.version("libuv", uv_version_string());
    suite.version("libevent", event_get_version());
    suite.version("asio", std::to_string(ASIO_VERSION / 100000) + "." +
                              std::to_string(ASIO_VERSION / 100 % 1000) + "." +
                              std::to_string(ASIO_VERSION % 100));
    suite.add_case(no_timer).goal(8);
    suite.add_case(one_timer).goal(30);
    add<Loop>(suite, "scriptloop", Role::ours);
    add<Uv>(suite, "libuv uv_run(NOWAIT)", Role::peer);
    add<Libevent>(suite, "libevent event_base_loop(NONBLOCK)", Role::peer);
    add<Asio>(suite, "asio poll()", Role::peer);
    add<ClockRead>(suite, "one read of the clock", Role::reference);
    return suite.run(40, 5);
}
