/*
 * The whole test framework. A test program is one source file:
 *
 *     #include "sl_test.h"
 *
 *     SL_TEST(the_name_is_a_sentence_that_is_true) {
 *         SL_CHECK_OK(sl_loop_new(NULL, &loop));
 *     }
 *
 * `SL_TEST(` opens its line: CMake reads the cases from the source (cmake/SlTests.cmake), so a case
 * is registered by being written. `test_loop <case>` runs one case in this process, `test_loop`
 * alone runs them all, each in a process of its own. A check that fails prints what it saw and ends
 * the process at once, from whichever thread it failed on. A case also fails when it leaves a
 * handle of the library alive. Checks never disappear in release.
 */
#ifndef SL_TEST_H
#define SL_TEST_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __cplusplus
#include <type_traits>
#endif

#include <scriptloop.h>

typedef struct sl_test_case {
    const char *name;
    void (*run)(void);
    struct sl_test_case *next;
} sl_test_case;

static sl_test_case *sl_test_first;
/* Unused where the cases are files. */
__attribute__((unused)) static sl_test_case **sl_test_last = &sl_test_first;

/* Constructors run in the order of the source, so the list has that order too. */
#define SL_TEST(name)                                                                              \
    static void sl_test_run_##name(void);                                                          \
    static sl_test_case sl_test_case_##name = {#name, sl_test_run_##name, NULL};                   \
    __attribute__((constructor)) static void sl_test_add_##name(void) {                            \
        *sl_test_last = &sl_test_case_##name;                                                      \
        sl_test_last = &sl_test_case_##name.next;                                                  \
    }                                                                                              \
    static void sl_test_run_##name(void)

/* Ends the process, also when other threads still run: `exit` would wait for nobody but run
 * destructors under them. */
__attribute__((format(printf, 3, 4), noreturn)) static inline void
sl_test_fail(const char *file, int line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    fflush(NULL);
    _exit(1);
}

/* What SL_CHECK_EQ compares and prints: any integer, enum, pointer or floating-point number. */
typedef struct sl_test_value {
    char kind; /* 'i' integer, 'p' pointer, 'f' floating point */
    bool negative;
    uint64_t bits;
    double real;
} sl_test_value;

static inline sl_test_value sl_test_signed(int64_t value) {
    sl_test_value result = {'i', value < 0, (uint64_t)value, (double)value};
    return result;
}

static inline sl_test_value sl_test_unsigned(uint64_t value) {
    sl_test_value result = {'i', false, value, (double)value};
    return result;
}

static inline sl_test_value sl_test_real(double value) {
    sl_test_value result = {'f', false, 0, value};
    return result;
}

static inline sl_test_value sl_test_pointer(const void *value) {
    sl_test_value result = {'p', false, (uint64_t)(uintptr_t)value, 0};
    return result;
}

#ifdef __cplusplus
template <typename T> static inline sl_test_value sl_test_value_of(T value) {
    if constexpr (std::is_null_pointer_v<T>) {
        return sl_test_pointer(nullptr);
    } else if constexpr (std::is_pointer_v<T>) {
        return sl_test_pointer(value);
    } else if constexpr (std::is_floating_point_v<T>) {
        return sl_test_real(value);
    } else if constexpr (std::is_enum_v<T>) {
        return sl_test_value_of(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_signed_v<T>) {
        return sl_test_signed(value);
    } else {
        return sl_test_unsigned(value);
    }
}
#else
/* clang-format off */
#define sl_test_value_of(value)                                                                    \
    _Generic((value),                                                                              \
        bool: sl_test_unsigned,                                                                    \
        char: sl_test_signed,                                                                      \
        signed char: sl_test_signed,                                                               \
        short: sl_test_signed,                                                                     \
        int: sl_test_signed,                                                                       \
        long: sl_test_signed,                                                                      \
        long long: sl_test_signed,                                                                 \
        unsigned char: sl_test_unsigned,                                                           \
        unsigned short: sl_test_unsigned,                                                          \
        unsigned: sl_test_unsigned,                                                                \
        unsigned long: sl_test_unsigned,                                                           \
        unsigned long long: sl_test_unsigned,                                                      \
        float: sl_test_real,                                                                       \
        double: sl_test_real,                                                                      \
        default: sl_test_pointer)(value)
/* clang-format on */
#endif

static inline void sl_test_print(char *buffer, size_t size, sl_test_value value) {
    if (value.kind == 'f') {
        snprintf(buffer, size, "%.17g", value.real);
    } else if (value.kind == 'p') {
        snprintf(buffer, size, "0x%" PRIx64, value.bits);
    } else if (value.negative) {
        snprintf(buffer, size, "%" PRId64, (int64_t)value.bits);
    } else {
        snprintf(buffer, size, "%" PRIu64, value.bits);
    }
}

static inline void sl_test_check_eq(const char *file, int line, const char *left_text,
                                    const char *right_text, sl_test_value left,
                                    sl_test_value right) {
    char left_value[40];
    char right_value[40];
    bool same;
    if (left.kind == 'f' || right.kind == 'f') {
        same = left.real == right.real;
    } else {
        same = left.negative == right.negative && left.bits == right.bits;
    }
    if (same) {
        return;
    }
    sl_test_print(left_value, sizeof left_value, left);
    sl_test_print(right_value, sizeof right_value, right);
    sl_test_fail(file, line, "%s == %s does not hold: %s is not %s", left_text, right_text,
                 left_value, right_value);
}

static inline void sl_test_check_str_eq(const char *file, int line, const char *left_text,
                                        const char *right_text, const char *left,
                                        const char *right) {
    if (left == right || (left != NULL && right != NULL && strcmp(left, right) == 0)) {
        return;
    }
    sl_test_fail(file, line, "%s and %s differ:\n  \"%s\"\n  \"%s\"", left_text, right_text,
                 left != NULL ? left : "(NULL)", right != NULL ? right : "(NULL)");
}

static inline void sl_test_check_status(const char *file, int line, const char *call,
                                        sl_status actual, sl_status expected) {
    if (actual != expected) {
        sl_test_fail(file, line, "%s gave %d (%s), not %d (%s)", call, (int)actual,
                     sl_status_text(actual), (int)expected, sl_status_text(expected));
    }
}

/* The condition is true. */
#define SL_CHECK(condition)                                                                        \
    ((condition) ? (void)0 : sl_test_fail(__FILE__, __LINE__, "%s does not hold", #condition))

/* Two integers, enums, pointers or floating-point numbers are equal; prints both. */
#define SL_CHECK_EQ(left, right)                                                                   \
    sl_test_check_eq(__FILE__, __LINE__, #left, #right, sl_test_value_of(left),                    \
                     sl_test_value_of(right))

/* Two NUL-terminated strings are equal, or both NULL; prints both. */
#define SL_CHECK_STR_EQ(left, right)                                                               \
    sl_test_check_str_eq(__FILE__, __LINE__, #left, #right, left, right)

/* A call gives this status; prints both by name. */
#define SL_CHECK_STATUS(call, expected)                                                            \
    sl_test_check_status(__FILE__, __LINE__, #call, call, expected)

#define SL_CHECK_OK(call) sl_test_check_status(__FILE__, __LINE__, #call, call, SL_STATUS_OK)

static inline void sl_test_run(const sl_test_case *test) {
    test->run();
    if (sl_live_handles() != 0) {
        sl_test_fail(__FILE__, __LINE__, "%s leaves %" PRIu64 " handles alive", test->name,
                     sl_live_handles());
    }
}

/* Runs one case in a child: what a case does to its process, the next one does not see. */
static inline bool sl_test_run_apart(const sl_test_case *test) {
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        sl_test_run(test);
        exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror(test->name);
        return false;
    }
    bool passed = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    printf("%s %s\n", passed ? "ok    " : "FAILED", test->name);
    return passed;
}

int main(int argc, char **argv) {
    int passed = 0;
    int failed = 0;
    for (const sl_test_case *test = sl_test_first; test != NULL; test = test->next) {
        if (argc < 2) {
            sl_test_run_apart(test) ? ++passed : ++failed;
        } else if (strcmp(argv[1], test->name) == 0) {
            sl_test_run(test);
            return 0;
        }
    }
    if (argc > 1) {
        fprintf(stderr, "%s: there is no case named %s\n", argv[0], argv[1]);
        return 2;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

#endif /* SL_TEST_H */
