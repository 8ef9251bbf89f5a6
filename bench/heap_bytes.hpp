// What this process has taken from malloc and not given back, over all arenas and mappings.
#pragma once

#include "harness.hpp"

#include <malloc.h>

namespace bench {

// glibc reports all arenas only as XML; the totals stand behind the last "</heap>".
inline double heap_bytes() {
    char *text = nullptr;
    size_t size = 0;
    std::FILE *stream = open_memstream(&text, &size);
    check(stream != nullptr && malloc_info(0, stream) == 0, "malloc_info");
    std::fclose(stream);
    const std::string info(text, size);
    std::free(text);
    const std::string totals = info.substr(info.rfind("</heap>"));
    const auto total = [&totals](const std::string &element) {
        const size_t at = totals.find(element);
        check(at != std::string::npos, "malloc_info has no " + element);
        return std::stod(totals.substr(totals.find("size=\"", at) + 6));
    };
    return total("<system type=\"current\"") + total("<total type=\"mmap\"") -
           total("<total type=\"fast\"") - total("<total type=\"rest\"");
}

} // namespace bench
