#include "corpus.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace fs = std::filesystem;

namespace demo {

namespace {

// lua-markdown needs more than linear time: longer documents would be jobs of half a second.
constexpr std::uintmax_t DOCUMENT_BYTES_MAX = 12 * 1024;
constexpr std::uintmax_t DOCUMENT_BYTES_MIN = 400;
constexpr std::size_t DOCUMENTS_MAX = 20;
constexpr std::size_t JSON_MAX = 40;

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

void count_words(Document &document) {
    std::istringstream stream(document.text);
    stream.imbue(std::locale::classic());
    std::map<std::string, std::int64_t> counts;
    for (std::string word; stream >> word; document.words++) {
        counts[word]++;
    }
    for (const auto &[word, count] : counts) { // in byte order, so the first of equals stays
        if (count > document.top_count) {
            document.top_word = word;
            document.top_count = count;
        }
    }
}

// Counts headings of the form `# text`. False where a count by lines could differ from what
// Markdown means: raw HTML, underlined headings, headings inside lists or quotes.
bool count_headings(Document &document) {
    std::istringstream stream(document.text);
    for (std::string line; std::getline(stream, line);) {
        const auto text = line.find_first_not_of(" \t\r>*+-");
        const auto first = std::find_if_not(line.begin(), line.end(), is_space);
        const bool underline =
            !line.empty() && (line[0] == '=' || line[0] == '-') &&
            line.find_first_not_of(line[0] == '=' ? "= \t\r" : "- \t\r") == std::string::npos;
        if (underline || (first != line.end() && *first == '<')) {
            return false;
        }
        if (text != std::string::npos && line[text] == '#') {
            if (text != 0) {
                return false;
            }
            document.headings++;
        }
    }
    return true;
}

void add_documents(Corpus &corpus, const fs::path &root) {
    std::error_code error;
    std::vector<fs::path> paths;
    const auto options = fs::directory_options::skip_permission_denied;
    for (auto it = fs::recursive_directory_iterator(root, options, error);
         !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
        const std::string name = it->path().filename().string();
        if (it->is_directory(error) && (name == "target" || name.rfind("build", 0) == 0)) {
            it.disable_recursion_pending();
        } else if (it->path().extension() == ".md" && it->is_regular_file(error)) {
            paths.push_back(it->path());
        }
    }
    std::sort(paths.begin(), paths.end());
    for (const fs::path &path : paths) {
        const auto bytes = fs::file_size(path, error);
        if (error || bytes < DOCUMENT_BYTES_MIN || bytes > DOCUMENT_BYTES_MAX ||
            corpus.documents.size() == DOCUMENTS_MAX) {
            continue;
        }
        Document document;
        document.name = path.string();
        document.text = read_file(document.name);
        if (count_headings(document)) {
            count_words(document);
            corpus.documents.push_back(std::move(document));
        }
    }
}

// A scan of JSON that knows strings and nesting and nothing else.
struct JsonScan {
    JsonDocument found;
    std::size_t depth = 0;
    bool in_string = false;

    void next(const std::string &text, std::size_t &at) {
        const char c = text[at];
        if (in_string) {
            if (c == '\\') {
                at++;
            }
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
            found.strings++;
        } else if (c == '{' || c == '[') {
            (c == '{' ? found.objects : found.arrays)++;
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
        } else if (c == ':') { // the string before it was a key
            found.keys++;
            found.strings--;
        }
    }
};

JsonDocument scan_json(std::string name, std::string text) {
    JsonScan scan;
    for (std::size_t at = 0; at < text.size(); at++) {
        scan.next(text, at);
    }
    if (scan.in_string || scan.depth != 0) {
        throw std::runtime_error(name + " is not complete JSON");
    }
    scan.found.name = std::move(name);
    scan.found.text = std::move(text);
    return scan.found;
}

// `cargo metadata` is {"packages": [{…}, {…}], …}: each package becomes a document.
void add_packages(Corpus &corpus, const std::string &file) {
    constexpr std::size_t PACKAGE_DEPTH = 2;
    const std::string text = read_file(file);
    JsonScan scan;
    std::size_t start = 0;
    for (std::size_t at = 0; at < text.size() && corpus.json.size() < JSON_MAX; at++) {
        const std::size_t before = scan.depth;
        scan.next(text, at);
        if (before == PACKAGE_DEPTH && scan.depth > before) {
            start = at;
        } else if (scan.depth == PACKAGE_DEPTH && before > scan.depth && text[at] == '}') {
            const std::string name = "package " + std::to_string(corpus.json.size());
            corpus.json.push_back(scan_json(name, text.substr(start, at + 1 - start)));
        }
    }
}

Entry read_tree(const fs::path &path) {
    Entry entry;
    entry.name = path.filename().string();
    entry.is_directory = true;
    std::error_code error;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
        if (it->is_symlink(error)) {
            continue;
        }
        if (it->is_directory(error)) {
            entry.entries.push_back(read_tree(it->path()));
        } else if (it->is_regular_file(error)) {
            Entry file;
            file.name = it->path().filename().string();
            file.bytes = static_cast<std::int64_t>(it->file_size(error));
            entry.entries.push_back(std::move(file));
        }
    }
    std::sort(entry.entries.begin(), entry.entries.end(),
              [](const Entry &a, const Entry &b) { return a.name < b.name; });
    return entry;
}

const std::vector<std::string> &lua_directories() {
    // lua-markdown is packaged for 5.1 only; the scripts load it in a 5.1 environment.
    static const std::vector<std::string> directories = {
        "/usr/local/share/lua/5.4", "/usr/share/lua/5.4", "/usr/share/lua/5.3",
        "/usr/share/lua/5.2", "/usr/share/lua/5.1"};
    return directories;
}

std::string find_libraries(const std::string &source_dir) {
    std::string path = source_dir + "/demo/scripts/?.lua";
    for (const std::string &directory : lua_directories()) {
        path += ";" + directory + "/?.lua;" + directory + "/?/init.lua";
    }
    for (const char *file : {"markdown.lua", "dkjson.lua", "pl/stringx.lua", "inspect.lua"}) {
        const auto &directories = lua_directories();
        if (std::none_of(directories.begin(), directories.end(), [&](const std::string &directory) {
                return fs::exists(directory + "/" + file);
            })) {
            throw std::runtime_error(std::string(file) +
                                     " was not found. On Debian: apt-get "
                                     "install lua-markdown lua-dkjson lua-penlight lua-inspect");
        }
    }
    return path;
}

} // namespace

std::string read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) {
        throw std::runtime_error("cannot read " + path);
    }
    return text.str();
}

Corpus load_corpus(const std::string &source_dir, const std::string &json_file) {
    Corpus corpus;
    corpus.search_path = find_libraries(source_dir);
    add_documents(corpus, source_dir);
    add_documents(corpus, "/usr/share/doc");
    add_packages(corpus, json_file);
    for (const std::string &directory : lua_directories()) {
        if (fs::is_directory(directory)) {
            corpus.trees.push_back(read_tree(directory));
        }
    }
    if (corpus.documents.empty() || corpus.json.empty() || corpus.trees.empty()) {
        throw std::runtime_error("no documents below " + source_dir + " or no packages in " +
                                 json_file);
    }
    return corpus;
}

} // namespace demo
