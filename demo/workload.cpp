#include "workload.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace demo {

namespace {

constexpr std::array<const char *, KINDS> SCRIPTS = {"markdown_to_html", "json_round_trip",
                                                     "text_report", "inspect_tree"};
constexpr std::int64_t WRAP_WIDTH = 72;
constexpr std::uint64_t FAILURES_SHOWN = 10;

// A value only points to its bytes: `text` must live until the enqueue.
sl_value bytes(std::string_view text) {
    sl_value value = {};
    value.kind = SL_VALUE_KIND_BYTES;
    value.as.bytes.data = text.data();
    value.as.bytes.len = text.size();
    return value;
}

sl_value integer(std::int64_t number) {
    sl_value value = {};
    value.kind = SL_VALUE_KIND_INTEGER;
    value.as.integer = number;
    return value;
}

std::uint64_t fnv1a(const char *data, std::size_t len) {
    std::uint64_t hash = 14695981039346656037u;
    for (std::size_t i = 0; i < len; i++) {
        hash = (hash ^ static_cast<unsigned char>(data[i])) * 1099511628211u;
    }
    return hash;
}

const sl_value *find(const sl_map &map, const std::string &name) {
    for (std::size_t i = 0; i < map.len; i++) {
        const sl_value &key = map.entries[i].key;
        if (key.kind == SL_VALUE_KIND_BYTES &&
            std::string(key.as.bytes.data, key.as.bytes.len) == name) {
            return &map.entries[i].value;
        }
    }
    return nullptr;
}

bool equal(const sl_value &value, const Fact &fact) {
    if (const auto *number = std::get_if<std::int64_t>(&fact)) {
        return value.kind == SL_VALUE_KIND_INTEGER && value.as.integer == *number;
    }
    if (const auto *truth = std::get_if<bool>(&fact)) {
        return value.kind == SL_VALUE_KIND_BOOLEAN && value.as.boolean == *truth;
    }
    return value.kind == SL_VALUE_KIND_BYTES &&
           std::string(value.as.bytes.data, value.as.bytes.len) == std::get<std::string>(fact);
}

void count_tree(const Entry &entry, std::int64_t &files, std::int64_t &directories,
                std::int64_t &bytes) {
    directories++;
    for (const Entry &inner : entry.entries) {
        if (inner.is_directory) {
            count_tree(inner, files, directories, bytes);
        } else {
            files++;
            bytes += inner.bytes;
        }
    }
}

} // namespace

Workload::Workload(sl_script_runner *runner, const Corpus &corpus, const std::string &source_dir,
                   std::uint64_t seed)
    : runner_(runner), search_path_(corpus.search_path), random_(seed) {
    for (std::size_t kind = 0; kind < KINDS; kind++) {
        const std::string file = std::string(SCRIPTS[kind]) + ".lua";
        sources_[kind] = read_file(source_dir + "/demo/scripts/" + file);
        chunk_names_[kind] = "@" + file;
    }
    add_all(corpus);
    for (std::size_t task = 0; task < tasks_.size(); task++) {
        order_[static_cast<std::size_t>(tasks_[task].kind)].push_back(task);
    }
    for (auto &order : order_) {
        std::shuffle(order.begin(), order.end(), random_);
    }
}

void Workload::add(Kind kind, const std::string &name, sl_value input,
                   std::vector<std::pair<std::string, Fact>> expected) {
    Task task;
    task.kind = kind;
    task.name = name;
    task.args = {bytes(search_path_), input};
    if (kind == Kind::Text) {
        task.args.push_back(integer(WRAP_WIDTH));
    }
    task.expected = std::move(expected);
    tasks_.push_back(std::move(task));
}

void Workload::add_all(const Corpus &corpus) {
    for (const Document &document : corpus.documents) {
        add(Kind::Markdown, document.name, bytes(document.text),
            {{"headings", document.headings}, {"unbalanced", std::string()}});
        add(Kind::Text, document.name, bytes(document.text),
            {{"words", document.words},
             {"wrapped", document.words},
             {"intact", true},
             {"same", true},
             {"top", document.top_word},
             {"top_count", document.top_count}});
    }
    for (const JsonDocument &document : corpus.json) {
        add(Kind::Json, document.name, bytes(document.text),
            {{"objects", document.objects},
             {"arrays", document.arrays},
             {"keys", document.keys},
             {"strings", document.strings},
             {"same", true}});
    }
    for (const Entry &tree : corpus.trees) {
        std::int64_t files = 0, directories = 0, size = 0;
        count_tree(tree, files, directories, size);
        add(Kind::Inspect, "tree of " + tree.name, tree_value(tree),
            {{"files", files}, {"directories", directories}, {"bytes", size}, {"same", true}});
    }
}

// A directory becomes {name = …, entries = {…}}, a file {name = …, bytes = …}.
sl_value Workload::tree_value(const Entry &entry) {
    std::vector<sl_entry> &map = maps_.emplace_back();
    map.push_back({bytes("name"), bytes(entry.name)});
    if (entry.is_directory) {
        std::vector<sl_value> &array = arrays_.emplace_back();
        for (const Entry &inner : entry.entries) {
            array.push_back(tree_value(inner));
        }
        sl_value entries = {};
        entries.kind = SL_VALUE_KIND_ARRAY;
        entries.as.array.items = array.data();
        entries.as.array.len = array.size();
        map.push_back({bytes("entries"), entries});
    } else {
        map.push_back({bytes("bytes"), integer(entry.bytes)});
    }
    sl_value value = {};
    value.kind = SL_VALUE_KIND_MAP;
    value.as.map.entries = map.data();
    value.as.map.len = map.size();
    return value;
}

void Workload::start(std::size_t number) {
    Task &task = tasks_.at(number);
    const auto kind = static_cast<std::size_t>(task.kind);
    sl_script_job job;
    sl_status status = sl_script_job_init(&job, sizeof job);
    if (status == SL_STATUS_OK) {
        job.source = sources_[kind].data();
        job.source_len = sources_[kind].size();
        job.chunk_name = chunk_names_[kind].c_str();
        job.args = task.args.data();
        job.args_len = task.args.size();
        job.context = &task;
        status = sl_script_runner_enqueue(runner_, &job, nullptr);
    }
    if (status == SL_STATUS_OK) {
        started_++;
    } else {
        check(false, "enqueue " + task.name + ": " + sl_status_text(status));
    }
}

void Workload::start_next() {
    const std::size_t kind = next_kind_++ % KINDS;
    const std::vector<std::size_t> &order = order_[kind];
    start(order[next_[kind]++ % order.size()]);
}

void Workload::forget_timing() {
    totals_ = {};
    by_worker_.clear();
}

void Workload::check(bool right, const std::string &what) {
    (right ? passed_ : failed_)++;
    if (!right && failed_ <= FAILURES_SHOWN) {
        std::fprintf(stderr, "\ncheck failed: %s\n", what.c_str());
    }
}

Kind Workload::on_result(const sl_action &action) noexcept {
    Task &task = *static_cast<Task *>(action.context);
    const sl_script_result &result = *action.result;
    KindTotals &totals = totals_[static_cast<std::size_t>(task.kind)];
    finished_++;
    totals.jobs++;
    totals.run_ns += result.run_ns;
    by_worker_.resize(std::max<std::size_t>(by_worker_.size(), result.worker + 1));
    by_worker_[result.worker]++;
    if (result.outcome == SL_OUTCOME_OK) {
        verify(task, result);
    } else {
        check(false, task.name + ": " + (result.error ? result.error : "no error text"));
    }
    return task.kind;
}

// Every script returns a map of facts and its output.
void Workload::verify(Task &task, const sl_script_result &result) {
    const bool shape = result.values_len == 2 && result.values[0].kind == SL_VALUE_KIND_MAP &&
                       result.values[1].kind == SL_VALUE_KIND_BYTES;
    check(shape, task.name + ": expected a map and bytes");
    if (!shape) {
        return;
    }
    for (const auto &[name, fact] : task.expected) {
        const sl_value *found = find(result.values[0].as.map, name);
        check(found != nullptr && equal(*found, fact),
              task.name + ": the script and the host differ in " + name);
    }
    const sl_bytes &output = result.values[1].as.bytes;
    const std::uint64_t digest = fnv1a(output.data, output.len);
    if (task.has_reference) {
        check(digest == task.reference, task.name + ": the output differs from the first one");
    }
    task.has_reference = true;
    task.reference = digest;
}

} // namespace demo
