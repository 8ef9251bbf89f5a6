/* What the host gives to the states of scripts: functions, modules, hooks. */
#ifndef SCRIPTLOOP_SCRIPT_SETUP_HPP
#define SCRIPTLOOP_SCRIPT_SETUP_HPP

#include <variant>

#include "callable.hpp"
#include "loop.hpp"
#include "time.hpp"
#include "value.hpp"

namespace scriptloop {

/* As what a function gives back: the script that called it gets this error. */
struct script_error {
    explicit script_error(std::string what) noexcept : text(std::move(what)) {}
    std::string text;
};

/* What a function gives back to a script: one value, several, or an error. */
using script_reply = std::variant<value, value_list, script_error>;

/* A new state, lent to the hook that sets it up. */
class script_setup_view {
  public:
    explicit script_setup_view(sl_script_setup *raw) noexcept : raw_(raw) {}

    sl_script_setup *get() const noexcept {
        return raw_;
    }
    result<> run(std::string_view source, const char *chunk_name = nullptr) const {
        return detail::to_result(
            sl_script_setup_run(raw_, chunk_name, source.data(), source.size()));
    }
    result<> set_global(const char *name, const value &value) const {
        return detail::to_result(sl_script_setup_set_global(raw_, name, &value.get()));
    }

  private:
    sl_script_setup *raw_;
};

/* A task for the host's own pool; to be called once, on any thread. */
struct script_task {
    void operator()() const {
        run(task);
    }
    sl_script_task_fn run;
    void *task;
};

namespace detail {

/* The hooks of a runner, which share one userdata. */
struct script_hooks {
    hook<sl_status, script_setup_view> state_create;
    hook<void, std::uint32_t> thread_start;
    hook<void, std::uint32_t> thread_exit;
    hook<void, script_task> submit;

    static const script_hooks &of(void *userdata) noexcept {
        return *static_cast<const script_hooks *>(userdata);
    }
    static std::int32_t on_state_create(void *userdata, sl_script_setup *setup) noexcept {
        sl_status status = SL_STATUS_SYSTEM; // what it stays when the hook throws
        guarded("state hook",
                [&] { status = of(userdata).state_create(script_setup_view(setup)); });
        return status;
    }
    static void on_thread_start(void *userdata, std::uint32_t worker) noexcept {
        guarded("thread hook", [&] { of(userdata).thread_start(worker); });
    }
    static void on_thread_exit(void *userdata, std::uint32_t worker) noexcept {
        guarded("thread hook", [&] { of(userdata).thread_exit(worker); });
    }
    static void on_submit(void *userdata, sl_script_task_fn run, void *task) noexcept {
        guarded("submit hook", [&] { of(userdata).submit(script_task{run, task}); });
    }
};

inline void raise(sl_script_return *ret, std::string_view text) noexcept {
    sl_script_return_error(ret, text.data(), text.size());
}

inline void reply(sl_script_return *ret, const script_reply &reply) noexcept {
    if (const auto *failed = std::get_if<script_error>(&reply)) {
        return raise(ret, failed->text);
    }
    const auto *one = std::get_if<value>(&reply);
    const auto *many = std::get_if<value_list>(&reply);
    const sl_status status = one != nullptr
                                 ? sl_script_return_values(ret, &one->get(), 1)
                                 : sl_script_return_values(ret, many->data(), many->size());
    if (status != SL_STATUS_OK) {
        raise(ret, sl_status_text(status));
    }
}

template <typename F>
void function(void *userdata, const sl_value *args, std::size_t len,
              sl_script_return *ret) noexcept {
    const auto failed = [ret](const char *what) { raise(ret, what); };
    contain("script function", failed, [&] {
        F &call = *static_cast<F *>(userdata);
        if constexpr (std::is_void_v<std::invoke_result_t<F &, values_view>>) {
            call(values_view(args, len));
        } else {
            reply(ret, call(values_view(args, len)));
        }
    });
}

template <typename R>
inline constexpr bool is_reply = std::is_void_v<R> || std::is_convertible_v<R, script_reply>;

} // namespace detail

/* How a runner is made. Callables and texts are kept here until script_runner::make takes them. */
class script_runner_config : public sl_script_runner_config {
  public:
    script_runner_config() {
        sl_script_runner_config_init(this, sizeof(sl_script_runner_config));
    }

    /* A module that `require` finds. */
    script_runner_config &add_module(std::string name, std::string source) {
        modules_.push_back({std::move(name), std::move(source)});
        return *this;
    }
    /* Scripts call `run(values_view)` by a name, a global or `table.name`. */
    template <typename F> script_runner_config &add_function(std::string name, F &&run) {
        using call = std::decay_t<F>;
        static_assert(detail::is_reply<std::invoke_result_t<call &, values_view>>,
                      "a function for scripts takes a values_view and gives a script_reply, or "
                      "what becomes a value, or nothing");
        functions_.push_back(
            {std::move(name), detail::function<call>, detail::box(std::forward<F>(run))});
        return *this;
    }
    /* `run(script_setup_view)` gives nothing, or a result<>. */
    template <typename F> script_runner_config &set_on_state_create(F &&run) {
        auto status = [run = std::forward<F>(run)](script_setup_view setup) mutable -> sl_status {
            if constexpr (std::is_void_v<decltype(run(setup))>) {
                run(setup);
                return SL_STATUS_OK;
            } else {
                return run(setup).status();
            }
        };
        hooks().state_create = detail::hook<sl_status, script_setup_view>(std::move(status));
        on_state_create = detail::script_hooks::on_state_create;
        return *this;
    }
    template <typename F> script_runner_config &set_on_thread_start(F &&run) {
        hooks().thread_start = detail::hook<void, std::uint32_t>(std::forward<F>(run));
        on_thread_start = detail::script_hooks::on_thread_start;
        return *this;
    }
    template <typename F> script_runner_config &set_on_thread_exit(F &&run) {
        hooks().thread_exit = detail::hook<void, std::uint32_t>(std::forward<F>(run));
        on_thread_exit = detail::script_hooks::on_thread_exit;
        return *this;
    }
    /* `run(script_task)` gives the task to the host's own pool: also if it throws. */
    template <typename F> script_runner_config &set_submit(F &&run) {
        hooks().submit = detail::hook<void, script_task>(std::forward<F>(run));
        submit = detail::script_hooks::on_submit;
        return *this;
    }
    template <typename Rep, typename Period>
    script_runner_config &set_deadline(std::chrono::duration<Rep, Period> time) noexcept {
        deadline_ms = to_ms(time);
        return *this;
    }
    template <typename Rep, typename Period>
    script_runner_config &set_state_wait(std::chrono::duration<Rep, Period> time) noexcept {
        state_wait_ms = to_ms(time);
        return *this;
    }
    template <typename Rep, typename Period>
    script_runner_config &set_close_grace(std::chrono::duration<Rep, Period> time) noexcept {
        close_grace_ms = to_ms(time);
        return *this;
    }

  private:
    friend class script_runner;

    struct module {
        std::string name;
        std::string source;
    };
    struct function {
        std::string name;
        sl_script_function_fn call;
        detail::any_state state;
    };

    detail::script_hooks &hooks() {
        if (hooks_ == nullptr) {
            hooks_ = std::make_unique<detail::script_hooks>();
        }
        return *hooks_;
    }
    std::vector<sl_script_module> raw_modules() const {
        std::vector<sl_script_module> raw;
        for (const module &from : modules_) {
            raw.push_back({from.name.c_str(), from.source.data(), from.source.size()});
        }
        return raw;
    }
    std::vector<sl_script_function> raw_functions() const {
        std::vector<sl_script_function> raw;
        for (const function &from : functions_) {
            raw.push_back(
                {from.name.c_str(), from.call, from.state.get(), from.state.get_deleter(), 0, 0});
        }
        return raw;
    }
    /* Makes a runner, which owns all callables from then on. */
    sl_status make(loop_ref loop, sl_script_runner **out_runner) {
        const auto own_modules = raw_modules();
        const auto own_functions = raw_functions();
        sl_script_runner_config config = *this;
        if (!own_modules.empty()) {
            config.modules = own_modules.data();
            config.modules_len = own_modules.size();
        }
        if (!own_functions.empty()) {
            config.functions = own_functions.data();
            config.functions_len = own_functions.size();
        }
        if (hooks_ != nullptr) {
            config.userdata = hooks_.get();
            config.drop = detail::drop<detail::script_hooks>;
        }
        const sl_status status = sl_script_runner_new(loop.get(), &config, out_runner);
        if (status == SL_STATUS_OK) {
            (void)hooks_.release();
            for (function &given : functions_) {
                (void)given.state.release();
            }
        }
        return status;
    }

    std::vector<module> modules_;
    std::vector<function> functions_;
    std::unique_ptr<detail::script_hooks> hooks_;
};

} // namespace scriptloop

#endif /* SCRIPTLOOP_SCRIPT_SETUP_HPP */
