/* Values: a look at those that scripts give, and those that they take. */
#ifndef SCRIPTLOOP_VALUE_HPP
#define SCRIPTLOOP_VALUE_HPP

#include <initializer_list>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../scriptloop.h"

namespace scriptloop {

class value_view;
struct entry_view;

namespace detail {

/* A row of things of C, seen as things of C++. It is lent, as all that is in it. */
template <typename Item, typename View> class row {
  public:
    class iterator {
      public:
        using iterator_category = std::input_iterator_tag;
        using value_type = View;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = View;

        explicit iterator(const Item *at) noexcept : at_(at) {}
        View operator*() const noexcept {
            return View(at_);
        }
        iterator &operator++() noexcept {
            ++at_;
            return *this;
        }
        iterator operator++(int) noexcept {
            return iterator(at_++);
        }
        friend bool operator==(iterator left, iterator right) noexcept {
            return left.at_ == right.at_;
        }
        friend bool operator!=(iterator left, iterator right) noexcept {
            return left.at_ != right.at_;
        }

      private:
        const Item *at_;
    };

    row() noexcept = default;
    row(const Item *items, std::size_t len) noexcept : items_(items), len_(len) {}

    const Item *data() const noexcept {
        return items_;
    }
    std::size_t size() const noexcept {
        return len_;
    }
    bool empty() const noexcept {
        return len_ == 0;
    }
    iterator begin() const noexcept {
        return iterator(items_);
    }
    iterator end() const noexcept {
        return iterator(items_ + len_);
    }
    /* Behind the end there are views of nothing. */
    View operator[](std::size_t at) const noexcept {
        return View(at < len_ ? items_ + at : nullptr);
    }

  private:
    const Item *items_ = nullptr;
    std::size_t len_ = 0;
};

} // namespace detail

using values_view = detail::row<sl_value, value_view>;
using entries_view = detail::row<sl_entry, entry_view>;

/* A value that is lent. One that does not exist is nil, as in Lua. */
class value_view {
  public:
    value_view() noexcept = default;
    explicit value_view(const sl_value *raw) noexcept : raw_(raw) {}

    const sl_value *get() const noexcept {
        return raw_;
    }
    sl_value_kind kind() const noexcept {
        return raw_ != nullptr ? raw_->kind : static_cast<sl_value_kind>(SL_VALUE_KIND_NIL);
    }
    bool is_nil() const noexcept {
        return kind() == SL_VALUE_KIND_NIL;
    }
    std::optional<bool> as_boolean() const noexcept {
        return pick(SL_VALUE_KIND_BOOLEAN, [](const sl_value_as &as) { return as.boolean; });
    }
    std::optional<std::int64_t> as_integer() const noexcept {
        return pick(SL_VALUE_KIND_INTEGER, [](const sl_value_as &as) { return as.integer; });
    }
    /* Integers as well: to a script, 1 and 1.0 are the same number. */
    std::optional<double> as_number() const noexcept {
        if (const auto integer = as_integer()) {
            return static_cast<double>(*integer);
        }
        return pick(SL_VALUE_KIND_NUMBER, [](const sl_value_as &as) { return as.number; });
    }
    std::optional<std::string_view> as_bytes() const noexcept {
        return pick(SL_VALUE_KIND_BYTES, [](const sl_value_as &as) {
            return std::string_view(as.bytes.data, as.bytes.len);
        });
    }
    std::optional<void *> as_pointer() const noexcept {
        return pick(SL_VALUE_KIND_POINTER, [](const sl_value_as &as) { return as.pointer; });
    }
    /* What is in an array; nothing for other kinds. */
    values_view items() const noexcept {
        return kind() == SL_VALUE_KIND_ARRAY ? values_view(raw_->as.array.items, raw_->as.array.len)
                                             : values_view();
    }
    /* What is in a map; nothing for other kinds. */
    entries_view entries() const noexcept {
        return kind() == SL_VALUE_KIND_MAP ? entries_view(raw_->as.map.entries, raw_->as.map.len)
                                           : entries_view();
    }
    /* The item of an array, from 0; or what a map has under a name, found by looking at all. */
    template <typename At> value_view operator[](const At &at) const noexcept {
        if constexpr (std::is_integral_v<At>) {
            return items()[static_cast<std::size_t>(at)];
        } else {
            return named(at);
        }
    }

  private:
    template <typename Pick>
    auto pick(sl_value_kind wanted, Pick pick) const noexcept
        -> std::optional<decltype(pick(std::declval<const sl_value_as &>()))> {
        if (kind() != wanted) {
            return std::nullopt;
        }
        return pick(raw_->as);
    }

    value_view named(std::string_view name) const noexcept;

    const sl_value *raw_ = nullptr;
};

/* One pair of a map. */
struct entry_view {
    explicit entry_view(const sl_entry *raw) noexcept
        : key(raw != nullptr ? &raw->key : nullptr), value(raw != nullptr ? &raw->value : nullptr) {
    }
    value_view key;
    value_view value;
};

inline value_view value_view::named(std::string_view name) const noexcept {
    for (const entry_view entry : entries()) {
        if (entry.key.as_bytes() == name) {
            return entry.value;
        }
    }
    return value_view();
}

/*
 * A value for a script. It never changes, so copies share what is in it. Text is copied, but for
 * `lent`. An integer above INT64_MAX, which no script could tell from a negative one, makes a
 * value of no kind: the call that takes it says SL_STATUS_INVALID_ARGUMENT.
 */
class value {
  public:
    using pair = std::pair<value, value>;

    value(std::nullptr_t = nullptr) noexcept {}
    // A move is a copy: what was moved from keeps what its pointers point to.
    value(const value &) = default;
    value &operator=(const value &) = default;
    /* A template, or each pointer would become a boolean. */
    template <typename T,
              std::enable_if_t<std::is_arithmetic_v<T> && !std::is_same_v<T, char>, bool> = true>
    value(T number) noexcept {
        if constexpr (std::is_same_v<T, bool>) {
            raw_.kind = SL_VALUE_KIND_BOOLEAN;
            raw_.as.boolean = number;
        } else if constexpr (std::is_floating_point_v<T>) {
            raw_.kind = SL_VALUE_KIND_NUMBER;
            raw_.as.number = static_cast<double>(number);
        } else {
            raw_.kind = fits(number) ? sl_value_kind{SL_VALUE_KIND_INTEGER} : no_kind;
            raw_.as.integer = static_cast<std::int64_t>(number);
        }
    }
    value(std::string_view text) : value(lent(text)) {
        below_ = std::make_shared<storage>();
        below_->text = text;
        raw_.as.bytes.data = below_->text.data();
    }
    value(const char *text) : value(std::string_view(text)) {}
    value(const std::string &text) : value(std::string_view(text)) {}

    /* The text is the caller's, and there for as long as this value and its copies are. */
    static value lent(std::string_view text) noexcept {
        value made;
        made.raw_.kind = SL_VALUE_KIND_BYTES;
        made.raw_.as.bytes.data = text.data();
        made.raw_.as.bytes.len = text.size();
        return made;
    }
    static value pointer(void *pointer) noexcept {
        value made;
        made.raw_.kind = SL_VALUE_KIND_POINTER;
        made.raw_.as.pointer = pointer;
        return made;
    }
    static value array(std::initializer_list<value> items) {
        return array<std::initializer_list<value>>(items);
    }
    /* Of anything with a begin and an end, whose items are values or become some. */
    template <typename Range> static value array(const Range &range) {
        value made;
        made.below_ = std::make_shared<storage>();
        for (const auto &item : range) {
            made.below_->items.push_back(made.keep(item));
        }
        made.raw_.kind = SL_VALUE_KIND_ARRAY;
        made.raw_.as.array.items = made.below_->items.data();
        made.raw_.as.array.len = made.below_->items.size();
        return made;
    }
    static value map(std::initializer_list<pair> entries) {
        return map<std::initializer_list<pair>>(entries);
    }
    /* The same of pairs, such as std::map. */
    template <typename Range> static value map(const Range &range) {
        value made;
        made.below_ = std::make_shared<storage>();
        for (const auto &[key, item] : range) {
            made.below_->entries.push_back(sl_entry{made.keep(key), made.keep(item)});
        }
        made.raw_.kind = SL_VALUE_KIND_MAP;
        made.raw_.as.map.entries = made.below_->entries.data();
        made.raw_.as.map.len = made.below_->entries.size();
        return made;
    }

    /* Lent for as long as this value and its copies are there. */
    const sl_value &get() const noexcept {
        return raw_;
    }
    value_view view() const noexcept {
        return value_view(&raw_);
    }

  private:
    /* What the pointers in `raw_` point to, with what is below it. */
    struct storage {
        std::string text;
        std::vector<sl_value> items;
        std::vector<sl_entry> entries;
        std::vector<std::shared_ptr<storage>> below;
    };
    static constexpr sl_value_kind no_kind = std::numeric_limits<sl_value_kind>::max();

    template <typename T> static constexpr bool fits(T number) noexcept {
        if constexpr (std::is_unsigned_v<T> && sizeof(T) >= sizeof(std::int64_t)) {
            return number <= static_cast<T>(std::numeric_limits<std::int64_t>::max());
        } else {
            return true;
        }
    }
    sl_value keep(const value &item) {
        if (item.below_ != nullptr) {
            below_->below.push_back(item.below_);
        }
        return item.raw_;
    }

    sl_value raw_ = {};
    std::shared_ptr<storage> below_;
};

/* Values in a row, as calls of C take them. */
class value_list {
  public:
    value_list() = default;
    value_list(std::initializer_list<value> values) : whole_(value::array(values)) {}
    template <typename Range>
    explicit value_list(const Range &range) : whole_(value::array(range)) {}

    const sl_value *data() const noexcept {
        return view().data();
    }
    std::size_t size() const noexcept {
        return view().size();
    }
    values_view view() const noexcept {
        return whole_.view().items();
    }

  private:
    value whole_;
};

} // namespace scriptloop

#endif /* SCRIPTLOOP_VALUE_HPP */
