/* Durations, and the numbers that C has for them. */
#ifndef SCRIPTLOOP_TIME_HPP
#define SCRIPTLOOP_TIME_HPP

#include <chrono>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace scriptloop {

/* No end, wherever a duration is taken. */
inline constexpr std::chrono::nanoseconds forever = std::chrono::nanoseconds::max();

namespace detail {

/* A duration in units of C, rounded up, and `Out`'s largest number where it is longer. */
template <typename Out, typename Unit, typename Rep, typename Period>
constexpr Out ceil_to(std::chrono::duration<Rep, Period> time) noexcept {
    using ratio = std::ratio_divide<Period, typename Unit::period>;
    constexpr Out most = std::numeric_limits<Out>::max();
    if (!(time > time.zero())) { // also what is no number
        return 0;
    }
    if (time == time.max()) {
        return most;
    }
    if constexpr (std::is_floating_point_v<Rep>) {
        const double exact = static_cast<double>(time.count()) * ratio::num / ratio::den;
        if (exact >= static_cast<double>(most)) {
            return most;
        }
        const Out whole = static_cast<Out>(exact);
        return static_cast<double>(whole) < exact ? whole + 1 : whole;
    } else {
        constexpr std::uint64_t num = ratio::num;
        constexpr std::uint64_t den = ratio::den;
        static_assert(num <= (UINT64_MAX - den) / den,
                      "a unit as odd as this one is not supported");
        const std::uint64_t count = static_cast<std::uint64_t>(time.count());
        const std::uint64_t part = (count % den * num + den - 1) / den;
        if (part > most || count / den > (most - part) / num) {
            return most;
        }
        return static_cast<Out>(count / den * num + part);
    }
}

/* Nanoseconds of C as a duration; what has no end has none there either. */
constexpr std::chrono::nanoseconds from_ns(std::uint64_t ns) noexcept {
    const std::uint64_t most = static_cast<std::uint64_t>(forever.count());
    return std::chrono::nanoseconds(static_cast<std::int64_t>(ns < most ? ns : most));
}

} // namespace detail

/* For fields that count milliseconds. */
template <typename Rep, typename Period>
constexpr std::uint64_t to_ms(std::chrono::duration<Rep, Period> time) noexcept {
    return detail::ceil_to<std::uint64_t, std::chrono::milliseconds>(time);
}

/* For parameters and fields of 32 bits that count milliseconds. */
template <typename Rep, typename Period>
constexpr std::uint32_t to_ms32(std::chrono::duration<Rep, Period> time) noexcept {
    return detail::ceil_to<std::uint32_t, std::chrono::milliseconds>(time);
}

/* For fields that count microseconds. */
template <typename Rep, typename Period>
constexpr std::uint64_t to_us(std::chrono::duration<Rep, Period> time) noexcept {
    return detail::ceil_to<std::uint64_t, std::chrono::microseconds>(time);
}

/* For fields of 32 bits that count microseconds. */
template <typename Rep, typename Period>
constexpr std::uint32_t to_us32(std::chrono::duration<Rep, Period> time) noexcept {
    return detail::ceil_to<std::uint32_t, std::chrono::microseconds>(time);
}

/* For parameters that count nanoseconds. */
template <typename Rep, typename Period>
constexpr std::uint64_t to_ns(std::chrono::duration<Rep, Period> time) noexcept {
    return detail::ceil_to<std::uint64_t, std::chrono::nanoseconds>(time);
}

} // namespace scriptloop

#endif /* SCRIPTLOOP_TIME_HPP */
