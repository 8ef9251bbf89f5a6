/* What the tests of the C++ layer share: state that counts its end, and an ear at the log. */
#ifndef CPP_TEST_H
#define CPP_TEST_H

#include "sl_test.h"

#include <atomic>
#include <mutex>
#include <string>

#include <scriptloop.hpp>

/* Far longer than anything here takes: reaching it is a failure, not a method. */
inline constexpr std::chrono::seconds patience(20);

/* State of a callable: it can only be moved, and whoever is last counts. */
class counted {
  public:
    explicit counted(std::atomic<int> &ends) noexcept : ends_(&ends) {}
    counted(counted &&other) noexcept : ends_(std::exchange(other.ends_, nullptr)) {}
    counted &operator=(counted &&) = delete;
    ~counted() {
        if (ends_ != nullptr) {
            ++*ends_;
        }
    }

  private:
    std::atomic<int> *ends_;
};

/* Collects the log while it lives, each line with a bar behind it. */
class ear {
  public:
    ear() {
        SL_CHECK(scriptloop::log_set(SL_LOG_LEVEL_INFO, [this](sl_log_level, std::string_view it) {
            const std::lock_guard<std::mutex> locked(lock_);
            text_.append(it).append("|");
        }));
    }
    ~ear() {
        SL_CHECK(scriptloop::log_set(SL_LOG_LEVEL_INFO));
    }
    std::string text() {
        const std::lock_guard<std::mutex> locked(lock_);
        return text_;
    }

  private:
    std::mutex lock_;
    std::string text_;
};

#if SCRIPTLOOP_EXCEPTIONS

/* What the exception handler got: where, and what. */
class caught {
  public:
    caught() {
        scriptloop::set_exception_handler([this](std::exception_ptr it, const char *where) {
            const std::lock_guard<std::mutex> locked(lock_);
            text_.append(where).append(": ");
            try {
                std::rethrow_exception(it);
            } catch (const std::exception &exception) {
                text_.append(exception.what()).append("|");
            } catch (int number) {
                text_.append(std::to_string(number)).append("|");
            }
        });
    }
    ~caught() {
        scriptloop::set_exception_handler({});
    }
    std::string text() {
        const std::lock_guard<std::mutex> locked(lock_);
        return text_;
    }

  private:
    std::mutex lock_;
    std::string text_;
};

#endif

inline scriptloop::loop virtual_loop() {
    scriptloop::loop_config config;
    config.clock = SL_CLOCK_VIRTUAL;
    return scriptloop::loop::make(config).value();
}

/* A runner with one worker and one state. */
inline scriptloop::script_runner runner_of(scriptloop::script_runner_config config = {}) {
    config.workers = 1;
    config.states = 1;
    return scriptloop::script_runner::make({}, std::move(config)).value();
}

/* Runs a job to its end. */
inline scriptloop::action run_job(const scriptloop::script_runner &runner,
                                  const sl_script_job &job) {
    const sl_job_id id = runner.enqueue(job).value();
    scriptloop::action action = runner.actions().value().pop_timeout(patience).value();
    SL_CHECK_EQ(action.id(), id);
    return action;
}

inline scriptloop::action run_source(const scriptloop::script_runner &runner,
                                     std::string_view source) {
    return run_job(runner, scriptloop::script_job(source));
}

#endif /* CPP_TEST_H */
