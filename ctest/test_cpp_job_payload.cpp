/* C++ payloads of jobs: they move with their address, and are freed once on every path. */
#include "cpp_jobs_test.h"

#include <algorithm>

SL_TEST(a_payload_moves_through_a_job_and_comes_back) {
    const shop shop;
    std::atomic<int> ends{0};
    SL_CHECK(shop.jobs.register_kind("sort", [](job_call job) {
        int *at = job.native().data<int>();
        std::sort(at, at + job.native().count<int>());
    }));
    native_payload sent = block_of(ends);
    const int *const where = sent.data<int>();
    SL_CHECK(shop.jobs.submit(job_request("sort"), std::move(sent)));
    SL_CHECK(!sent && sent.data() == nullptr && sent.size() == 0);
    shop.wait_ready(1);
    native_payload back;
    const auto take = [&](job_result_view result) {
        SL_CHECK(result.native().data<int>() == where);
        back = result.take_payload().value();
        SL_CHECK_STATUS(result.take_payload().status(), SL_STATUS_EMPTY);
    };
    SL_CHECK_EQ(shop.jobs.poll(take).value(), 1u);
    SL_CHECK(back.data<int>() == where && back.count<int>() == 3 && where[2] == 3);
    SL_CHECK_EQ(ends.load(), 0);
    back.free();
    back.free();
    SL_CHECK_EQ(ends.load(), 1);
}

SL_TEST(a_payload_is_made_of_what_holds_memory) {
    std::vector<double> numbers(1000, 1.5);
    const double *const where = numbers.data();
    const native_payload vector = native_payload::of(std::move(numbers));
    SL_CHECK(vector.data<double>() == where && vector.data() == where);
    SL_CHECK_EQ(vector.size(), 8000u);
    SL_CHECK_EQ(vector.count<double>(), 1000u);
    SL_CHECK_EQ(vector.count<char>(), 8000u);
    SL_CHECK(vector.data<float>() == nullptr && vector.count<float>() == 0);
    const native_payload array = native_payload::of(std::make_unique<int[]>(4), 4);
    SL_CHECK_EQ(array.count<int>(), 4u);
    SL_CHECK_EQ(array.get()->alignment, alignof(int));
    auto shared = std::make_shared<std::string>("shared");
    char *const text = shared->data();
    native_payload part = native_payload::of(std::move(shared), text, 6);
    native_payload other = native_payload::of(std::string("short")); /* it lies in the object */
    SL_CHECK(std::string_view(other.data<char>(), other.size()) == "short");
    other = std::move(part);
    SL_CHECK(!part && other.data() == text);
    const sl_native_payload raw = other.release();
    SL_CHECK(!other);
    SL_CHECK(native_payload(raw).data<char>() == text);
    const native_payload none = native_payload::of(std::vector<int>());
    SL_CHECK(none && none.size() == 0);
}

SL_TEST(a_payload_is_freed_once_on_every_path) {
    shop shop;
    std::atomic<int> ends{0};
    int freed = 0;
    const auto run = [&](std::string_view kind, std::string_view result) {
        SL_CHECK(shop.jobs.submit(job_request(kind), block_of(ends)));
        SL_CHECK(shop.next() == result);
    };
    SL_CHECK(shop.jobs.register_builtins());
    SL_CHECK(shop.jobs.register_kind(
        "take", [](job_call job) { SL_CHECK_EQ(job.take_payload().value().count<int>(), 3u); }));
    SL_CHECK(shop.jobs.register_kind("replace", [&](job_call job) {
        SL_CHECK(job.return_payload(block_of(ends)));
        SL_CHECK(job.return_payload(block_of(ends)));
    }));
    SL_CHECK(shop.jobs.register_kind(
        "none", [](job_call job) { SL_CHECK(job.return_payload(native_payload())); }));
    SL_CHECK(shop.jobs.register_kind("fail", [](job_call job) {
        native_payload mine = job.take_payload().value();
        SL_CHECK(job.return_payload(std::move(mine)));
        SL_CHECK(!mine && job.return_error("late"));
    }));
    run("echo", "|"); /* nobody takes it from the result */
    SL_CHECK_EQ(ends.load(), freed += 1);
    run("take", "|");
    SL_CHECK_EQ(ends.load(), freed += 1);
    run("replace", "|");
    SL_CHECK_EQ(ends.load(), freed += 3);
    run("none", "|");
    SL_CHECK_EQ(ends.load(), freed += 1);
    run("fail", "!late|");
    SL_CHECK_EQ(ends.load(), freed += 1);
    run("nobody", "!Unknown job kind: nobody|");
    SL_CHECK_EQ(ends.load(), freed += 1);
    SL_CHECK(shop.jobs.submit(job_request("echo"), block_of(ends)));
    shop.wait_ready(1);
    SL_CHECK(shop.jobs.free()); /* it was not polled */
    SL_CHECK_EQ(ends.load(), freed += 1);
}

SL_TEST(what_a_refused_submit_was_given_stays) {
    const shop shop;
    std::atomic<int> ends{0};
    std::atomic<int> calls{0};
    const auto callbacks = scriptloop::callbacks::make(shop.loop).value();
    native_payload kept = block_of(ends);
    const int *const where = kept.data<int>();
    const auto refuse = [&](std::string_view kind, sl_status why) {
        SL_CHECK_STATUS(shop.jobs.submit(job_request(kind), std::move(kept)).status(), why);
        SL_CHECK(kept.data<int>() == where);
        SL_CHECK_EQ(ends.load(), 0);
        SL_CHECK_STATUS(shop.jobs
                            .submit(job_request(kind), std::move(kept), callbacks,
                                    [end = counted(calls)](job_result_view) {})
                            .status(),
                        why);
        SL_CHECK(kept.data<int>() == where);
        SL_CHECK_EQ(ends.load(), 0);
        SL_CHECK_EQ(callbacks.read_stats().value().registered, 0u);
    };
    refuse("", SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK(shop.jobs.close());
    refuse("echo", SL_STATUS_CLOSED);
    SL_CHECK_EQ(calls.load(), 2);
    SL_CHECK_STATUS(shop.jobs.submit(job_request("echo"), block_of(ends)).status(),
                    SL_STATUS_CLOSED);
    SL_CHECK_EQ(ends.load(), 1); /* what nobody kept is gone */
}
