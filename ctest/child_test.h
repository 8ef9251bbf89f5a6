/* What the tests of processes share: children that do something and end, or are ended. */
#ifndef CHILD_TEST_H
#define CHILD_TEST_H

#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sl_test.h"

/* A child that lives longer hangs. */
#define CHILD_SECONDS 60u

#define CHILD_DONE 23

/* Sanitizers are many times slower; ThreadSanitizer allows no threads after a fork. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CHILD_TSAN 1
#endif
#if __has_feature(address_sanitizer)
#define CHILD_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define CHILD_TSAN 1
#endif
#if defined(__SANITIZE_ADDRESS__)
#define CHILD_ASAN 1
#endif
#if defined(CHILD_TSAN) || defined(CHILD_ASAN)
#define CHILD_SANITIZED true
#else
#define CHILD_SANITIZED false
#endif

static inline int child_code(pid_t child) {
    int status = 0;
    SL_CHECK(child > 0);
    SL_CHECK_EQ(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        sl_test_fail(__FILE__, __LINE__, "the child was ended by signal %d%s", WTERMSIG(status),
                     WTERMSIG(status) == SIGALRM ? ": it hangs" : "");
    }
    SL_CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Forks. In the child it gives 0, and the child ends itself by `child_done` or is ended. */
static inline pid_t child_begin(void) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        (void)alarm(CHILD_SECONDS);
    }
    return child;
}

__attribute__((noreturn)) static inline void child_done(void) {
    fflush(NULL);
    _exit(CHILD_DONE);
}

static inline void child_does(void (*body)(void *), void *argument) {
    pid_t child = child_begin();
    if (child == 0) {
        body(argument);
        child_done();
    }
    SL_CHECK_EQ(child_code(child), CHILD_DONE);
}

#endif /* CHILD_TEST_H */
