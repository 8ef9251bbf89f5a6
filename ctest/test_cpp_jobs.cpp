/* C++ jobs: what handlers give and throw, where results go, cancelling, and that each callable is
 * destroyed once. */
#include "cpp_jobs_test.h"

#include <future>
#include <stdexcept>

namespace {

/* Keeps the one worker until it is opened. What is submitted meanwhile waits. */
class door {
  public:
    explicit door(const shop &shop) {
        SL_CHECK(shop.jobs.register_kind("door", [this](job_call job) {
            entered_.set_value();
            opened_.get_future().wait();
            return job.is_cancelled() ? "cancelled" : "passed";
        }));
        id = shop.jobs.submit("door", "").value();
        entered_.get_future().wait();
    }
    void open() {
        opened_.set_value();
    }
    sl_job_id id = 0;

  private:
    std::promise<void> entered_;
    std::promise<void> opened_;
};

} // namespace

SL_TEST(what_a_handler_gives_is_the_result) {
    const shop shop;
    const auto &jobs = shop.jobs;
    SL_CHECK(jobs.register_builtins());
    SL_CHECK(jobs.register_kind("string", [](job_call job) { return std::string(job.kind()); }));
    SL_CHECK(jobs.register_kind("view", [](job_call job) { return job.payload(); }));
    SL_CHECK(jobs.register_kind("nothing", [](job_call) {}));
    SL_CHECK(jobs.register_kind("said", [](job_call job) {
        SL_CHECK(job.return_error("not this"));
        SL_CHECK(job.return_text(job.payload().substr(0, 2)));
    }));
    SL_CHECK(jobs.register_kind(
        "failed", [](job_call job) { SL_CHECK(job.return_error(std::to_string(job.owner()))); }));
    const std::string payload("a\0b", 3);
    SL_CHECK(jobs.submit("string", "") && jobs.submit("view", payload));
    SL_CHECK(jobs.submit("nothing", "") && jobs.submit("said", "hello"));
    job_request request("failed");
    request.owner = 7;
    SL_CHECK(jobs.submit(request) && jobs.submit("uppercase", "text"));
    SL_CHECK(shop.next(6) == "string|" + payload + "||he|!7|TEXT|");
    SL_CHECK(jobs.submit("nobody", ""));
    SL_CHECK(shop.next() == "!Unknown job kind: nobody|");
}

SL_TEST(a_result_tells_all_of_its_job) {
    const shop shop;
    SL_CHECK(shop.jobs.register_kind("count", [](job_call job) {
        SL_CHECK(job.return_aux(0, static_cast<std::int64_t>(job.id())));
        SL_CHECK(job.return_aux(3, -4));
        SL_CHECK_STATUS(job.return_aux(4, 0).status(), SL_STATUS_INVALID_ARGUMENT);
        SL_CHECK(!job.native() && job.native().data() == nullptr);
        SL_CHECK_STATUS(job.take_payload().status(), SL_STATUS_EMPTY);
    }));
    job_request request;
    request.set_kind("count").set_payload("x").owner = 9;
    const auto id = shop.jobs.submit(request).value();
    shop.wait_ready(1);
    const auto look = [&](job_result_view result) {
        SL_CHECK(result.ok() && !result.cancelled());
        SL_CHECK_EQ(result.id(), id);
        SL_CHECK_EQ(result.owner(), 9u);
        SL_CHECK(result.kind() == "count" && result.text().empty() && result.error().empty());
        SL_CHECK_EQ(result.aux(0), static_cast<std::int64_t>(id));
        SL_CHECK(result.aux(1) == 0 && result.aux(3) == -4 && result.aux(4) == 0);
        SL_CHECK(result.wait().count() >= 0 && result.run().count() > 0);
        SL_CHECK(!result.native());
        SL_CHECK_STATUS(result.take_payload().status(), SL_STATUS_EMPTY);
    };
    SL_CHECK_EQ(shop.jobs.poll(look).value(), 1u);
}

SL_TEST(a_job_is_lent_to_its_handler_and_no_longer) {
    const shop shop;
    sl_job *raw = nullptr;
    SL_CHECK(shop.jobs.register_kind("keep", [&](job_call job) {
        SL_CHECK(!job.is_cancelled());
        raw = job.get();
    }));
    SL_CHECK(shop.jobs.submit("keep", ""));
    SL_CHECK(shop.next() == "|");
    const job_call kept(raw);
    SL_CHECK(kept.is_cancelled()); /* nobody waits for it */
    SL_CHECK_STATUS(kept.return_text("late").status(), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(kept.return_error("late").status(), SL_STATUS_STALE_HANDLE);
    std::atomic<int> ends{0};
    native_payload payload = block_of(ends);
    SL_CHECK_STATUS(kept.return_payload(std::move(payload)).status(), SL_STATUS_STALE_HANDLE);
    SL_CHECK(payload && ends.load() == 0);
}

SL_TEST(what_a_handler_throws_is_the_error_of_the_job) {
    const shop shop;
    std::atomic<int> ends{0};
    SL_CHECK(shop.jobs.register_kind("throw", [](job_call job) -> std::string {
        SL_CHECK(job.return_text("too early"));
        if (job.payload() == "7") {
            throw 7;
        }
        throw std::runtime_error("no " + std::string(job.payload()));
    }));
    ear ear;
    caught caught;
    SL_CHECK(shop.jobs.submit("throw", "luck"));
    SL_CHECK(shop.jobs.submit("throw", "7"));
    SL_CHECK(shop.jobs.submit(job_request("throw", "room"), block_of(ends)));
    SL_CHECK(shop.next(3) == "!no luck|!Unhandled exception in job handler|!no room|");
    SL_CHECK_EQ(ends.load(), 1);
    SL_CHECK_EQ(shop.jobs.read_stats().value().failed, 3u);
    SL_CHECK(caught.text() == "job handler: no luck|job handler: 7|job handler: no room|");
    SL_CHECK(ear.text().empty());
}

SL_TEST(a_result_is_delivered_to_a_callable_once) {
    const shop shop;
    std::atomic<int> ends{0};
    auto callbacks = scriptloop::callbacks::make(shop.loop).value();
    SL_CHECK(shop.jobs.register_builtins());
    std::string heard;
    const auto hear = [&](const char *prefix) {
        return [&heard, prefix, end = counted(ends)](job_result_view result) {
            heard.append(prefix).append(result.text()).append(result.error()).append("|");
        };
    };
    const auto dispatch = [&](std::uint64_t count) {
        while (callbacks.read_stats().value().pending < count) {
            SL_CHECK(shop.loop.run_once(patience));
        }
        SL_CHECK_EQ(callbacks.dispatch().value(), count);
    };
    SL_CHECK(shop.jobs.submit("uppercase", "one", callbacks, hear("1")));
    SL_CHECK(shop.jobs.submit("nobody", "", callbacks, hear("2")));
    dispatch(2);
    SL_CHECK(heard.find("1ONE|") != std::string::npos);
    SL_CHECK(heard.find("2Unknown job kind: nobody|") != std::string::npos);
    SL_CHECK_EQ(ends.load(), 2);
    SL_CHECK_EQ(callbacks.read_stats().value().registered, 0u);
    SL_CHECK_EQ(shop.jobs.poll([](job_result_view) {}).value(), 0u);

    const auto failing = [](job_result_view) { throw std::runtime_error("no luck"); };
    SL_CHECK(shop.jobs.submit("echo", "", callbacks, failing));
    dispatch(1);
    SL_CHECK_EQ(callbacks.read_stats().value().failed, 1u);

    SL_CHECK(callbacks.close());
    SL_CHECK_STATUS(shop.jobs.submit("echo", "", callbacks, hear("3")).status(), SL_STATUS_CLOSED);
    SL_CHECK_EQ(ends.load(), 3);
}

SL_TEST(a_callback_tells_what_a_job_gave) {
    const shop shop;
    std::atomic<int> ends{0};
    const auto callbacks = scriptloop::callbacks::make(shop.loop).value();
    SL_CHECK(shop.jobs.register_builtins());
    native_payload back;
    int others = 0;
    const auto id = callbacks
                        .add([&](scriptloop::callback_call call) {
                            if (!call.job()) {
                                ++others;
                                return;
                            }
                            SL_CHECK(call.job().text() == "text" && call.value().is_nil());
                            back = call.job().take_payload().value();
                        })
                        .value();
    const auto request = job_request("echo", "text").set_callback(callbacks, id);
    SL_CHECK(callbacks.enqueue(id));
    SL_CHECK(shop.jobs.submit(request, block_of(ends)));
    while (callbacks.read_stats().value().pending < 2) {
        SL_CHECK(shop.loop.run_once(patience));
    }
    SL_CHECK_EQ(callbacks.dispatch().value(), 2u);
    SL_CHECK_EQ(others, 1);
    SL_CHECK_EQ(back.count<int>(), 3u);
    SL_CHECK_EQ(ends.load(), 0);
}

SL_TEST(a_poll_takes_what_its_filter_says) {
    const shop shop;
    SL_CHECK(shop.jobs.register_builtins());
    for (const char *kind : {"echo", "uppercase", "echo", "uppercase", "echo"}) {
        job_request request(kind, kind);
        request.owner = kind[0] == 'e' ? 1 : 2;
        SL_CHECK(shop.jobs.submit(request));
    }
    shop.wait_ready(5);
    std::string seen;
    const auto look = [&](job_result_view result) { seen += result.text().substr(0, 1); };
    scriptloop::job_filter filter;
    SL_CHECK_EQ(shop.jobs.poll(filter.set_kind("echo"), 1, look).value(), 1u);
    SL_CHECK(seen == "e");
    SL_CHECK_EQ(shop.jobs.poll(scriptloop::job_filter().set_owner(2), look).value(), 2u);
    SL_CHECK(seen == "eUU");
    SL_CHECK_EQ(shop.jobs.poll(filter.set_owner(2), look).value(), 0u);
    ear ear;
    const auto failing = [&](job_result_view result) {
        look(result);
        throw std::runtime_error("stop");
    };
    SL_CHECK_EQ(shop.jobs.poll(failing).value(), 2u); /* the second one, too */
    SL_CHECK(seen == "eUUee");
    SL_CHECK(ear.text() == "job result threw: stop|job result threw: stop|");
}

SL_TEST(jobs_are_cancelled_by_id_by_owner_and_all) {
    const shop shop;
    door door(shop);
    SL_CHECK(shop.jobs.register_builtins());
    const auto submit = [&](std::uint64_t owner) {
        job_request request("echo");
        request.owner = owner;
        return shop.jobs.submit(request).value();
    };
    const auto first = submit(1);
    submit(1), submit(2), submit(2), submit(3);
    SL_CHECK(shop.jobs.is_pending(first).value());
    SL_CHECK(shop.jobs.cancel(first));
    SL_CHECK(!shop.jobs.is_pending(first).value());
    SL_CHECK_STATUS(shop.jobs.cancel(first).status(), SL_STATUS_NOT_FOUND);
    SL_CHECK_EQ(shop.jobs.cancel_owner(2).value(), 2u);
    SL_CHECK(shop.jobs.cancel(door.id));             /* it runs: its handler sees it */
    SL_CHECK_EQ(shop.jobs.cancel_all().value(), 3u); /* that one again: it has not ended */
    door.open();
    shop.wait_ready(6);
    const auto look = [](job_result_view result) {
        SL_CHECK(result.cancelled() && !result.ok() && !result.error().empty());
    };
    SL_CHECK_EQ(shop.jobs.poll(look).value(), 6u);
}

SL_TEST(a_handler_is_destroyed_once_on_every_path) {
    std::atomic<int> ends{0};
    shop shop;
    const auto counting = [&] { return [end = counted(ends)](job_call) {}; };
    SL_CHECK(shop.jobs.register_kind("one", counting()));
    SL_CHECK(shop.jobs.register_kind("two", counting()));
    SL_CHECK_EQ(ends.load(), 0);
    SL_CHECK(shop.jobs.register_kind("one", counting())); /* replaces it */
    SL_CHECK_EQ(ends.load(), 1);
    SL_CHECK_STATUS(shop.jobs.register_kind("", counting()).status(), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_EQ(ends.load(), 2);
    SL_CHECK(shop.jobs.submit("one", ""));
    SL_CHECK(shop.next() == "|");
    const scriptloop::jobs_ref lent = shop.jobs;
    SL_CHECK(shop.jobs.free());
    SL_CHECK_EQ(ends.load(), 4);
    SL_CHECK_STATUS(lent.submit("one", "").status(), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(lent.register_kind("one", counting()).status(), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(shop.jobs.register_builtins().status(), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_EQ(ends.load(), 5);
}
