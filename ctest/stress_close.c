/*
 * Runners that are closed while three threads use them: 1,000 rounds, the seed is 20261 and the
 * number of the round. What differs between two runs is only the threads' order.
 */
#include "sl_host.h"

#include "script_test.h"

enum { ROUNDS = 1000, THREADS = 3, STEPS = 40, JOBS_MAX = THREADS * STEPS };

/* xorshift64*. */
static uint64_t random_next(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

/* What has become of one job. */
typedef struct fate {
    atomic_uint callbacks;
    atomic_uint drops;
    atomic_uint actions;
} fate;

typedef struct game {
    sl_script_runner *runner;
    sl_action_queue *queue;
    pthread_barrier_t barrier;
    fate fates[JOBS_MAX];
    uint32_t deliveries[JOBS_MAX]; /* each written by one thread */
    atomic_uint accepted;
    atomic_uint drained;
    atomic_bool is_freed;
} game;

typedef struct player {
    game *game;
    uint64_t seed;
    unsigned number;
    sl_job_id last;
    unsigned jobs;
} player;

static void on_result(void *userdata, const sl_script_result *result) {
    fate *fate = userdata;
    SL_CHECK(result->outcome == SL_OUTCOME_OK || result->outcome == SL_OUTCOME_CLOSED ||
             result->outcome == SL_OUTCOME_CANCELLED);
    SL_CHECK_EQ(atomic_load(&fate->drops), 0);
    atomic_fetch_add(&fate->callbacks, 1);
}

static void on_drop(void *userdata) {
    atomic_fetch_add(&((fate *)userdata)->drops, 1);
}

static void on_action(void *userdata, const sl_action *action) {
    game *game = userdata;
    if (action->kind == SL_ACTION_KIND_SCRIPT_RESULT) {
        SL_CHECK(action->owner < JOBS_MAX);
        atomic_fetch_add(&game->fates[action->owner].actions, 1);
        atomic_fetch_add(&game->drained, 1);
    }
}

/* A status of a runner that another thread may have freed; true when it has. */
static bool is_stale(const game *game, sl_status status, sl_status also) {
    if (status == SL_STATUS_STALE_HANDLE) {
        SL_CHECK(atomic_load(&game->is_freed));
        return true;
    }
    SL_CHECK(status == SL_STATUS_OK || status == also);
    return false;
}

static void enqueue_one(player *me, uint64_t random) {
    static const char *sources[] = {"return 1", "while true do end", "return ...",
                                    "engine.post_to_main_thread('a') return 2"};
    game *game = me->game;
    unsigned at = me->number * STEPS + me->jobs;
    sl_script_job job = job_of(sources[random % 4]);
    job.owner = at;
    job.affinity = random >> 8 & 3;
    job.priority = (random >> 16 & 7) == 0 ? SL_PRIORITY_HIGH : SL_PRIORITY_NORMAL;
    job.delivery = (uint32_t[]){SL_DELIVERY_ACTION, SL_DELIVERY_WORKER, SL_DELIVERY_BOTH,
                                SL_DELIVERY_NONE}[random >> 24 & 3];
    job.on_result = on_result;
    job.userdata = &game->fates[at];
    job.drop = on_drop;
    sl_job_id id = 0;
    game->deliveries[at] = job.delivery;
    sl_status status = sl_script_runner_enqueue(game->runner, &job, &id);
    if (!is_stale(game, status, SL_STATUS_CLOSED) && status == SL_STATUS_OK) {
        me->last = id;
        me->jobs++;
        atomic_fetch_add(&game->accepted, 1);
    }
}

static void ask(const player *me) {
    bool is_pending = false;
    sl_status status = sl_script_runner_is_job_pending(me->game->runner, me->last, &is_pending);
    SL_CHECK(me->last != 0 || !is_pending);
    is_stale(me->game, status, SL_STATUS_OK);
}

static void free_runner(game *game) {
    atomic_store(&game->is_freed, true);
    is_stale(game, sl_script_runner_free(game->runner), SL_STATUS_OK);
}

static void take_a_step(player *me) {
    game *game = me->game;
    uint64_t random = random_next(&me->seed);
    unsigned what = random >> 32 & 127;
    if (what < 70) {
        enqueue_one(me, random);
    } else if (what < 85) {
        ask(me);
    } else if (what < 105) {
        is_stale(game, sl_script_runner_cancel(game->runner, me->last), SL_STATUS_NOT_FOUND);
    } else if (what < 120) {
        sl_status status = sl_action_queue_drain(game->queue, NULL, on_action, game, NULL);
        SL_CHECK_OK(status);
    } else if (what < 124) {
        uint32_t wait_ms = random >> 40 & 1;
        sl_status status = sl_script_runner_close_gracefully(game->runner, wait_ms);
        is_stale(game, status, SL_STATUS_TIMEOUT);
    } else if (what < 127) {
        is_stale(game, sl_script_runner_close(game->runner), SL_STATUS_OK);
    } else {
        free_runner(game);
    }
}

static void *play(void *argument) {
    player *me = argument;
    int met = pthread_barrier_wait(&me->game->barrier);
    SL_CHECK(met == 0 || met == PTHREAD_BARRIER_SERIAL_THREAD);
    for (int step = 0; step < STEPS; step++) {
        take_a_step(me);
    }
    return NULL;
}

/* Each accepted job has one result where it was wanted, one callback, and its drop. */
static void audit(game *game, const player *players) {
    unsigned actions = 0;
    for (unsigned thread = 0; thread < THREADS; thread++) {
        for (unsigned i = 0; i < STEPS; i++) {
            unsigned at = thread * STEPS + i;
            bool accepted = i < players[thread].jobs;
            uint32_t delivery = game->deliveries[at];
            bool called = delivery == SL_DELIVERY_WORKER || delivery == SL_DELIVERY_BOTH;
            bool acts = delivery == SL_DELIVERY_ACTION || delivery == SL_DELIVERY_BOTH;
            SL_CHECK_EQ(game->fates[at].drops, accepted);
            SL_CHECK_EQ(game->fates[at].callbacks, accepted && called);
            SL_CHECK_EQ(game->fates[at].actions, accepted && acts);
            actions += accepted && acts;
        }
    }
    SL_CHECK_EQ(game->drained, actions);
}

/* The last way out differs: closed before, drained before, or neither. */
static void end(game *game, uint64_t number) {
    if (!atomic_load(&game->is_freed)) {
        if (number % 3 == 0) {
            uint64_t count = 0;
            SL_CHECK_OK(sl_script_runner_cancel_all(game->runner, &count));
            SL_CHECK_OK(sl_script_runner_close_gracefully(game->runner, UINT32_MAX));
        } else if (number % 3 == 1) {
            SL_CHECK_OK(sl_script_runner_close(game->runner));
            SL_CHECK_OK(sl_script_runner_close_gracefully(game->runner, UINT32_MAX));
        }
        sl_script_runner_stats stats = {.size = sizeof stats};
        SL_CHECK_OK(sl_script_runner_read_stats(game->runner, &stats));
        SL_CHECK_EQ(stats.accepted, game->accepted);
        SL_CHECK(number % 3 == 2 || stats.delivered == stats.accepted);
        SL_CHECK_OK(sl_script_runner_free(game->runner));
    }
    SL_CHECK_OK(sl_action_queue_drain(game->queue, NULL, on_action, game, NULL));
}

static void play_round(uint64_t number) {
    static struct game game;
    memset(&game, 0, sizeof game);
    game.queue = host_queue(4, SL_WHEN_FULL_BLOCK, UINT32_MAX);
    sl_script_runner_config config = config_of(1 + number % 3, 1 + number % 2);
    config.actions = game.queue;
    config.job_capacity = JOBS_MAX;
    SL_CHECK_OK(sl_script_runner_new(NULL, &config, &game.runner));
    SL_CHECK_EQ(pthread_barrier_init(&game.barrier, NULL, THREADS), 0);
    player players[THREADS];
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        players[i] = (player){.game = &game, .number = i};
        players[i].seed = 20261 * UINT64_C(1000003) + number * THREADS + i;
        threads[i] = host_thread(play, &players[i]);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        host_join(threads[i]);
    }
    SL_CHECK_EQ(pthread_barrier_destroy(&game.barrier), 0);
    end(&game, number);
    audit(&game, players);
    SL_CHECK_OK(sl_action_queue_free(game.queue));
    SL_CHECK_EQ(sl_live_handles(), 0);
}

SL_TEST(a_thousand_runners_are_closed_in_any_order_and_lose_nothing) {
    for (uint64_t number = 0; number < ROUNDS; number++) {
        play_round(number);
    }
}
