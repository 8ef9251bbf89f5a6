/* A hostile script and what its header says: what to expect, and what to attack it with. */
#ifndef HOSTILE_ATTACK_H
#define HOSTILE_ATTACK_H

#include "sl_test.h"

enum { DEADLINE_MS = 200, MEMORY_KIB = 32 << 10, SOURCE_MAX = 64 << 10 };

/* How a job may end, as the headers of scripts call it. */
static const struct {
    const char *name;
    uint32_t outcome;
} OUTCOMES[] = {
    {"ok", SL_OUTCOME_OK},
    {"load_error", SL_OUTCOME_LOAD_ERROR},
    {"script_error", SL_OUTCOME_SCRIPT_ERROR},
    {"timeout", SL_OUTCOME_TIMEOUT},
    {"memory", SL_OUTCOME_MEMORY},
    {"instructions", SL_OUTCOME_INSTRUCTIONS},
    {"value_error", SL_OUTCOME_VALUE_ERROR},
    {"cancelled", SL_OUTCOME_CANCELLED},
    {"no_state", SL_OUTCOME_NO_STATE},
    {"closed", SL_OUTCOME_CLOSED},
};
enum { OUTCOMES_LEN = sizeof OUTCOMES / sizeof OUTCOMES[0] };

/* What a script that does not end is stuck in, and how late it may be. */
static const struct {
    const char *name;
    double late_max_ms;
} CLASSES[] = {{"lua", 10}, {"lib", 50}, {"c", 300}};
enum { CLASSES_LEN = 3 };

typedef struct source {
    char text[SOURCE_MAX];
    size_t len;
} source;

typedef struct attack {
    const char *name; /* of the file, without its directory */
    source source;
    char expected[80];
    uint64_t deadline_ms;
    uint64_t memory_kib;
    uint64_t instructions;
    size_t class;
    bool only_job;
} attack;

static inline size_t outcome_index(uint32_t outcome) {
    for (size_t at = 0; at < OUTCOMES_LEN; at++) {
        if (OUTCOMES[at].outcome == outcome) {
            return at;
        }
    }
    sl_test_fail(__FILE__, __LINE__, "outcome %u is unknown", outcome);
}

static inline void read_source(const char *path, source *source) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        sl_test_fail(__FILE__, __LINE__, "%s cannot be read", path);
    }
    source->len = fread(source->text, 1, sizeof source->text - 1, file);
    source->text[source->len] = '\0';
    fclose(file);
    if (source->len == sizeof source->text - 1) {
        sl_test_fail(__FILE__, __LINE__, "%s is too long", path);
    }
}

/* Copies what a line of the header says under a key; false when there is no such line. */
static inline bool header(const source *source, const char *key, char *value, size_t size) {
    const char *line = source->text;
    size_t key_len = strlen(key);
    while (strncmp(line, "--", 2) == 0) {
        size_t len = strcspn(line, "\n");
        if (len > key_len && strncmp(line, key, key_len) == 0) {
            snprintf(value, size, "%.*s", (int)(len - key_len), line + key_len);
            return true;
        }
        line += len + (line[len] == '\n');
    }
    return false;
}

static inline uint64_t limit_of(const char *limits, const char *key, uint64_t otherwise) {
    const char *found = strstr(limits, key);
    return found == NULL ? otherwise : strtoull(found + strlen(key), NULL, 10);
}

/* Whether one of the words between the bars is this one. */
static inline bool expects(const attack *attack, const char *word) {
    size_t len = strlen(word);
    const char *at = attack->expected;
    while (true) {
        size_t span = strcspn(at, "|");
        if (span == len && strncmp(at, word, len) == 0) {
            return true;
        }
        if (at[span] == '\0') {
            return false;
        }
        at += span + 1;
    }
}

static inline void read_attack(const char *path, attack *attack) {
    char value[80];
    const char *slash = strrchr(path, '/');
    attack->name = slash == NULL ? path : slash + 1;
    read_source(path, &attack->source);
    if (!header(&attack->source, "-- expect: ", attack->expected, sizeof attack->expected)) {
        sl_test_fail(__FILE__, __LINE__, "%s does not say what to expect", path);
    }
    bool limited = header(&attack->source, "-- limits: ", value, sizeof value);
    const char *limits = limited ? value : "";
    attack->deadline_ms = limit_of(limits, "deadline_ms=", DEADLINE_MS);
    attack->memory_kib = limit_of(limits, "memory_kib=", MEMORY_KIB);
    attack->instructions = limit_of(limits, "instructions=", 0);
    attack->only_job =
        header(&attack->source, "-- isolation: ", value, sizeof value) && strcmp(value, "job") == 0;
    attack->class = 0;
    if (header(&attack->source, "-- late: ", value, sizeof value)) {
        while (strcmp(value, CLASSES[attack->class].name) != 0) {
            if (++attack->class == CLASSES_LEN) {
                sl_test_fail(__FILE__, __LINE__, "%s: late: %s is unknown", path, value);
            }
        }
    }
}

#endif /* HOSTILE_ATTACK_H */
