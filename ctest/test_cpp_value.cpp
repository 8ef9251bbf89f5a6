/* C++ values: what is built is what C sees, and a view of what is not there is nil. */
#include "cpp_test.h"

#include <limits>
#include <map>
#include <vector>

using scriptloop::value;
using scriptloop::value_list;
using scriptloop::value_view;

SL_TEST(each_kind_is_what_it_was_made_of_and_nothing_else) {
    using namespace std::string_view_literals;
    int target = 0;
    SL_CHECK(value().view().is_nil());
    SL_CHECK(value(nullptr).view().is_nil());
    SL_CHECK(value(true).view().as_boolean() == true);
    SL_CHECK(value(-7).view().as_integer() == -7);
    SL_CHECK(value(0.5f).view().as_number() == 0.5);
    SL_CHECK(value("text").view().as_bytes() == "text"sv);
    SL_CHECK(value("a\0b"sv).view().as_bytes() == "a\0b"sv);
    SL_CHECK(value(std::string(100, 'x')).view().as_bytes() == std::string(100, 'x'));
    SL_CHECK(value::pointer(&target).view().as_pointer() == &target);

    const value one(1);
    SL_CHECK(one.view().as_number() == 1.0);
    SL_CHECK(!one.view().as_boolean());
    SL_CHECK(!one.view().as_bytes());
    SL_CHECK(!one.view().as_pointer());
    SL_CHECK(!value(1.0).view().as_integer());
    SL_CHECK(one.view().items().empty());
    SL_CHECK(one.view().entries().empty());
    SL_CHECK(one.view()[0].is_nil());
    SL_CHECK(one.view()["x"].is_nil());
}

SL_TEST(integers_that_no_script_has_make_a_value_of_no_kind) {
    const auto kind = [](value of) { return of.get().kind; };
    const auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    SL_CHECK_EQ(kind(most), SL_VALUE_KIND_INTEGER);
    SL_CHECK_EQ(kind(std::numeric_limits<std::int64_t>::min()), SL_VALUE_KIND_INTEGER);
    SL_CHECK_EQ(kind(std::numeric_limits<std::uint32_t>::max()), SL_VALUE_KIND_INTEGER);
    SL_CHECK(kind(most + 1) > SL_VALUE_KIND_POINTER);
    SL_CHECK(kind(std::numeric_limits<std::uint64_t>::max()) > SL_VALUE_KIND_POINTER);

    const auto runner = runner_of();
    scriptloop::script_job job("return ...");
    SL_CHECK_STATUS(runner.enqueue(job.set_args({most + 1})).status(), SL_STATUS_INVALID_ARGUMENT);
    const auto nested = value::array({value::map({{"deep", most + 1}})});
    SL_CHECK_STATUS(runner.enqueue(job.set_args({nested})).status(), SL_STATUS_INVALID_ARGUMENT);
}

SL_TEST(trees_are_walked_by_index_name_and_range) {
    const value tree = value::map({{"name", "imp"},
                                   {"at", value::array({1, 2.5, nullptr})},
                                   {3, value::map({{"deep", true}})}});
    const value_view view = tree.view();
    SL_CHECK(view["name"].as_bytes() == "imp");
    SL_CHECK(view["at"][0].as_integer() == 1);
    SL_CHECK(view["at"][1].as_number() == 2.5);
    SL_CHECK(view["at"][2].is_nil());
    SL_CHECK(view["at"][3].is_nil());
    SL_CHECK(view["none"]["below"][9].is_nil());
    double sum = 0;
    for (const value_view item : view["at"].items()) {
        sum += item.as_number().value_or(100);
    }
    SL_CHECK_EQ(sum, 103.5);
    int named = 0;
    for (const auto &[key, item] : view.entries()) {
        named += key.as_bytes().has_value();
        SL_CHECK(!item.is_nil());
    }
    SL_CHECK_EQ(named, 2);
    SL_CHECK_EQ(view.entries().size(), 3u);
    SL_CHECK(view.entries()[2].value["deep"].as_boolean() == true);
    SL_CHECK(view.entries()[3].key.is_nil());
}

SL_TEST(values_are_made_of_containers_and_own_their_text) {
    const value numbers = value::array(std::vector<int>{4, 5, 6});
    SL_CHECK_EQ(numbers.view().items().size(), 3u);
    SL_CHECK(numbers.view()[2].as_integer() == 6);

    value kept;
    {
        const std::map<std::string, double> table{{std::string(50, 'k'), 1.5}};
        const value inner = value::map(table);
        kept = value::array({inner, inner, std::string(50, 'v')});
    }
    SL_CHECK(kept.view()[1][std::string(50, 'k')].as_number() == 1.5);
    SL_CHECK(kept.view()[2].as_bytes() == std::string(50, 'v'));

    value left("left");
    {
        const value taken = std::move(left);
        SL_CHECK(taken.view().as_bytes() == "left");
    }
    SL_CHECK(left.view().as_bytes() == "left");

    const char text[] = "lent";
    SL_CHECK_EQ(value::lent(text).get().as.bytes.data, text);
    SL_CHECK(value(text).get().as.bytes.data != text);
}

SL_TEST(lists_are_rows_of_values) {
    const value_list none;
    SL_CHECK_EQ(none.size(), 0u);
    const value_list two{1, "two"};
    SL_CHECK_EQ(two.size(), 2u);
    SL_CHECK_EQ(two.data()[0].as.integer, 1);
    SL_CHECK(two.view()[1].as_bytes() == "two");
    const value_list many(std::vector<value>{1, 2, 3});
    SL_CHECK(many.view()[2].as_integer() == 3);
}
