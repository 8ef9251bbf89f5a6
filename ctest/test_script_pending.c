/* A job is pending from its enqueue until its result is there, wherever it is meanwhile. */
#include "script_limits.h"

static bool pending(const host *host, sl_job_id id) {
    bool is_pending = false;
    SL_CHECK_OK(sl_script_runner_is_job_pending(host->runner, id, &is_pending));
    return is_pending;
}

static void take(const host *host, sl_job_id id) {
    sl_action action = next_action(host);
    SL_CHECK_EQ(action.id, id);
    SL_CHECK(!pending(host, id));
    SL_CHECK_OK(sl_action_free(&action));
}

SL_TEST(an_id_that_was_never_given_is_not_pending) {
    host host = host_of(1, 1);
    gate gate;
    SL_CHECK(!pending(&host, 1));
    gate_close(&gate, &host, 0);
    sl_job_id others[] = {0, 2, 1 + (UINT64_C(1) << 16), 1 | UINT64_C(1) << 63, UINT64_MAX};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        SL_CHECK(!pending(&host, others[i]));
    }
    gate_open(&gate);
    host_free(&host);
}

SL_TEST(a_job_that_waits_behind_others_is_pending_until_its_action_is_there) {
    host host = host_of(1, 1);
    gate gate;
    gate_close(&gate, &host, 0);
    sl_script_job job = job_of("return 1");
    sl_job_id ids[12];
    for (int i = 0; i < 12; i++) {
        job.affinity = i % 3;
        ids[i] = enqueue(&host, &job);
    }
    for (int i = 0; i < 12; i++) {
        SL_CHECK(pending(&host, ids[i]));
    }
    SL_CHECK_OK(sl_script_runner_cancel(host.runner, ids[5]));
    take(&host, ids[5]);
    gate_open(&gate);
    for (int i = 0; i < 11; i++) {
        sl_action action = next_action(&host);
        SL_CHECK(!pending(&host, action.id));
        SL_CHECK_OK(sl_action_free(&action));
    }
    host_free(&host);
}

SL_TEST(a_job_that_waits_for_a_state_or_runs_is_pending) {
    hold hold;
    host host = holding_host(&hold, 2, 1);
    sl_script_job job = job_of("hold()");
    sl_job_id runs = enqueue(&host, &job);
    wait_for(&hold.entered);
    job = job_of("return 1");
    sl_job_id waits = enqueue(&host, &job);
    while (stats_of(&host).running != 2) {
        sched_yield();
    }
    SL_CHECK(pending(&host, runs));
    SL_CHECK(pending(&host, waits));
    sem_post(&hold.let_go);
    take(&host, runs);
    take(&host, waits);
    host_free(&host);
    wait_for(&hold.dropped);
}

SL_TEST(a_job_that_is_taken_away_from_a_stuck_worker_is_pending_until_then) {
    hold hold;
    host host = holding_host(&hold, 1, 1);
    sl_script_job job = job_of("hold()");
    sl_job_id id = enqueue(&host, &job);
    wait_for(&hold.entered);
    SL_CHECK_OK(sl_script_runner_cancel(host.runner, id));
    SL_CHECK(pending(&host, id) || stats_of(&host).workers_replaced == 1);
    take(&host, id);
    SL_CHECK_OK(sl_script_runner_close_gracefully(host.runner, UINT32_MAX));
    sem_post(&hold.let_go);
    host_free(&host);
    wait_for(&hold.dropped);
}

typedef struct asked {
    const host *host;
    sem_t returns;
} asked;

static void ask_in_callback(void *userdata, const sl_script_result *result) {
    asked *asked = userdata;
    SL_CHECK(pending(asked->host, result->id));
}

static void note_drop(void *userdata) {
    sem_post(&((asked *)userdata)->returns);
}

SL_TEST(a_job_is_pending_inside_its_callback_and_not_after_it) {
    host host = host_of(1, 1);
    asked asked = {.host = &host};
    SL_CHECK_EQ(sem_init(&asked.returns, 0, 0), 0);
    sl_script_job job = job_of("return 1");
    job.on_result = ask_in_callback;
    job.userdata = &asked;
    job.drop = note_drop;
    job.delivery = SL_DELIVERY_BOTH;
    take(&host, enqueue(&host, &job));
    job.delivery = SL_DELIVERY_WORKER;
    sl_job_id id = enqueue(&host, &job);
    job.delivery = SL_DELIVERY_NONE;
    sl_job_id unheard = enqueue(&host, &job);
    SL_CHECK_OK(sl_script_runner_close_gracefully(host.runner, UINT32_MAX));
    SL_CHECK(!pending(&host, id));
    SL_CHECK(!pending(&host, unheard));
    for (int i = 0; i < 3; i++) {
        SL_CHECK_EQ(sem_trywait(&asked.returns), 0);
    }
    host_free(&host);
}

SL_TEST(what_a_job_posts_is_no_result) {
    host host = host_of(1, 1);
    sl_script_job job = job_of("engine.post_to_main_thread('begun') " ENDLESS);
    sl_job_id id = enqueue(&host, &job);
    sl_action begun = next_action(&host);
    SL_CHECK_EQ(begun.id, id);
    SL_CHECK(pending(&host, id));
    SL_CHECK_OK(sl_action_free(&begun));
    SL_CHECK_OK(sl_script_runner_close(host.runner));
    take(&host, id);
    host_free(&host);
}

static void wait_in_native(void *userdata, sl_job *job) {
    hold *hold = userdata;
    (void)job;
    sem_post(&hold->entered);
    wait_for(&hold->let_go);
}

SL_TEST(the_place_of_a_native_job_is_no_id_of_a_script) {
    host host = host_of(1, 1);
    hold hold;
    hold_function(&hold);
    sl_jobs *jobs = NULL;
    SL_CHECK_OK(sl_jobs_new(host.runner, NULL, NULL, &jobs));
    SL_CHECK_OK(sl_jobs_register(jobs, "wait", 4, wait_in_native, &hold, NULL));
    sl_job_request request;
    SL_CHECK_OK(sl_job_request_init(&request, sizeof request));
    request.kind = "wait";
    request.kind_len = 4;
    SL_CHECK_OK(sl_jobs_submit(jobs, &request, NULL));
    wait_for(&hold.entered);
    sl_script_job job = job_of("return 1");
    sl_job_id id = enqueue(&host, &job);
    for (sl_job_id other = 0; other < id; other++) {
        SL_CHECK(!pending(&host, other));
    }
    SL_CHECK(pending(&host, id));
    sem_post(&hold.let_go);
    take(&host, id);
    SL_CHECK_OK(sl_jobs_free(jobs));
    host_free(&host);
}

/* A job that takes long lives on while so many come and go that its place is another's. */
SL_TEST(an_old_job_is_pending_however_many_have_ended_since) {
    sl_script_runner_config config = config_of(2, 2);
    config.job_capacity = 4;
    host host = host_with(&config);
    gate gate;
    gate_close(&gate, &host, 0);
    sl_script_job job = job_of("return 1");
    for (int i = 0; i < 20; i++) {
        sl_job_id id = enqueue(&host, &job);
        SL_CHECK(pending(&host, 1));
        take(&host, id);
        SL_CHECK(pending(&host, 1));
    }
    gate_open(&gate);
    SL_CHECK_OK(sl_script_runner_close_gracefully(host.runner, UINT32_MAX));
    SL_CHECK(!pending(&host, 1));
    host_free(&host);
}

/* Asks from its enqueue on: at the first no the action is there. */
SL_TEST(whoever_is_told_that_a_job_has_ended_finds_its_action) {
    host host = host_of(2, 2);
    sl_script_job job = job_of("return 1");
    for (int i = 0; i < 2000; i++) {
        job.affinity = i % 3;
        sl_job_id id = enqueue(&host, &job);
        while (pending(&host, id)) {
            sched_yield();
        }
        sl_action action = {.size = sizeof action};
        SL_CHECK_OK(sl_action_queue_try_pop(host.actions, &action));
        SL_CHECK_EQ(action.id, id);
        SL_CHECK_OK(sl_action_free(&action));
    }
    host_free(&host);
}

SL_TEST(whoever_has_an_action_is_told_that_its_job_has_ended) {
    host host = host_of(2, 2);
    sl_script_job job = job_of("return 1");
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 50; i++) {
            job.affinity = i % 3;
            enqueue(&host, &job);
        }
        for (int i = 0; i < 50; i++) {
            sl_action action = next_action(&host);
            SL_CHECK(!pending(&host, action.id));
            SL_CHECK_OK(sl_action_free(&action));
        }
    }
    host_free(&host);
}
