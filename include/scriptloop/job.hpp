/* What a native job works on, what it gives, and memory that moves with it without a copy. */
#ifndef SCRIPTLOOP_JOB_HPP
#define SCRIPTLOOP_JOB_HPP

#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "callable.hpp"
#include "result.hpp"
#include "time.hpp"

namespace scriptloop {

namespace detail {

/* What a payload tells, be it owned or lent. */
template <typename Payload> class payload_fields {
  public:
    /* Where it is; null when there is none. */
    void *data() const noexcept {
        return raw() == nullptr ? nullptr : raw()->data;
    }
    /* The same as elements; null when they are of another size, except that all have bytes. */
    template <typename T> T *data() const noexcept {
        const bool fits = raw() != nullptr && (sizeof(T) == 1 || raw()->element_size == 0 ||
                                               raw()->element_size == sizeof(T));
        return fits ? static_cast<T *>(raw()->data) : nullptr;
    }
    /* Its length in bytes. */
    std::size_t size() const noexcept {
        return raw() == nullptr ? 0 : raw()->data_size;
    }
    /* How many elements data<T>() points to. */
    template <typename T> std::size_t count() const noexcept {
        return data<T>() == nullptr ? 0 : size() / sizeof(T);
    }

  private:
    const sl_native_payload *raw() const noexcept {
        return static_cast<const Payload *>(this)->get();
    }
};

} // namespace detail

/* The payload of a job or of a result, lent with it. It may be changed where it is. */
class native_payload_view : public detail::payload_fields<native_payload_view> {
  public:
    explicit native_payload_view(const sl_native_payload *raw) noexcept : raw_(raw) {}

    const sl_native_payload *get() const noexcept {
        return raw_;
    }
    explicit operator bool() const noexcept {
        return raw_ != nullptr;
    }

  private:
    const sl_native_payload *raw_;
};

/* Memory that moves with a job. Whoever has it at the end frees it, once. */
class native_payload : public detail::payload_fields<native_payload> {
  public:
    native_payload() noexcept = default;
    /* Takes one that C has given. */
    explicit native_payload(const sl_native_payload &raw) noexcept : raw_(raw) {}
    native_payload(native_payload &&other) noexcept : raw_(other.release()) {}
    native_payload &operator=(native_payload &&other) noexcept {
        native_payload old(std::exchange(raw_, other.release()));
        return *this;
    }
    native_payload(const native_payload &) = delete;
    native_payload &operator=(const native_payload &) = delete;
    ~native_payload() {
        free();
    }

    /* Of a std::vector or its like: it moves to the heap, and its elements stay where they are. */
    template <typename Held> static native_payload of(Held &&held) {
        auto box = boxed(std::forward<Held>(held));
        auto *data = std::data(*box);
        const std::size_t count = std::size(*box);
        return made(data, count, std::move(box));
    }
    /* Of an array that does not know its length. */
    template <typename T, typename Delete>
    static native_payload of(std::unique_ptr<T[], Delete> held, std::size_t count) {
        T *data = held.get();
        return of(std::move(held), data, count);
    }
    /* Of `count` elements that are there for as long as `held` is, wherever that is moved. */
    template <typename Held, typename T>
    static native_payload of(Held &&held, T *data, std::size_t count) {
        return made(data, count, boxed(std::forward<Held>(held)));
    }

    const sl_native_payload *get() const noexcept {
        return &raw_;
    }
    explicit operator bool() const noexcept {
        return raw_.data != nullptr || raw_.drop != nullptr;
    }
    /* Gives it away: somebody else calls its `drop`. */
    sl_native_payload release() noexcept {
        return std::exchange(raw_, sl_native_payload{});
    }
    void free() noexcept {
        const sl_native_payload old = release();
        if (old.drop != nullptr) {
            old.drop(old.userdata);
        }
    }

  private:
    template <typename Held> static auto boxed(Held &&held) {
        static_assert(!std::is_lvalue_reference_v<Held>, "it is moved, not copied");
        return std::make_unique<Held>(std::forward<Held>(held));
    }
    template <typename T, typename Held>
    static native_payload made(T *data, std::size_t count, std::unique_ptr<Held> box) noexcept {
        sl_native_payload raw = {};
        raw.data = data;
        raw.data_size = count * sizeof(T);
        raw.alignment = alignof(T);
        raw.element_size = sizeof(T);
        raw.userdata = box.release();
        raw.drop = detail::drop<Held>;
        return native_payload(raw);
    }

    sl_native_payload raw_ = {};
};

namespace detail {

/* Offers a payload to a call of C, which takes it or refuses; then it stays where it is. */
template <typename Call> result<> give_payload(native_payload &payload, Call &&call) {
    const sl_status status = call(payload ? payload.get() : nullptr);
    if (status == SL_STATUS_OK) {
        (void)payload.release();
    }
    return to_result(status);
}

template <typename Call> result<native_payload> taken_payload(Call &&call) {
    sl_native_payload raw = {};
    const sl_status status = call(&raw);
    return to_result(status, native_payload(raw));
}

} // namespace detail

/* A job while its handler runs; lent to the handler's thread. What is returned last counts. */
class job_call {
  public:
    explicit job_call(sl_job *raw) noexcept : raw_(raw) {}

    sl_job *get() const noexcept {
        return raw_;
    }
    sl_job_id id() const noexcept {
        return raw_->id;
    }
    std::uint64_t owner() const noexcept {
        return raw_->owner;
    }
    std::string_view kind() const noexcept {
        return std::string_view(raw_->kind, raw_->kind_len);
    }
    std::string_view payload() const noexcept {
        return std::string_view(raw_->payload, raw_->payload_len);
    }
    native_payload_view native() const noexcept {
        return native_payload_view(raw_->native);
    }
    /* Whether to stop: also where the job is not lent to, as nobody waits for it there. */
    bool is_cancelled() const noexcept {
        bool cancelled = true;
        (void)sl_job_is_cancelled(raw_, &cancelled);
        return cancelled;
    }

    result<> return_text(std::string_view text) const {
        return detail::to_result(sl_job_return_text(raw_, text.data(), text.size()));
    }
    result<> return_error(std::string_view text) const {
        return detail::to_result(sl_job_return_error(raw_, text.data(), text.size()));
    }
    result<> return_aux(std::uint32_t index, std::int64_t value) const {
        return detail::to_result(sl_job_return_aux(raw_, index, value));
    }
    /* An empty one is none. What is refused stays in `payload`. */
    result<> return_payload(native_payload &&payload) const {
        return detail::give_payload(payload, [this](const sl_native_payload *given) {
            return sl_job_return_payload(raw_, given);
        });
    }
    result<native_payload> take_payload() const {
        return detail::taken_payload(
            [this](sl_native_payload *out) { return sl_job_take_payload(raw_, out); });
    }

  private:
    sl_job *raw_;
};

/* What a job gave; lent to the function of a poll, or to a callback. */
class job_result_view {
  public:
    explicit job_result_view(sl_job_result *raw) noexcept : raw_(raw) {}

    sl_job_result *get() const noexcept {
        return raw_;
    }
    /* Whether there is one: most calls of callbacks have none. All below needs it. */
    explicit operator bool() const noexcept {
        return raw_ != nullptr;
    }
    sl_job_id id() const noexcept {
        return raw_->id;
    }
    std::uint64_t owner() const noexcept {
        return raw_->owner;
    }
    std::string_view kind() const noexcept {
        return std::string_view(raw_->kind, raw_->kind_len);
    }
    bool ok() const noexcept {
        return raw_->ok;
    }
    bool cancelled() const noexcept {
        return raw_->cancelled;
    }
    /* Empty when it is not ok. */
    std::string_view text() const noexcept {
        return std::string_view(raw_->result, raw_->result_len);
    }
    /* Empty when it is ok. */
    std::string_view error() const noexcept {
        return std::string_view(raw_->error, raw_->error_len);
    }
    /* 0 for an index that there is not. */
    std::int64_t aux(std::size_t index) const noexcept {
        return index < std::size(raw_->aux) ? raw_->aux[index] : 0;
    }
    std::chrono::nanoseconds wait() const noexcept {
        return detail::from_ns(raw_->wait_ns);
    }
    std::chrono::nanoseconds run() const noexcept {
        return detail::from_ns(raw_->run_ns);
    }
    native_payload_view native() const noexcept {
        return native_payload_view(raw_->native);
    }
    result<native_payload> take_payload() const {
        return detail::taken_payload(
            [this](sl_native_payload *out) { return sl_job_result_take_payload(raw_, out); });
    }

  private:
    sl_job_result *raw_;
};

} // namespace scriptloop

#endif /* SCRIPTLOOP_JOB_HPP */
