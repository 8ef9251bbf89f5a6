/*
 * Runs hostile scripts and looks whether each one ends as its header says.
 *
 *     hostile <script.lua>   one script
 *     hostile <directory>    all scripts in it, and a table of how they ended and how late
 *
 * A script names what it attacks, its verdict, and what it needs to be attacked with:
 *
 *     -- Catches what ends it and goes on.
 *     -- expect: timeout             outcomes, with | between those that are both right
 *     -- limits: deadline_ms=5000    also memory_kib and instructions
 *     -- isolation: job              not without; else it runs under both isolations
 *     -- late: lib                   what it is stuck in: lua (if not said), lib or c
 *
 * Each run has a runner of its own with one worker and one state. After the script, the canary
 * runs there, and must find everything in order; and one more script, which must be stopped.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
/* The cases here are files, so the frame's own main is put aside. */
#define main sl_test_main
#include "script_test.h"
#undef main

#include "hostile/attack.h"

#include <dirent.h>
#include <time.h>

enum { SCRIPTS_MAX = 2000, RUNS_MAX = 2 * SCRIPTS_MAX };
enum { LATE_FAILED_MS = 3000, FREE_MAX_MS = 2000, STOP_MS = 2 };

/* One script under one isolation. */
typedef struct trial {
    const attack *attack;
    const source *canary;
    uint32_t isolation;
    host host;
    bool failed;
} trial;

/* What a campaign over many scripts has seen. */
static struct {
    uint32_t outcomes[OUTCOMES_LEN];
    double late_ms[CLASSES_LEN][RUNS_MAX];
    size_t late_len[CLASSES_LEN];
    uint32_t runs;
    uint32_t failed;
} seen;

static double now_ms(void) {
    struct timespec now;
    SL_CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static const char *isolation_name(uint32_t isolation) {
    return isolation == SL_SCRIPT_ISOLATION_JOB ? "job" : "none";
}

/* Says what is wrong with a trial, and goes on. */
__attribute__((format(printf, 2, 3))) static void blame(trial *trial, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    printf("FAILED %s isolation=%s: ", trial->attack->name, isolation_name(trial->isolation));
    vprintf(format, arguments);
    putchar('\n');
    fflush(stdout);
    va_end(arguments);
    trial->failed = true;
}

/* A trial. */

/* The next result; messages that the script has posted are passed over. */
static bool next_result(const trial *trial, uint32_t patience_ms, sl_action *action) {
    double end = now_ms() + patience_ms;
    while (true) {
        double left = end - now_ms();
        uint32_t wait = left > 0 ? (uint32_t)left : 0;
        *action = (sl_action){.size = sizeof *action};
        if (sl_action_queue_pop_timeout(trial->host.actions, wait, action) != SL_STATUS_OK) {
            return false;
        }
        if (action->kind == SL_ACTION_KIND_SCRIPT_RESULT) {
            return true;
        }
        SL_CHECK_OK(sl_action_free(action));
        if (left < -1000) {
            return false; /* a flood of messages without an end */
        }
    }
}

static void check_lateness(trial *trial, const sl_script_result *result) {
    const attack *attack = trial->attack;
    size_t class = attack->class;
    double late_ms = (double)result->run_ns / 1e6 - (double)attack->deadline_ms;
    const char *mark = late_ms > CLASSES[class].late_max_ms ? " LATE" : "";
    printf("late_ms=%.3f class=%s %s isolation=%s%s\n", late_ms, CLASSES[class].name, attack->name,
           isolation_name(trial->isolation), mark);
    seen.late_ms[class][seen.late_len[class]++] = late_ms;
    if (late_ms > LATE_FAILED_MS) {
        blame(trial, "%.0f ms late", late_ms);
    }
    if (late_ms < 0) {
        blame(trial, "ended %.3f ms before its deadline", -late_ms);
    }
}

static void check_verdict(trial *trial, const sl_script_result *result) {
    const attack *attack = trial->attack;
    const char *got = OUTCOMES[outcome_index(result->outcome)].name;
    const char *error = result->error == NULL ? "(no error)" : result->error;
    seen.outcomes[outcome_index(result->outcome)]++;
    if (!expects(attack, got)) {
        blame(trial, "expected %s, got %s after %.1f ms: %.500s", attack->expected, got,
              (double)result->run_ns / 1e6, error);
    }
    if (result->outcome == SL_OUTCOME_TIMEOUT) {
        check_lateness(trial, result);
    }
    if (result->outcome == SL_OUTCOME_OK) {
        if (result->error != NULL) {
            blame(trial, "ok with an error: %.500s", error);
        }
        return;
    }
    if (result->error == NULL || result->values_len != 0 || result->text != NULL) {
        blame(trial, "%s has no error text, or values", got);
        return;
    }
    /* Errors of values name the value instead. */
    bool named = memmem(error, result->error_len, attack->name, strlen(attack->name)) != NULL;
    if (!named && result->outcome != SL_OUTCOME_VALUE_ERROR) {
        blame(trial, "%s does not name the script: %.500s", got, error);
    }
}

static bool attack_host(trial *trial) {
    const attack *attack = trial->attack;
    char chunk_name[300];
    snprintf(chunk_name, sizeof chunk_name, "@%s", attack->name);
    sl_script_job job = job_of_bytes(attack->source.text, attack->source.len);
    job.chunk_name = chunk_name;
    job.deadline_ms = attack->deadline_ms;
    job.memory_max = attack->memory_kib << 10;
    job.instructions_max = attack->instructions;
    sl_job_id id = enqueue(&trial->host, &job);
    sl_action action;
    if (!next_result(trial, PATIENCE_MS, &action)) {
        blame(trial, "expected %s, got no result", attack->expected);
        return false;
    }
    if (action.id != id) {
        blame(trial, "the result is that of another job");
    }
    check_verdict(trial, action.result);
    SL_CHECK_OK(sl_action_free(&action));
    return true;
}

static bool release_canary(trial *trial) {
    sl_value isolation = text_value(isolation_name(trial->isolation));
    sl_script_job job = job_of_bytes(trial->canary->text, trial->canary->len);
    job.chunk_name = "@canary.lua";
    /* It collects what the script left, be that 256 MiB on a busy machine. */
    job.deadline_ms = PATIENCE_MS / 2;
    job.args = &isolation;
    job.args_len = 1;
    enqueue(&trial->host, &job);
    sl_action action;
    if (!next_result(trial, PATIENCE_MS, &action)) {
        blame(trial, "the canary has no result");
        return false;
    }
    const char *text = action.result->text;
    if (text == NULL || strcmp(text, "healthy") != 0) {
        blame(trial, "the canary is not healthy (%s): %.500s",
              OUTCOMES[outcome_index(action.result->outcome)].name,
              action.result->error == NULL ? "(no error)" : action.result->error);
    }
    SL_CHECK_OK(sl_action_free(&action));
    return true;
}

/* After a script like any other, one that has to be stopped: that must still work here. */
static bool check_stop(trial *trial) {
    sl_script_job job = job_of("local n = 0 while true do n = n + 1 end");
    job.deadline_ms = STOP_MS;
    enqueue(&trial->host, &job);
    sl_action action;
    if (!next_result(trial, PATIENCE_MS, &action)) {
        blame(trial, "what has to be stopped afterwards has no result");
        return false;
    }
    const char *error = action.result->error == NULL ? "(no error)" : action.result->error;
    bool stuck = strstr(error, "is stuck in") != NULL;
    if (action.result->outcome != SL_OUTCOME_TIMEOUT || stuck) {
        blame(trial, "what has to be stopped afterwards ends otherwise: %.500s", error);
    }
    SL_CHECK_OK(sl_action_free(&action));
    return true;
}

/* That there were three jobs and three results, and that the runner ends. */
static void check_end(trial *trial) {
    sl_action action;
    if (next_result(trial, 0, &action)) {
        blame(trial, "there is one more result");
        SL_CHECK_OK(sl_action_free(&action));
    }
    sl_script_runner_stats stats = stats_of(&trial->host);
    if (stats.accepted != 3 || stats.delivered != 3) {
        blame(trial, "accepted %" PRIu64 ", delivered %" PRIu64 " jobs instead of 3",
              stats.accepted, stats.delivered);
    }
    double start = now_ms();
    host_free(&trial->host);
    double took = now_ms() - start;
    if (took > FREE_MAX_MS) {
        blame(trial, "the runner took %.0f ms to end", took);
    }
    if (sl_live_handles() != 0) {
        blame(trial, "%" PRIu64 " handles are left", sl_live_handles());
    }
}

/* False when the library hangs, so that nothing more can be tried. */
static bool try_attack(const attack *attack, const source *canary, uint32_t isolation) {
    trial trial = {attack, canary, isolation, {NULL, NULL}, false};
    sl_script_runner_config config = config_of(1, 1);
    config.library = SL_SCRIPT_LIBRARY_SANDBOX;
    config.isolation = isolation;
    config.deadline_ms = DEADLINE_MS;
    config.memory_max = (uint64_t)MEMORY_KIB << 10;
    trial.host = host_with(&config);
    seen.runs++;
    bool goes_on = attack_host(&trial) && release_canary(&trial) && check_stop(&trial);
    if (goes_on) {
        check_end(&trial);
    }
    seen.failed += trial.failed;
    return goes_on;
}

static bool try_file(const char *path, const source *canary) {
    static attack attack;
    read_attack(path, &attack);
    return (attack.only_job || try_attack(&attack, canary, SL_SCRIPT_ISOLATION_NONE)) &&
           try_attack(&attack, canary, SL_SCRIPT_ISOLATION_JOB);
}

/* A campaign. */

static int is_script(const struct dirent *entry) {
    const char *dot = strrchr(entry->d_name, '.');
    return dot != NULL && strcmp(dot, ".lua") == 0 && strcmp(entry->d_name, "canary.lua") != 0;
}

static bool try_directory(const char *directory, const source *canary) {
    struct dirent **entries = NULL;
    int len = scandir(directory, &entries, is_script, alphasort);
    SL_CHECK(len > 0 && len <= SCRIPTS_MAX);
    bool goes_on = true;
    for (int at = 0; at < len; at++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", directory, entries[at]->d_name);
        goes_on = goes_on && try_file(path, canary);
        free(entries[at]);
    }
    free(entries);
    return goes_on;
}

static int by_size(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void print_table(void) {
    for (size_t at = 0; at < OUTCOMES_LEN; at++) {
        printf("%-14s %5u\n", OUTCOMES[at].name, seen.outcomes[at]);
    }
    for (size_t class = 0; class < CLASSES_LEN; class ++) {
        size_t len = seen.late_len[class];
        double *late = seen.late_ms[class];
        qsort(late, len, sizeof *late, by_size);
        if (len > 0) {
            printf("late %-4s n=%zu p50=%.3f p99=%.3f max=%.3f ms, at most %.0f\n",
                   CLASSES[class].name, len, late[len / 2], late[len * 99 / 100], late[len - 1],
                   CLASSES[class].late_max_ms);
        }
    }
}

/* Logs go nowhere: scripts print what they like. */
static void drop_line(void *userdata, uint32_t level, const char *text, size_t text_len) {
    (void)userdata, (void)level, (void)text, (void)text_len;
}

/* Reads the canary that lives beside the scripts. */
static void read_canary(const char *path, bool is_directory, source *canary) {
    char name[4096];
    const char *slash = strrchr(path, '/');
    int len = is_directory ? (int)strlen(path) : slash != NULL ? (int)(slash - path) : 0;
    const char *between = is_directory || slash != NULL ? "/" : "";
    snprintf(name, sizeof name, "%.*s%scanary.lua", len, path, between);
    read_source(name, canary);
}

int main(int argc, char **argv) {
    static source canary;
    if (argc != 2) {
        fprintf(stderr, "usage: %s <script.lua> or <directory>\n", argv[0]);
        return 2;
    }
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_TRACE, drop_line, NULL, NULL));
    DIR *directory = opendir(argv[1]);
    read_canary(argv[1], directory != NULL, &canary);
    bool goes_on;
    if (directory != NULL) {
        closedir(directory);
        goes_on = try_directory(argv[1], &canary);
        print_table();
    } else {
        goes_on = try_file(argv[1], &canary);
    }
    printf("%u runs, %u failed\n", seen.runs, seen.failed);
    fflush(NULL);
    if (!goes_on) {
        _exit(1); /* the runner that hangs cannot be freed */
    }
    return seen.failed == 0 ? 0 : 1;
}
