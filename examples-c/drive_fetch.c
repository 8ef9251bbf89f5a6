/*
 * drive_fetch: a chain of downloads that goes on by itself, because the loop has a drive.
 *
 * An engine asks for A; when A is there, its callback asks for B; B's callback starts a timer. The
 * host sleeps until the timer has fired and polls nothing. `drive_fetch no-drive` is the same
 * program without the drive: A comes, and nothing more happens until somebody polls.
 *
 *   cargo build --release
 *   cc -std=c11 -pthread -Iinclude examples-c/drive_fetch.c -o target/drive_fetch \
 *      $(pkg-config --cflags --libs libcurl) \
 *      -Ltarget/release -lscriptloop -Wl,-rpath,"$PWD/target/release"
 *   target/drive_fetch && target/drive_fetch no-drive
 *
 * With CMake (libcurl4-openssl-dev is installed):
 *   cmake -S . -B build && cmake --build build
 *   ctest --test-dir build -R example.drive_fetch --output-on-failure
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "scriptloop.h"

enum { STUCK_S = 10, TIMER_MS = 5 };

static void must(sl_status status, const char *what) {
    if (status != SL_STATUS_OK) {
        fprintf(stderr, "%s: %s\n", what, sl_status_text(status));
        exit(EXIT_FAILURE);
    }
}

static void must_hold(bool good, const char *what) {
    if (!good) {
        fprintf(stderr, "drive_fetch: this does not hold: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

/* ---- A web server: every page is the letter it is named after. ---- */

struct server {
    int fd;
    uint16_t port;
    pthread_t thread;
};

static void answer(int peer) {
    char text[1024] = "";
    size_t length = 0;
    while (length < sizeof text - 1 && strstr(text, "\r\n\r\n") == NULL) {
        ssize_t got = recv(peer, text + length, sizeof text - 1 - length, 0);
        if (got <= 0) {
            return;
        }
        length += (size_t)got;
        text[length] = '\0';
    }
    char page = '?';
    must_hold(sscanf(text, "GET /%c HTTP", &page) == 1, "the request is one for a page");
    int size =
        snprintf(text, sizeof text,
                 "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n%c", page);
    must_hold(send(peer, text, (size_t)size, MSG_NOSIGNAL) == size, "an answer is sent at once");
}

static void *serve(void *userdata) {
    const struct server *server = userdata;
    int peer = accept(server->fd, NULL, NULL);
    while (peer >= 0) { /* until server_end */
        answer(peer);
        close(peer);
        peer = accept(server->fd, NULL, NULL);
    }
    return NULL;
}

static void server_start(struct server *server) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->fd = socket(AF_INET, SOCK_STREAM, 0);
    bool good = server->fd >= 0 &&
                bind(server->fd, (const struct sockaddr *)&address, length) == 0 &&
                listen(server->fd, 8) == 0 &&
                getsockname(server->fd, (struct sockaddr *)&address, &length) == 0;
    must_hold(good, "there is a port for the server");
    server->port = ntohs(address.sin_port);
    must_hold(pthread_create(&server->thread, NULL, serve, server) == 0, "the server starts");
}

static void server_end(struct server *server) {
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->fd);
}

/* ---- The engine's fetcher: one thread, which sleeps in curl until there is something. ---- */

struct engine;

struct request {
    struct request *next;
    struct engine *engine;
    sl_work_fn on_done; /* gets the request, on the loop */
    char page;
    char body[16];
    size_t body_length;
    CURLcode result;
};

struct engine {
    sl_loop *loop;
    struct server server;
    pthread_t fetcher;
    CURLM *multi;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    struct request *waiting;
    bool ending;
    uint32_t requested;
    uint32_t posted; /* completions that the fetcher has posted to the loop */
    uint32_t completed;
    bool blinked;
    bool settled;
};

/* From any thread. */
static void fetch(struct engine *engine, char page, sl_work_fn on_done) {
    struct request *request = calloc(1, sizeof *request);
    must_hold(request != NULL, "there is memory");
    *request = (struct request){.engine = engine, .on_done = on_done, .page = page};
    pthread_mutex_lock(&engine->lock);
    request->next = engine->waiting;
    engine->waiting = request;
    engine->requested++;
    pthread_mutex_unlock(&engine->lock);
    curl_multi_wakeup(engine->multi);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *userdata) {
    struct request *request = userdata;
    size_t room = sizeof request->body - request->body_length;
    if (size * count > room) {
        return 0;
    }
    memcpy(request->body + request->body_length, bytes, size * count);
    request->body_length += size * count;
    return size * count;
}

static void begin(struct engine *engine, struct request *request) {
    char url[64];
    CURL *easy = curl_easy_init();
    must_hold(easy != NULL, "curl gives a handle");
    snprintf(url, sizeof url, "http://127.0.0.1:%u/%c", engine->server.port, request->page);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
    must_hold(curl_multi_add_handle(engine->multi, easy) == CURLM_OK, "curl takes a handle");
}

/* The completion moves to the loop, which frees it when it has run, or when it never will. */
static void complete(struct engine *engine, CURL *easy, CURLcode result) {
    char *kept = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &kept);
    struct request *request = (struct request *)(void *)kept;
    request->result = result;
    curl_multi_remove_handle(engine->multi, easy);
    curl_easy_cleanup(easy);
    must(sl_loop_post(engine->loop, SL_PRIORITY_NORMAL, request->on_done, request, free), "post");
    pthread_mutex_lock(&engine->lock);
    engine->posted++;
    pthread_cond_signal(&engine->changed);
    pthread_mutex_unlock(&engine->lock);
}

static void *run_fetcher(void *userdata) {
    struct engine *engine = userdata;
    for (;;) {
        pthread_mutex_lock(&engine->lock);
        struct request *request = engine->waiting;
        engine->waiting = NULL;
        bool ending = engine->ending;
        pthread_mutex_unlock(&engine->lock);
        if (ending) {
            return NULL;
        }
        while (request != NULL) {
            struct request *next = request->next;
            begin(engine, request);
            request = next;
        }
        int running = 0;
        int left = 0;
        must_hold(curl_multi_perform(engine->multi, &running) == CURLM_OK, "curl performs");
        for (CURLMsg *it; (it = curl_multi_info_read(engine->multi, &left)) != NULL;) {
            complete(engine, it->easy_handle, it->data.result);
        }
        /* Sleeps until a socket is ready or curl_multi_wakeup is called, also before. */
        curl_multi_poll(engine->multi, NULL, 0, INT_MAX, NULL);
    }
}

/* ---- The chain: A, then B, then a timer. Each runs where the loop is polled. ---- */

/* Says under the lock that something has happened. */
static void note(struct engine *engine, bool *what) {
    pthread_mutex_lock(&engine->lock);
    *what = true;
    pthread_cond_signal(&engine->changed);
    pthread_mutex_unlock(&engine->lock);
}

static void on_blink(void *userdata) {
    struct engine *engine = userdata;
    note(engine, &engine->blinked);
}

static void on_settled(void *userdata) {
    struct engine *engine = userdata;
    note(engine, &engine->settled);
}

static struct engine *check_completion(const struct request *request) {
    must_hold(request->result == CURLE_OK, curl_easy_strerror(request->result));
    must_hold(request->body_length == 1 && request->body[0] == request->page, "the page is right");
    pthread_mutex_lock(&request->engine->lock);
    request->engine->completed++;
    pthread_mutex_unlock(&request->engine->lock);
    return request->engine;
}

static void on_b(void *userdata) {
    struct engine *engine = check_completion(userdata);
    must(sl_loop_schedule_timer(engine->loop, TIMER_MS, 0, on_settled, engine, NULL, NULL),
         "timer");
}

static void on_a(void *userdata) {
    fetch(check_completion(userdata), 'B', on_b);
}

/* ---- The host. ---- */

static void engine_start(struct engine *engine) {
    pthread_condattr_t monotonic;
    pthread_mutex_init(&engine->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&engine->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    must_hold(curl_global_init(CURL_GLOBAL_NOTHING) == CURLE_OK, "curl starts");
    engine->multi = curl_multi_init();
    must_hold(engine->multi != NULL, "curl gives a multi handle");
    server_start(&engine->server);
    must(sl_loop_new(NULL, &engine->loop), "sl_loop_new");
    int failed = pthread_create(&engine->fetcher, NULL, run_fetcher, engine);
    must_hold(failed == 0, "the fetcher starts");
}

static void engine_end(struct engine *engine) {
    pthread_mutex_lock(&engine->lock);
    engine->ending = true;
    pthread_mutex_unlock(&engine->lock);
    curl_multi_wakeup(engine->multi);
    pthread_join(engine->fetcher, NULL);
    curl_multi_cleanup(engine->multi);
    curl_global_cleanup();
    server_end(&engine->server);
    must(sl_loop_free(engine->loop), "sl_loop_free");
    pthread_cond_destroy(&engine->changed);
    pthread_mutex_destroy(&engine->lock);
}

/* Sleeps until `posted` completions are posted, and until the chain has ended if that is wanted.
 * Polls nothing. */
static void sleep_until(struct engine *engine, uint32_t posted, bool settled) {
    struct timespec end;
    int failed = 0;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += STUCK_S;
    pthread_mutex_lock(&engine->lock);
    while (failed == 0 && (engine->posted < posted || engine->settled < settled)) {
        failed = pthread_cond_timedwait(&engine->changed, &engine->lock, &end);
    }
    pthread_mutex_unlock(&engine->lock);
    must_hold(failed == 0, "what the host waits for comes");
}

static void check_that_all_is_done(const struct engine *engine) {
    sl_loop_stats stats = {.size = sizeof stats};
    must(sl_loop_read_stats(engine->loop, &stats), "sl_loop_read_stats");
    must_hold(engine->completed == 2 && engine->requested == 2, "A and B came");
    must_hold(engine->blinked && engine->settled, "both timers fired");
    must_hold(stats.posts_pending == 0 && stats.timers_active == 0, "nothing is left");
}

static void with_drive(struct engine *engine) {
    must(sl_loop_drive_start(engine->loop, NULL), "sl_loop_drive_start");
    must(sl_loop_schedule_timer(engine->loop, 0, 0, on_blink, engine, NULL, NULL), "timer");
    fetch(engine, 'A', on_a);
    sleep_until(engine, 2, true);
    must(sl_loop_drive_stop(engine->loop), "sl_loop_drive_stop");
    check_that_all_is_done(engine);
    printf("A, B and both timers, while the host slept\n");
}

/* Every wait here ends with an event: that nothing moves is what was counted, not what did not
 * happen for a while. */
static void without_drive(struct engine *engine) {
    sl_loop_stats stats = {.size = sizeof stats};
    must(sl_loop_schedule_timer(engine->loop, 0, 0, on_blink, engine, NULL, NULL), "timer");
    fetch(engine, 'A', on_a);
    sleep_until(engine, 1, false);
    must(sl_loop_read_stats(engine->loop, &stats), "sl_loop_read_stats");
    must_hold(stats.posts_pending == 1 && stats.posts_run == 0, "the completion of A waits");
    must_hold(stats.timers_active == 1 && stats.timers_fired == 0, "the timer that is due waits");
    must_hold(engine->requested == 1 && engine->posted == 1, "B was never asked for");

    must(sl_loop_poll(engine->loop, UINT32_MAX, NULL), "sl_loop_poll");
    must_hold(engine->blinked, "one poll by hand runs the timer");
    must_hold(engine->completed == 1 && engine->requested == 2,
              "and the callback, which asks for B");
    sleep_until(engine, 2, false);
    while (!engine->settled) { /* by hand, on this thread */
        must(sl_loop_run_once(engine->loop, STUCK_S * 1000, NULL), "sl_loop_run_once");
    }
    check_that_all_is_done(engine);
    printf("A came and nothing moved until the host polled; then B and the timers did\n");
}

int main(int argc, char *argv[]) {
    struct engine engine = {0};
    bool driven = argc < 2 || strcmp(argv[1], "no-drive") != 0;
    engine_start(&engine);
    if (driven) {
        with_drive(&engine);
    } else {
        without_drive(&engine);
    }
    engine_end(&engine);
    must_hold(sl_live_handles() == 0, "nothing is left alive");
    return EXIT_SUCCESS;
}
