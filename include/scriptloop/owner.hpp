/* Handles: who holds one, and who frees it. */
#ifndef SCRIPTLOOP_OWNER_HPP
#define SCRIPTLOOP_OWNER_HPP

#include <cstdio>
#include <utility>

#include "result.hpp"

namespace scriptloop::detail {

/* What a destructor could not free stays alive; that is said, because nobody can be told. */
inline void not_freed(sl_status status) noexcept {
    char line[128];
    const int len = std::snprintf(line, sizeof line, "an owner ended and could not free: %s",
                                  sl_status_text(status));
    if (len > 0) {
        sl_log_write(SL_LOG_LEVEL_ERROR, line, std::strlen(line));
    }
}

/* A handle that is lent: copied freely, and stale when its owner is gone. */
template <typename Raw> class ref {
  public:
    ref() noexcept = default;
    explicit ref(Raw *raw) noexcept : raw_(raw) {}

    Raw *get() const noexcept {
        return raw_;
    }
    explicit operator bool() const noexcept {
        return raw_ != nullptr;
    }

  protected:
    Raw *raw_ = nullptr;
};

/* The one that frees. It can do all that its reference can, and is lent by being copied to one. */
template <typename Ref, auto Free> class owner : public Ref {
  public:
    using Ref::Ref;
    owner() noexcept = default;
    owner(owner &&other) noexcept : Ref(other.release()) {}
    owner &operator=(owner &&other) noexcept {
        owner old(std::exchange(this->raw_, other.release()));
        return *this;
    }
    owner(const owner &) = delete;
    owner &operator=(const owner &) = delete;
    ~owner() {
        const result<> freed = free();
        if (!freed) {
            not_freed(freed.status());
        }
    }

    /* Gives the handle away: somebody else frees it. */
    auto *release() noexcept {
        return std::exchange(this->raw_, nullptr);
    }
    /* Frees now. When that fails, the handle stays here. */
    result<> free() noexcept {
        const sl_status status = Free(this->raw_);
        if (status == SL_STATUS_OK) {
            this->raw_ = nullptr;
        }
        return to_result(status);
    }
};

} // namespace scriptloop::detail

#endif /* SCRIPTLOOP_OWNER_HPP */
