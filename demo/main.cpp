// The demo: a small engine runs real Lua programs for some seconds, checks every result, prints
// a table and draws its frames. `cargo xtask demo` builds and runs it.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "engine.hpp"
#include "report.hpp"
#include "timeline_svg.hpp"

namespace {

const char *const USAGE =
    "usage: scriptloop_demo [--seconds S] [--workers N] [--seed N] [--svg FILE] [--json FILE]\n"
    "                       [--source DIR]\n";

// False when the arguments are not understood.
bool parse(int argc, char **argv, demo::Options &options) {
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) {
            return false;
        }
        const std::string name = argv[i];
        const std::string value = argv[i + 1];
        try {
            if (name == "--seconds") {
                options.seconds = std::stod(value);
            } else if (name == "--workers") {
                options.workers = static_cast<std::uint32_t>(std::stoul(value));
            } else if (name == "--seed") {
                options.seed = std::stoull(value);
            } else if (name == "--svg") {
                options.svg_file = value;
            } else if (name == "--json") {
                options.json_file = value;
            } else if (name == "--source") {
                options.source_dir = value;
            } else {
                return false;
            }
        } catch (const std::exception &) { // no number
            return false;
        }
    }
    return options.seconds >= 0.1 && options.seconds <= 600.0;
}

int run(const demo::Options &options) {
    const demo::Corpus corpus = demo::load_corpus(options.source_dir, options.json_file);
    std::printf("scriptloop %s, %s; %zu documents, %zu JSON packages, %zu directory trees\n",
                sl_version_string(), sl_lua_version(), corpus.documents.size(), corpus.json.size(),
                corpus.trees.size());

    demo::Engine engine(options, corpus);
    const double seconds = engine.reference_run();
    std::printf("reference: each of %zu tasks once, %.2f s\n", engine.workload().task_count(),
                seconds);
    engine.run();
    const demo::Summary summary = engine.finish();
    demo::print_table(engine, summary);
    demo::write_timeline(options.svg_file, engine, summary);
    std::printf("picture: %s\n", options.svg_file.c_str());
    return engine.workload().failed() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace

int main(int argc, char **argv) {
    demo::Options options;
    options.source_dir = SCRIPTLOOP_DEMO_SOURCE_DIR;
    options.json_file = SCRIPTLOOP_DEMO_JSON;
    options.svg_file = "frames.svg";
    if (!parse(argc, argv, options)) {
        std::fputs(USAGE, stderr);
        return 2;
    }
    try {
        return run(options);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "\nscriptloop_demo: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
