/* What the tests of C++ jobs share: jobs on one worker, and memory that counts its end. */
#ifndef CPP_JOBS_TEST_H
#define CPP_JOBS_TEST_H

#include "cpp_test.h"

#include <vector>

using scriptloop::job_call;
using scriptloop::job_request;
using scriptloop::job_result_view;
using scriptloop::native_payload;

/* Jobs on one worker, with a loop that their results wake. */
struct shop {
    scriptloop::loop loop = scriptloop::loop::make().value();
    scriptloop::script_runner runner = runner_of();
    scriptloop::jobs jobs = scriptloop::jobs::make(runner, loop).value();

    /* Waits until so many results are ready. */
    void wait_ready(std::uint64_t count) const {
        while (jobs.read_stats().value().ready < count) {
            SL_CHECK(loop.run_once(patience));
        }
    }
    /* The next results, each as "text|" or "!error|". */
    std::string next(std::uint64_t count = 1) const {
        std::string all;
        wait_ready(count);
        const auto polled = jobs.poll([&](job_result_view result) {
            all += result.ok() ? std::string(result.text()) : "!" + std::string(result.error());
            all += '|';
        });
        SL_CHECK_EQ(polled.value(), count);
        return all;
    }
};

/* Memory that counts its end, with what std::data and std::size want. */
struct block {
    explicit block(std::atomic<int> &ends) : end(ends) {}
    int *data() {
        return numbers.data();
    }
    std::size_t size() const {
        return numbers.size();
    }
    counted end;
    std::vector<int> numbers = {3, 1, 2};
};

inline native_payload block_of(std::atomic<int> &ends) {
    return native_payload::of(block(ends));
}

#endif /* CPP_JOBS_TEST_H */
