// The frame of every benchmark: all contenders of one program run in one process, in rounds; in
// each round every job runs once, in an order drawn afresh from the printed seed. What drifts while
// a program runs (a neighbour's load, the clock rate) so falls on all contenders alike, and ratios
// are taken within a round before their median is taken over the rounds.
//
// Words: a case is one question ("parked, gap 100 µs"), a contender one answer to it, a job the
// code that measures one contender and records samples for one or more cases.
//
// A second thread lives for as long as the suite runs: glibc skips atomic operations and locks
// while a process has one thread only, which no program with an event loop can count on.
#pragma once

#include "measure.hpp"

#include <cmath>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

namespace bench {

enum class Role {
    ours,
    peer,
    reference // not a way to do the same job, only a scale to read the others by
};

enum class Unit { ns, bytes, count };

using Series = std::vector<std::vector<double>>; // by round, then by sample

inline double quantile(std::vector<double> values, double q) {
    if (values.empty()) {
        return std::nan("");
    }
    std::sort(values.begin(), values.end());
    return values[size_t(std::ceil(q * double(values.size() - 1)))];
}

inline double median(std::vector<double> values) {
    return quantile(std::move(values), 0.5);
}

inline std::vector<double> pooled(const Series &series) {
    std::vector<double> all;
    for (const auto &round : series) {
        all.insert(all.end(), round.begin(), round.end());
    }
    return all;
}

// Median over the rounds of (q-quantile of `a` in a round) ÷ (the same of `b` in that round).
inline double paired_ratio(const Series &a, const Series &b, double q = 0.5) {
    std::vector<double> ratios;
    for (size_t round = 0; round < std::min(a.size(), b.size()); round++) {
        if (!a[round].empty() && !b[round].empty()) {
            const double below = quantile(b[round], q);
            if (below > 0) {
                ratios.push_back(quantile(a[round], q) / below);
            }
        }
    }
    return median(ratios);
}

struct Contender {
    std::string name;
    Role role;
    Series series;
};

// What the first contender of a case is meant to reach; printed with the outcome, never enforced.
struct Goal {
    double at_most;
    std::string base;      // a contender, "best peer", or "" for an absolute figure
    std::string base_case; // "" for the same case
    double q;              // 0.5, or 0.99 where the tail is the question
};

inline const std::string best_peer = "best peer";

struct Case {
    std::string name;
    Unit unit;
    std::vector<Contender> contenders;
    std::vector<Goal> goals;

    Case &goal(double at_most, std::string base = "", std::string base_case = "", double q = 0.5) {
        goals.push_back({at_most, std::move(base), std::move(base_case), q});
        return *this;
    }

    const Contender *find(const std::string &contender) const {
        const Contender *found = nullptr;
        for (const auto &c : contenders) {
            const bool candidate =
                contender == best_peer ? c.role == Role::peer : c.name == contender;
            if (candidate && (!found || median(pooled(c.series)) < median(pooled(found->series)))) {
                found = &c;
            }
        }
        return found;
    }
};

class Suite;

// Handed to a job: takes its samples.
class Recorder {
  public:
    Recorder(Suite &suite, std::string contender, Role role)
        : suite_(suite), contender_(std::move(contender)), role_(role) {}
    void add(const std::string &case_name, double sample);

  private:
    Suite &suite_;
    std::string contender_;
    Role role_;
};

class Suite {
  public:
    Suite(std::string name, std::string title, int argc, char **argv)
        : name_(std::move(name)), title_(std::move(title)) {
        seed_ = std::random_device{}();
        for (int i = 1; i < argc; i++) {
            const std::string option = argv[i];
            auto value = [&] { return i + 1 < argc ? std::string(argv[++i]) : usage(argv[0]); };
            if (option == "--quick") {
                quick_ = true;
            } else if (option == "--rounds") {
                rounds_ = std::max(1ul, std::stoul(value()));
            } else if (option == "--seed") {
                seed_ = std::stoul(value());
            } else if (option == "--json") {
                json_ = value();
            } else if (option == "--only") {
                only_ = value();
            } else if (option == "--case") {
                case_filter_ = value();
            } else {
                usage(argv[0]);
            }
        }
    }

    bool quick() const {
        return quick_;
    }
    template <class T> T scale(T full, T quick) const {
        return quick_ ? quick : full;
    }

    void version(const std::string &peer, const std::string &version) {
        versions_.emplace_back(peer, version);
    }

    // Declares a case; the order of declaration is the order in which they are shown.
    Case &add_case(const std::string &name, Unit unit = Unit::ns) {
        cases_.push_back({name, unit, {}, {}});
        return cases_.back();
    }

    // `label` is what --case selects by: the case's name, or what the job's cases have in common.
    void job(const std::string &label, const std::string &contender, Role role,
             std::function<void(Recorder &)> measure) {
        const bool wanted = contender.find(only_) != std::string::npos &&
                            label.find(case_filter_) != std::string::npos;
        if (wanted) {
            jobs_.push_back({label, contender, role, std::move(measure)});
        }
    }

    // Runs all rounds, writes the report, returns the exit status of the program.
    int run(size_t default_rounds, size_t quick_rounds = 3);

  private:
    friend class Recorder;
    struct Job {
        std::string label;
        std::string contender;
        Role role;
        std::function<void(Recorder &)> measure;
    };

    [[noreturn]] static std::string usage(const char *program) {
        std::fprintf(stderr,
                     "usage: %s [--rounds N] [--quick] [--seed N] [--json FILE]\n"
                     "       [--only CONTENDER] [--case CASE]   (parts of names)\n",
                     program);
        std::exit(2);
    }

    void record(const std::string &case_name, const std::string &contender, Role role,
                double sample);
    void progress(size_t round, size_t rounds, size_t done, const Job &job);

    std::string name_, title_, json_, only_, case_filter_;
    bool quick_ = false;
    size_t rounds_ = 0; // 0: the program's own number
    uint64_t seed_ = 0;
    std::vector<std::pair<std::string, std::string>> versions_;
    std::vector<Case> cases_;
    std::vector<Job> jobs_;
    size_t round_ = 0;
    uint64_t started_ns_ = 0, said_ns_ = 0;
};

inline void Recorder::add(const std::string &case_name, double sample) {
    suite_.record(case_name, contender_, role_, sample);
}

inline void Suite::record(const std::string &case_name, const std::string &contender, Role role,
                          double sample) {
    for (auto &c : cases_) {
        if (c.name != case_name) {
            continue;
        }
        auto same = [&](const Contender &other) { return other.name == contender; };
        auto at = std::find_if(c.contenders.begin(), c.contenders.end(), same);
        if (at == c.contenders.end()) {
            at = c.contenders.insert(at, {contender, role, {}});
        }
        at->series.resize(std::max(at->series.size(), round_ + 1));
        at->series[round_].push_back(sample);
        return;
    }
    fail("a sample for a case that was never declared: " + case_name);
}

// One line that rewrites itself on a terminal; a line every ten seconds in a log.
inline void Suite::progress(size_t round, size_t rounds, size_t done, const Job &job) {
    const bool terminal = isatty(STDERR_FILENO);
    const uint64_t now = now_ns();
    const uint64_t every = terminal ? 250'000'000u : 10'000'000'000u;
    if (now - started_ns_ < 2'000'000'000u || now - said_ns_ < every) {
        return;
    }
    said_ns_ = now;
    const double share = double(round * jobs_.size() + done) / double(rounds * jobs_.size());
    const double left_s = double(now - started_ns_) / 1e9 * (1 - share) / share;
    std::fprintf(stderr, "%s%s: %3.0f %%, about %.0f s left, round %zu of %zu: %s, %s%s",
                 terminal ? "\r\033[K" : "", name_.c_str(), share * 100, left_s, round + 1, rounds,
                 job.contender.c_str(), job.label.c_str(), terminal ? "" : "\n");
}

} // namespace bench

#include "report.hpp"

namespace bench {

inline int Suite::run(size_t default_rounds, size_t quick_rounds) {
    const size_t rounds = rounds_ ? rounds_ : quick_ ? quick_rounds : default_rounds;
    check(!jobs_.empty(), "no contender has this name in any case of this name");

    std::mutex mutex;
    std::condition_variable condition;
    bool over = false;
    std::thread second_thread([&] {
        std::unique_lock<std::mutex> lock(mutex);
        condition.wait(lock, [&] { return over; });
    });

    std::mt19937_64 random(seed_);
    std::vector<size_t> order(jobs_.size());
    for (size_t i = 0; i < order.size(); i++) {
        order[i] = i;
    }
    started_ns_ = now_ns();
    for (round_ = 0; round_ < rounds; round_++) {
        std::shuffle(order.begin(), order.end(), random);
        for (size_t done = 0; done < order.size(); done++) {
            const Job &job = jobs_[order[done]];
            Recorder recorder(*this, job.contender, job.role);
            job.measure(recorder);
            progress(round_, rounds, done + 1, job);
        }
    }
    if (isatty(STDERR_FILENO)) {
        std::fprintf(stderr, "\r\033[K");
    }
    {
        std::lock_guard<std::mutex> lock(mutex);
        over = true;
    }
    condition.notify_one();
    second_thread.join();

    const Report report{name_, title_, versions_, cases_, rounds, seed_};
    report.print_table(stdout);
    if (!json_.empty()) {
        report.write_json(json_);
    }
    return 0;
}

} // namespace bench
