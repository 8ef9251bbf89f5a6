/* The C++ layer is complete by itself, may be included twice, and uses every template of its own:
 * what nobody instantiates, no compiler has looked at. */
#include <scriptloop.hpp>

#include <scriptloop.hpp>

namespace sl = scriptloop;
using namespace std::chrono_literals;

sl::result<> layer_loop(sl::loop_ref to);
sl::result<> layer_loop(sl::loop_ref to) {
    auto own = std::make_unique<int>(1);
    auto step = sl::step().set_max_work(1ms).set_max_wait(std::chrono::duration<double>(0.5));
    auto grid = sl::timer_config().set_delay(1s).set_repeat(std::chrono::duration<float>(1));
    bool good = to.poll(1ms) && to.run_once(sl::forever) && to.step(step) && to.advance(1us);
    good = good && to.post([] {}) && to.post(SL_PRIORITY_LOW, [own = std::move(own)] {});
    good = good && to.schedule_timer(1ms, [] {}) && to.schedule_timer(1ms, 1s, [] {});
    good = good && to.cancel_timer(to.schedule_timer(grid, [] {}).value_or(0));
    return good ? to.wake() : sl::failure{SL_STATUS_NOT_FOUND};
}

sl::result<> layer_drive(sl::loop_ref to);
sl::result<> layer_drive(sl::loop_ref to) {
    auto own = std::make_unique<int>(1);
    sl::drive_config config;
    config.set_name(std::string_view("drive")).set_name("drive").set_slice(2ms).set_spin(0s);
    config.set_on_start([own = std::move(own)] {}).set_on_exit([] {});
    auto timer = sl::timer_config().set_delay(1ms).set_main();
    std::size_t bytes = 0;
    const auto show = [&bytes](sl::loop_error_view error) { bytes += error.text().size(); };
    bool good = to.drive_start(std::move(config)) && to.drive_start() && to.read_drive_stats();
    good = good && to.post_main([] {}) && to.post_main(SL_PRIORITY_LOW, [&good] { good = true; });
    good = good && to.schedule_timer(timer, [] {}) && to.report_error("text");
    good = good && to.set_wake_hook([] {}) && to.set_wake_hook(nullptr) && to.drive_stop();
    good = good && to.drain_errors(show) && to.close_gracefully(1s);
    return good ? to.close() : sl::failure{SL_STATUS_NOT_FOUND};
}

sl::result<sl::action> layer_actions(sl::loop_ref loop);
sl::result<sl::action> layer_actions(sl::loop_ref loop) {
    sl::action_queue_config config;
    auto queue = sl::action_queue::make(config.set_block(1s));
    if (!queue) {
        return sl::failure{queue.status()};
    }
    queue->push(sl::action_draft(1).set_message("text")).value();
    std::size_t bytes = 0;
    const auto handle = [&bytes](sl::action_view action) { bytes += action.message().size(); };
    const bool good =
        queue->drain(handle) && queue->attach(loop, handle) && queue->attach_main(loop, handle);
    return good ? queue->try_pop() : queue->pop_timeout(1ms);
}

sl::result<sl::script_runner> layer_scripts(sl::loop_ref loop);
sl::result<sl::script_runner> layer_scripts(sl::loop_ref loop) {
    sl::script_runner_config config;
    config.add_module("m", "return {}").set_deadline(1s).set_state_wait(1s).set_close_grace(1ms);
    config.add_function("nothing", [](sl::values_view) {});
    config.add_function("same", [](sl::values_view args) { return args[0].as_number().value(); });
    config.add_function("reply", [](sl::values_view args) -> sl::script_reply {
        return args.empty() ? sl::script_reply(sl::script_error("empty")) : sl::value_list{1, "x"};
    });
    config.set_on_state_create([](sl::script_setup_view setup) {
        return setup.set_global("limits", sl::value::map({{"speed", 1.5f}, {"names", true}}));
    });
    config.set_on_thread_start([](std::uint32_t) {}).set_on_thread_exit([](std::uint32_t) {});
    config.set_submit([](sl::script_task task) { task(); });
    auto runner = sl::script_runner::make(loop, std::move(config));
    if (runner) {
        sl::script_job job("return ...");
        job.set_args({nullptr, 1u, -1L, sl::value::array({"a", 'b' == 'c'})});
        job.set_deadline(1s).set_state_wait(1s);
        const auto id = runner->enqueue(job, [](sl::script_result_view result) {
            for (const auto &[key, item] : result.values()[0]["map"].entries()) {
                (void)key.as_bytes().value_or(item.as_bytes().value_or(result.text()));
            }
        });
        (void)runner->cancel(id.value_or(0));
    }
    return runner;
}

sl::result<> layer_callbacks(sl::callbacks_ref to);
sl::result<> layer_callbacks(sl::callbacks_ref to) {
    const auto id = to.add([own = std::make_unique<int>(1)](sl::callback_call call) {
        if (!call.job() && !call.build(own.get())) {
            call.fail("nothing was built");
        }
    });
    const bool good = id && to.add_once([](sl::callback_call) {}) && to.enqueue(*id, "text") &&
                      to.enqueue_built(*id, [own = std::make_unique<int>(1)](void *) {});
    return good ? to.remove(*id) : sl::failure{id.status()};
}

sl::result<sl::jobs> layer_jobs(sl::script_runner_ref runner, sl::callbacks_ref to);
sl::result<sl::jobs> layer_jobs(sl::script_runner_ref runner, sl::callbacks_ref to) {
    auto jobs = sl::jobs::make(runner);
    if (!jobs) {
        return jobs;
    }
    bool good = jobs->register_kind("text", [](sl::job_call job) { return job.payload(); }) &&
                jobs->register_kind("half", [own = std::make_unique<int>(1)](sl::job_call job) {
                    job.native().data<float>()[0] /= 2;
                    job.return_payload(job.take_payload().value()).value();
                });
    const auto take = [](sl::job_result_view result) { (void)result.take_payload(); };
    const auto half = sl::job_request().set_kind("half");
    auto array = sl::native_payload::of(std::make_unique<float[]>(8), 8);
    auto vector = sl::native_payload::of(std::vector<float>(8));
    good = good && jobs->submit("text", "payload") && jobs->submit("text", "payload", to, take) &&
           jobs->submit(half, std::move(array)) && jobs->submit(half, std::move(vector), to, take);
    const auto filter = sl::job_filter().set_kind("half").set_owner(0);
    good = good && jobs->poll(filter, 1, take) && jobs->poll(filter, take) && jobs->poll(take);
    return good ? std::move(jobs) : sl::failure{SL_STATUS_NOT_FOUND};
}

sl::result<int> layer_pool();
sl::result<int> layer_pool() {
    const auto pool = sl::state_pool<int>::make(1, [] { return std::make_unique<int>(1); });
    if (!pool) {
        return sl::failure{pool.status()};
    }
    const auto lease = pool.value().acquire_timeout(1ms);
    const auto pinned = pool.value().acquire_pinned(1, 1ms);
    return *lease.value() + *pinned.value();
}

sl::result<> layer_log();
sl::result<> layer_log() {
#if SCRIPTLOOP_EXCEPTIONS
    sl::set_exception_handler([](std::exception_ptr, const char *) {});
#endif
    return sl::log_set(SL_LOG_LEVEL_INFO, [](sl_log_level, std::string_view) {});
}
