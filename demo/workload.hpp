// The jobs: which script runs on which input, and whether what it returned is right.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "corpus.hpp"
#include "record.hpp"
#include "sl.hpp"

namespace demo {

enum class Kind : std::size_t { Markdown, Json, Text, Inspect };

// A fact that the host worked out itself, and that the script must find as well.
using Fact = std::variant<std::int64_t, bool, std::string>;

struct Task {
    Kind kind = Kind::Markdown;
    std::string name;
    std::vector<sl_value> args; // point into the corpus and into Workload's storage
    std::vector<std::pair<std::string, Fact>> expected;
    bool has_reference = false;
    std::uint64_t reference = 0; // digest of the first output; every later one must equal it
};

struct KindTotals {
    std::uint64_t jobs = 0;
    std::uint64_t run_ns = 0;
};

class Workload {
  public:
    Workload(sl_script_runner *runner, const Corpus &corpus, const std::string &source_dir,
             std::uint64_t seed);
    Workload(const Workload &) = delete;
    Workload &operator=(const Workload &) = delete;

    std::size_t task_count() const {
        return tasks_.size();
    }
    std::uint64_t outstanding() const {
        return started_ - finished_;
    }
    std::uint64_t finished() const {
        return finished_;
    }
    std::uint64_t passed() const {
        return passed_;
    }
    std::uint64_t failed() const {
        return failed_;
    }
    const std::array<KindTotals, KINDS> &totals() const {
        return totals_;
    }
    const std::vector<std::uint64_t> &by_worker() const {
        return by_worker_;
    }

    void forget_timing();         // after the reference run, so that the table counts frames only
    void start(std::size_t task); // any job by its number
    void start_next();            // the kinds in turn, the tasks of each in a random order
    Kind on_result(const sl_action &action) noexcept;
    void check(bool right, const std::string &what);

  private:
    void add(Kind kind, const std::string &name, sl_value input,
             std::vector<std::pair<std::string, Fact>> expected);
    void add_all(const Corpus &corpus);
    sl_value tree_value(const Entry &entry);
    void verify(Task &task, const sl_script_result &result);

    sl_script_runner *runner_;
    std::array<std::string, KINDS> sources_;
    std::array<std::string, KINDS> chunk_names_;
    std::string search_path_;
    std::vector<Task> tasks_;
    std::array<std::vector<std::size_t>, KINDS> order_;
    std::array<std::size_t, KINDS> next_ = {};
    std::size_t next_kind_ = 0;
    std::deque<std::vector<sl_value>> arrays_; // what the tree's values point to
    std::deque<std::vector<sl_entry>> maps_;
    std::mt19937_64 random_;
    std::uint64_t started_ = 0;
    std::uint64_t finished_ = 0;
    std::uint64_t passed_ = 0;
    std::uint64_t failed_ = 0;
    std::array<KindTotals, KINDS> totals_ = {};
    std::vector<std::uint64_t> by_worker_;
};

} // namespace demo
