// What the scripts work on: documents and data of this machine, with what the host itself
// worked out about them, so that a script's answer can be checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace demo {

struct Document {
    std::string name;
    std::string text;
    std::int64_t headings = 0;
    std::int64_t words = 0;
    std::string top_word; // the commonest; of equals, the first in byte order
    std::int64_t top_count = 0;
};

struct JsonDocument {
    std::string name;
    std::string text;
    std::int64_t objects = 0;
    std::int64_t arrays = 0;
    std::int64_t keys = 0;
    std::int64_t strings = 0; // keys not counted
};

struct Entry {
    std::string name;
    bool is_directory = false;
    std::int64_t bytes = 0;
    std::vector<Entry> entries;
};

struct Corpus {
    std::string search_path; // what the scripts give to Lua's package.path
    std::vector<Document> documents;
    std::vector<JsonDocument> json;
    std::vector<Entry> trees;
};

std::string read_file(const std::string &path);

// Throws with advice when the Lua libraries or the data are not there.
Corpus load_corpus(const std::string &source_dir, const std::string &json_file);

} // namespace demo
