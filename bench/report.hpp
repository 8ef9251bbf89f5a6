// What a suite writes when it has run: a table for people, JSON lines for `cargo xtask bench`.
#pragma once

namespace bench {

struct Report {
    const std::string &name;
    const std::string &title;
    const std::vector<std::pair<std::string, std::string>> &versions;
    const std::vector<Case> &cases;
    size_t rounds;
    uint64_t seed;

    void print_table(std::FILE *out) const;
    void write_json(const std::string &path) const;

  private:
    struct Verdict {
        std::string text;
        double value;
        bool met;
    };
    const Contender *ours(const Case &c) const;
    bool judge(const Case &c, const Goal &goal, Verdict &out) const;
    void print_case(std::FILE *out, const Case &c, bool colour) const;
};

inline std::string format(const char *form, double value) {
    char text[64];
    std::snprintf(text, sizeof text, form, value);
    return text;
}

// Three digits that count, in the unit that makes them short.
inline std::string scaled(double value, double step, const std::vector<const char *> &units) {
    size_t unit = 0;
    while (std::fabs(value) >= step * 0.9995 && unit + 1 < units.size()) {
        value /= step;
        unit++;
    }
    const double size = std::fabs(value);
    const char *form = size >= 99.95 || size == 0 ? "%.0f" : size >= 9.995 ? "%.1f" : "%.2f";
    return format(form, value) + units[unit];
}

inline std::string show(double value, Unit unit) {
    if (std::isnan(value)) {
        return "–";
    }
    switch (unit) {
    case Unit::ns:
        return scaled(value, 1000, {" ns", " µs", " ms", " s"});
    case Unit::bytes:
        return scaled(value, 1024, {" B", " KiB", " MiB", " GiB"});
    case Unit::count:
        return format("%.0f", value);
    }
    return "";
}

inline std::string show_ratio(double ratio) {
    return std::isnan(ratio) ? "–" : format(ratio < 99.5 ? "%.2f" : "%.0f", ratio);
}

// Pads by characters, not by bytes: "µ", "×" and "–" are one column each.
inline std::string pad(const std::string &text, size_t width, bool to_the_right) {
    const auto continuation = [](char c) { return (c & 0xC0) == 0x80; };
    const size_t columns =
        text.size() - size_t(std::count_if(text.begin(), text.end(), continuation));
    const std::string space(columns < width ? width - columns : 0, ' ');
    return to_the_right ? space + text : text + space;
}

inline const Contender *Report::ours(const Case &c) const {
    for (const auto &contender : c.contenders) {
        if (contender.name == "scriptloop") {
            return &contender;
        }
    }
    return nullptr;
}

// False when the run left out what the goal compares.
inline bool Report::judge(const Case &c, const Goal &goal, Verdict &out) const {
    const Contender *subject = ours(c);
    const std::string tail = goal.q > 0.5 ? "p99 " : "";
    if (!subject) {
        return false;
    }
    if (goal.base.empty()) {
        out.value = quantile(pooled(subject->series), goal.q);
        out.text =
            tail + "at most " + show(goal.at_most, c.unit) + ": is " + show(out.value, c.unit);
    } else {
        const Case *where = &c;
        for (const auto &other : cases) {
            where = other.name == goal.base_case ? &other : where;
        }
        const Contender *base = where->find(goal.base);
        if (!base) {
            return false;
        }
        out.value = paired_ratio(subject->series, base->series, goal.q);
        out.text = tail + "at most " + show_ratio(goal.at_most) + " × " + base->name +
                   (where == &c ? "" : " in “" + where->name + "”") + ": is " +
                   show_ratio(out.value) + " ×";
    }
    out.met = out.value <= goal.at_most;
    return true;
}

inline void Report::print_case(std::FILE *out, const Case &c, bool colour) const {
    const char *bold = colour ? "\033[1m" : "";
    const char *plain = colour ? "\033[0m" : "";
    std::vector<const Contender *> order;
    for (const auto &contender : c.contenders) {
        order.push_back(&contender);
    }
    std::stable_sort(order.begin(), order.end(), [](const Contender *a, const Contender *b) {
        return median(pooled(a->series)) < median(pooled(b->series));
    });
    const Contender *best = c.find(best_peer);
    const Contender *own = ours(c);
    std::fprintf(out, "\n%s%s%s%s%s%s\n", bold, pad(c.name, 44, false).c_str(), plain,
                 pad("median", 11, true).c_str(), pad("p99", 11, true).c_str(),
                 "  × best peer  × scriptloop");
    for (const Contender *contender : order) {
        const auto samples = pooled(contender->series);
        const bool is_ours = contender->role == Role::ours;
        const std::string label =
            contender->name + (contender->role == Role::reference ? " (scale only)" : "");
        const double nothing = std::nan("");
        const double to_best = best ? paired_ratio(contender->series, best->series) : nothing;
        const double to_ours = own ? paired_ratio(contender->series, own->series) : nothing;
        std::fprintf(out, "  %s%s%s%s%s%s%s\n", is_ours ? bold : "", pad(label, 42, false).c_str(),
                     is_ours ? plain : "", pad(show(median(samples), c.unit), 11, true).c_str(),
                     pad(show(quantile(samples, 0.99), c.unit), 11, true).c_str(),
                     pad(show_ratio(to_best), 13, true).c_str(),
                     pad(show_ratio(to_ours), 14, true).c_str());
    }
    for (const auto &goal : c.goals) {
        Verdict verdict{};
        if (judge(c, goal, verdict)) {
            std::fprintf(out, "  goal: %s, %s\n", verdict.text.c_str(),
                         verdict.met ? "met" : "MISSED");
        }
    }
}

inline void Report::print_table(std::FILE *out) const {
    const bool colour = isatty(fileno(out));
    std::fprintf(out, "\n%s: %s\n%zu rounds in random order, seed %llu\n", name.c_str(),
                 title.c_str(), rounds, static_cast<unsigned long long>(seed));
    std::string peers;
    for (const auto &[peer, version] : versions) {
        peers += (peers.empty() ? "" : ", ") + peer + " " + version;
    }
    std::fprintf(out, "%s\n", peers.c_str());
    for (const auto &c : cases) {
        if (!c.contenders.empty()) {
            print_case(out, c, colour);
        }
    }
    std::fflush(out);
}

inline std::string quoted(const std::string &text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out + '"';
}

// JSON has no NaN: what could not be computed is null.
inline std::string number(double value) {
    return std::isfinite(value) ? format("%.6g", value) : "null";
}

// The first line is the suite; then one line per contender of each case, and one per goal.
inline void Report::write_json(const std::string &path) const {
    std::FILE *out = std::fopen(path.c_str(), "w");
    check(out != nullptr, "cannot write " + path);
    std::string peers;
    for (const auto &[peer, version] : versions) {
        peers += (peers.empty() ? "" : ",") + quoted(peer) + ":" + quoted(version);
    }
    std::fprintf(out, "{\"suite\":%s,\"title\":%s,\"rounds\":%zu,\"seed\":%llu,\"peers\":{%s}}\n",
                 quoted(name).c_str(), quoted(title).c_str(), rounds,
                 static_cast<unsigned long long>(seed), peers.c_str());
    static const char *const units[] = {"ns", "bytes", "count"};
    static const char *const roles[] = {"ours", "peer", "reference"};
    for (const auto &c : cases) {
        const Contender *best = c.find(best_peer);
        const Contender *own = ours(c);
        for (const auto &contender : c.contenders) {
            const auto all = pooled(contender.series);
            const double nothing = std::nan("");
            const double to_best = best ? paired_ratio(contender.series, best->series) : nothing;
            const double to_ours = own ? paired_ratio(contender.series, own->series) : nothing;
            std::fprintf(out,
                         "{\"case\":%s,\"unit\":\"%s\",\"contender\":%s,\"role\":\"%s\","
                         "\"samples\":%zu,\"min\":%s,\"median\":%s,\"p99\":%s,\"max\":%s,"
                         "\"median_text\":%s,\"p99_text\":%s,"
                         "\"vs_best_peer\":%s,\"vs_scriptloop\":%s}\n",
                         quoted(c.name).c_str(), units[int(c.unit)], quoted(contender.name).c_str(),
                         roles[int(contender.role)], all.size(), number(quantile(all, 0)).c_str(),
                         number(median(all)).c_str(), number(quantile(all, 0.99)).c_str(),
                         number(quantile(all, 1)).c_str(),
                         quoted(show(median(all), c.unit)).c_str(),
                         quoted(show(quantile(all, 0.99), c.unit)).c_str(), number(to_best).c_str(),
                         number(to_ours).c_str());
        }
        for (const auto &goal : c.goals) {
            Verdict verdict{};
            if (judge(c, goal, verdict)) {
                std::fprintf(out, "{\"case\":%s,\"goal\":%s,\"met\":%s}\n", quoted(c.name).c_str(),
                             quoted(verdict.text).c_str(), verdict.met ? "true" : "false");
            }
        }
    }
    check(std::fclose(out) == 0, "cannot write " + path);
}

} // namespace bench
