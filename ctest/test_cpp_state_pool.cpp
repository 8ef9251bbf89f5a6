/* C++ state pool: typed leases that come back, and states that are destroyed as they were made. */
#include "cpp_test.h"

using namespace std::chrono_literals;

struct numbered {
    numbered(int number, std::atomic<int> &ends) : number(number), end(ends) {}
    int number;
    counted end;
};

SL_TEST(a_lease_comes_back_by_itself_and_its_state_persists) {
    std::atomic<int> ends(0);
    std::atomic<int> creator_ends(0);
    {
        int made = 0;
        const auto pool =
            scriptloop::state_pool<numbered>::make(2, [&, end = counted(creator_ends)] {
                return std::make_unique<numbered>(++made, ends);
            }).value();
        SL_CHECK_EQ(made, 2);
        SL_CHECK_EQ(creator_ends.load(), 0);
        {
            auto lease = pool.acquire().value();
            lease->number = 40;
            SL_CHECK_EQ(pool.read_stats().value().leased, 1u);
        }
        SL_CHECK_EQ(pool.read_stats().value().leased, 0u);
        SL_CHECK_EQ((*pool.acquire_timeout(patience).value()).number, 40);
        SL_CHECK_EQ(ends.load(), 0);
    }
    SL_CHECK_EQ(ends.load(), 2);
    SL_CHECK_EQ(creator_ends.load(), 1);
}

SL_TEST(leases_are_moved_released_and_given_back_once) {
    const auto pool =
        scriptloop::state_pool<int>::make(2, [] { return std::make_unique<int>(0); }).value();
    auto first = pool.acquire().value();
    auto second = pool.try_acquire().value();
    SL_CHECK_STATUS(pool.try_acquire().status(), SL_STATUS_EMPTY);
    SL_CHECK_STATUS(pool.acquire_timeout(1ns).status(), SL_STATUS_TIMEOUT);
    int *const kept = second.get();
    first = std::move(second);
    SL_CHECK(!second);
    SL_CHECK_EQ(first.get(), kept);
    SL_CHECK_EQ(pool.read_stats().value().leased, 1u);
    SL_CHECK_OK(sl_state_pool_release(pool.get(), first.release()));
    SL_CHECK(first.free());
    SL_CHECK_EQ(pool.read_stats().value().leased, 0u);

    auto lease = pool.acquire().value();
    SL_CHECK_OK(sl_state_pool_release(pool.get(), lease.get()));
    SL_CHECK_STATUS(lease.free().status(), SL_STATUS_NOT_FOUND);
    SL_CHECK(lease.release() != nullptr);
}

SL_TEST(a_pinned_state_is_its_owners_until_it_is_unpinned) {
    int made = 0;
    const auto pool =
        scriptloop::state_pool<int>::make(2, [&] { return std::make_unique<int>(++made); }).value();
    const int mine = *pool.acquire_pinned(7, patience).value();
    SL_CHECK(*pool.acquire().value() != mine);
    SL_CHECK_EQ(*pool.acquire_pinned(7, 0s).value(), mine);
    SL_CHECK(pool.unpin(7));
    SL_CHECK_STATUS(pool.unpin(7).status(), SL_STATUS_NOT_FOUND);
}

struct closes {
    void operator()(int *number) const {
        ++*number;
    }
};

SL_TEST(a_deleter_of_the_hosts_destroys_and_a_state_that_is_null_is_refused) {
    int closed = 0;
    using pool = scriptloop::state_pool<int, closes>;
    SL_CHECK(pool::make(3, [&] { return std::unique_ptr<int, closes>(&closed); }));
    SL_CHECK_EQ(closed, 3);
    const auto none = pool::make(1, [] { return std::unique_ptr<int, closes>(); });
    SL_CHECK_STATUS(none.status(), SL_STATUS_INVALID_ARGUMENT);
}
