/* Native jobs end early wherever they are, each with its one result: cancelled, closed, or with
 * the runner freed under them. */
#include "jobs_test.h"

static void expect_cancelled(const shop *shop, sl_job_id id) {
    given given = next_given(shop);
    SL_CHECK_EQ(given.id, id);
    SL_CHECK(!given.ok && given.cancelled);
    SL_CHECK_STR_EQ(given.text, "the job was cancelled");
    SL_CHECK(!given.had_native);
}

static sl_job_id submit_payload(const shop *shop, counted *counted, uint64_t owner) {
    sl_native_payload payload = payload_of(counted);
    sl_job_request request = request_of("echo", "x");
    request.native = &payload;
    request.owner = owner;
    return submit(shop, &request);
}

SL_TEST(a_waiting_job_is_cancelled_at_once_while_all_workers_are_busy) {
    shop shop = shop_of(1);
    door door;
    sl_job_id busy = occupy(&shop, &door);
    counted counted = {0};
    sl_job_id id = submit_payload(&shop, &counted, 0);
    SL_CHECK(is_pending(&shop, id));
    SL_CHECK_OK(sl_jobs_cancel(shop.jobs, id));
    SL_CHECK(!is_pending(&shop, id));
    SL_CHECK_EQ(counted.drops, 1);
    SL_CHECK_EQ(jobs_stats(&shop).ready, 1);
    expect_cancelled(&shop, id);
    SL_CHECK_STATUS(sl_jobs_cancel(shop.jobs, id), SL_STATUS_NOT_FOUND);
    SL_CHECK(is_pending(&shop, busy));
    sem_post(&door.opened);
    SL_CHECK(next_given(&shop).ok);
    SL_CHECK(!is_pending(&shop, busy));
    SL_CHECK_STATUS(sl_jobs_cancel(shop.jobs, busy), SL_STATUS_NOT_FOUND);
    shop_free(&shop);
    SL_CHECK_EQ(counted.drops, 1);
}

SL_TEST(a_cancelled_job_leaves_its_place_at_the_runner) {
    sl_script_runner_config config = config_of(1, 1);
    config.job_capacity = 2;
    shop shop = shop_with(&config, 0);
    door door;
    occupy(&shop, &door);
    for (int i = 0; i < 5; ++i) {
        /* The runner's watch takes the cancelled one out in its own time. */
        sl_job_request request = request_of("echo", "");
        sl_job_id id = 0;
        sl_status status;
        while ((status = sl_jobs_submit(shop.jobs, &request, &id)) == SL_STATUS_FULL) {
            sched_yield();
        }
        SL_CHECK_OK(status);
        SL_CHECK_OK(sl_jobs_cancel(shop.jobs, id));
        expect_cancelled(&shop, id);
    }
    sem_post(&door.opened);
    shop_free(&shop);
}

static void look_until_cancelled(void *userdata, sl_job *job) {
    bool cancelled = false;
    SL_CHECK_OK(sl_job_is_cancelled(job, &cancelled));
    SL_CHECK(!cancelled);
    sem_post(userdata);
    while (!cancelled) {
        sched_yield();
        SL_CHECK_OK(sl_job_is_cancelled(job, &cancelled));
    }
    SL_CHECK_OK(sl_job_return_text(job, "in vain", 7));
    SL_CHECK_OK(sl_job_return_aux(job, 0, 1));
}

SL_TEST(a_job_that_runs_is_told_and_its_result_is_cancelled_whatever_it_gives) {
    shop shop = shop_of(1);
    sem_t begun;
    sem_init(&begun, 0, 0);
    register_kind(&shop, "look", look_until_cancelled, &begun);
    counted counted = {0};
    sl_native_payload payload = payload_of(&counted);
    sl_job_request request = request_of("look", "");
    request.native = &payload;
    sl_job_id id = submit(&shop, &request);
    wait_for(&begun);
    SL_CHECK_OK(sl_jobs_cancel(shop.jobs, id));
    wait_ready(&shop, 1);
    SL_CHECK_EQ(counted.drops, 1);
    given given = next_given(&shop);
    SL_CHECK(given.cancelled);
    SL_CHECK_STR_EQ(given.text, "the job was cancelled");
    SL_CHECK_EQ(given.aux[0], 0);
    SL_CHECK(!given.had_native);
    shop_free(&shop);
    SL_CHECK_EQ(counted.drops, 1);
}

SL_TEST(a_job_that_runs_is_pending_until_its_handler_returns_and_may_be_cancelled_twice) {
    shop shop = shop_of(1);
    door door;
    sl_job_id id = occupy(&shop, &door);
    SL_CHECK_OK(sl_jobs_cancel(shop.jobs, id));
    SL_CHECK_OK(sl_jobs_cancel(shop.jobs, id));
    SL_CHECK(is_pending(&shop, id));
    SL_CHECK_EQ(jobs_stats(&shop).running, 1);
    sem_post(&door.opened);
    expect_cancelled(&shop, id);
    shop_free(&shop);
}

SL_TEST(a_sleep_ends_when_it_is_cancelled) {
    shop shop = shop_of(1);
    sl_job_id id = submit_of(&shop, "sleep_ms", "18446744073709551615", 0);
    while (jobs_stats(&shop).running == 0) {
        sched_yield();
    }
    SL_CHECK_OK(sl_jobs_cancel(shop.jobs, id));
    expect_cancelled(&shop, id);
    submit_of(&shop, "sleep_ms", "3600000", 0);
    shop_free(&shop); /* closes: the test would time out */
}

SL_TEST(an_owner_and_all_are_counted_and_cancelled_in_order) {
    shop shop = shop_of(1);
    door door;
    sl_job_id busy = occupy(&shop, &door);
    for (uint64_t i = 0; i < 10; ++i) {
        submit_of(&shop, "echo", "", 7 + i % 2);
    }
    uint64_t count = 0;
    SL_CHECK_OK(sl_jobs_cancel_owner(shop.jobs, 9, &count));
    SL_CHECK_EQ(count, 0);
    SL_CHECK_OK(sl_jobs_cancel_owner(shop.jobs, 8, &count));
    SL_CHECK_EQ(count, 5);
    for (sl_job_id id = 3; id <= 11; id += 2) {
        expect_cancelled(&shop, id);
    }
    SL_CHECK_OK(sl_jobs_cancel_all(shop.jobs, &count));
    SL_CHECK_EQ(count, 6); /* the one that runs as well */
    for (sl_job_id id = 2; id <= 10; id += 2) {
        expect_cancelled(&shop, id);
    }
    SL_CHECK_EQ(jobs_stats(&shop).ready, 0);
    sem_post(&door.opened);
    expect_cancelled(&shop, busy);
    SL_CHECK_EQ(jobs_stats(&shop).cancelled, 11);
    shop_free(&shop);
}

SL_TEST(the_runner_cancels_by_owner_and_all_but_not_by_its_ids) {
    shop shop = shop_of(1);
    door door;
    sl_job_id busy = occupy(&shop, &door);
    sl_script_job script = job_of("return 1");
    script.owner = 4;
    sl_job_id script_id = enqueue(&shop.host, &script);
    submit_of(&shop, "echo", "", 4);
    submit_of(&shop, "echo", "", 5);
    SL_CHECK_STATUS(sl_script_runner_cancel(shop.host.runner, 1), SL_STATUS_NOT_FOUND);
    uint64_t count = 0;
    SL_CHECK_OK(sl_script_runner_cancel_owner(shop.host.runner, 4, &count));
    SL_CHECK_EQ(count, 2);
    expect_cancelled(&shop, 2);
    sl_action action = next_action(&shop.host);
    SL_CHECK_EQ(action.id, script_id);
    SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_CANCELLED);
    SL_CHECK_OK(sl_action_free(&action));
    SL_CHECK_OK(sl_script_runner_cancel_all(shop.host.runner, &count));
    SL_CHECK_EQ(count, 2);
    expect_cancelled(&shop, 3);
    sem_post(&door.opened);
    expect_cancelled(&shop, busy);
    shop_free(&shop);
}

SL_TEST(close_gives_every_job_a_result_and_may_be_repeated) {
    shop shop = shop_of(1);
    door door;
    sl_job_id busy = occupy(&shop, &door);
    counted counted = {0};
    for (int i = 0; i < 100; ++i) {
        submit_payload(&shop, &counted, 0);
    }
    SL_CHECK_OK(sl_jobs_close(shop.jobs));
    SL_CHECK_EQ(counted.drops, 100);
    for (sl_job_id id = 2; id <= 101; ++id) {
        expect_cancelled(&shop, id);
    }
    sl_job_request request = request_of("echo", "");
    SL_CHECK_STATUS(sl_jobs_submit(shop.jobs, &request, NULL), SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_jobs_register_builtins(shop.jobs), SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_jobs_register(shop.jobs, "k", 1, pass_door, &counted, count_drop),
                    SL_STATUS_CLOSED);
    SL_CHECK_OK(sl_jobs_close(shop.jobs));
    SL_CHECK_EQ(counted.drops, 100);
    sem_post(&door.opened);
    expect_cancelled(&shop, busy);
    SL_CHECK_OK(sl_jobs_close(shop.jobs));
    SL_CHECK_EQ(jobs_stats(&shop).refused, 1);
    SL_CHECK_EQ(jobs_stats(&shop).ready, 0);
    shop_free(&shop);
}

static void *free_jobs(void *jobs) {
    SL_CHECK_OK(sl_jobs_free(jobs));
    return NULL;
}

typedef struct leaver {
    sem_t begun;
    atomic_bool left;
    counted dropped;
} leaver;

static void leave_late(void *userdata, sl_job *job) {
    leaver *leaver = userdata;
    bool cancelled = false;
    sem_post(&leaver->begun);
    while (!cancelled) {
        sched_yield();
        SL_CHECK_OK(sl_job_is_cancelled(job, &cancelled));
    }
    for (int i = 0; i < 1000; ++i) {
        sched_yield();
    }
    atomic_store(&leaver->left, true);
}

static void drop_leaver(void *userdata) {
    leaver *leaver = userdata;
    SL_CHECK(atomic_load(&leaver->left));
    count_drop(&leaver->dropped);
}

SL_TEST(free_waits_for_the_handlers_that_run) {
    shop shop = shop_of(1);
    leaver leaver = {.left = false};
    sem_init(&leaver.begun, 0, 0);
    SL_CHECK_OK(sl_jobs_register(shop.jobs, "late", 4, leave_late, &leaver, drop_leaver));
    submit_of(&shop, "late", "", 0);
    wait_for(&leaver.begun);
    SL_CHECK_OK(sl_jobs_free(shop.jobs));
    SL_CHECK(atomic_load(&leaver.left));
    SL_CHECK_EQ(leaver.dropped.drops, 1);
    host_free(&shop.host);
    SL_CHECK_OK(sl_loop_free(shop.loop));
}

static void free_on_worker(void *userdata, sl_job *job) {
    (void)job;
    shop *shop = userdata;
    SL_CHECK_STATUS(sl_jobs_free(shop->jobs), SL_STATUS_WOULD_DEADLOCK);
    SL_CHECK_STATUS(sl_script_runner_free(shop->host.runner), SL_STATUS_WOULD_DEADLOCK);
    SL_CHECK_OK(sl_jobs_close(shop->jobs)); /* this does not wait */
}

SL_TEST(a_handler_cannot_free_what_runs_it) {
    shop shop = shop_of(1);
    register_kind(&shop, "free", free_on_worker, &shop);
    sl_job_id id = submit_of(&shop, "free", "", 0);
    expect_cancelled(&shop, id);
    shop_free(&shop);
}

SL_TEST(the_runner_may_be_freed_first) {
    shop shop = shop_of(1);
    sem_t begun;
    sem_init(&begun, 0, 0);
    register_kind(&shop, "look", look_until_cancelled, &begun);
    sl_job_id busy = submit_of(&shop, "look", "", 0);
    wait_for(&begun);
    counted counted = {0};
    for (int i = 0; i < 10; ++i) {
        submit_payload(&shop, &counted, 0);
    }
    host_free(&shop.host);
    SL_CHECK_EQ(counted.drops, 10);
    /* Those that waited end in order; the one that ran may end between any two of them. */
    sl_job_id next = busy + 1;
    for (int results = 0, ran = 0; results < 11; ++results) {
        given given = next_given(&shop);
        SL_CHECK(!given.ok && given.cancelled);
        if (given.id == busy) {
            SL_CHECK_EQ(ran++, 0);
        } else {
            SL_CHECK_EQ(given.id, next++);
        }
    }
    sl_job_request request = request_of("echo", "");
    SL_CHECK_STATUS(sl_jobs_submit(shop.jobs, &request, NULL), SL_STATUS_CLOSED);
    request.kind = "none";
    SL_CHECK_STATUS(sl_jobs_submit(shop.jobs, &request, NULL), SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_jobs_cancel(shop.jobs, busy), SL_STATUS_NOT_FOUND);
    SL_CHECK_OK(sl_jobs_free(shop.jobs));
    SL_CHECK_OK(sl_loop_free(shop.loop));
}

SL_TEST(no_deadline_of_the_runner_ends_a_native_job) {
    sl_script_runner_config config = config_of(1, 1);
    config.deadline_ms = 1;
    shop shop = shop_with(&config, 0);
    submit_of(&shop, "sleep_ms", "200", 0); /* longer than the watch is patient with a script */
    SL_CHECK(next_given(&shop).ok);
    SL_CHECK_EQ(stats_of(&shop.host).workers_replaced, 0);
    shop_free(&shop);
}

/* A pool of the host's with one thread for each task. */
typedef struct task {
    sl_script_task_fn run;
    void *task;
} task;

static void *run_task(void *argument) {
    task *task = argument;
    task->run(task->task);
    free(task);
    return NULL;
}

static void submit_task(void *userdata, sl_script_task_fn run, void *to_run) {
    (void)userdata;
    task *task = malloc(sizeof *task);
    task->run = run;
    task->task = to_run;
    pthread_t thread;
    SL_CHECK_EQ(pthread_create(&thread, NULL, run_task, task), 0);
    SL_CHECK_EQ(pthread_detach(thread), 0);
}

SL_TEST(the_hosts_own_pool_runs_jobs_as_well) {
    sl_script_runner_config config = config_of(2, 1);
    config.submit = submit_task;
    shop shop = shop_with(&config, 0);
    for (int i = 0; i < 100; ++i) {
        submit_of(&shop, "uppercase", "text", 0);
        check_text(&shop.host, "return 1", "1");
        SL_CHECK_STR_EQ(next_given(&shop).text, "TEXT");
    }
    sem_t begun;
    sem_init(&begun, 0, 0);
    register_kind(&shop, "look", look_until_cancelled, &begun);
    for (int i = 0; i < 5; ++i) {
        submit_of(&shop, "look", "", 0);
    }
    wait_for(&begun);
    pthread_t thread;
    SL_CHECK_EQ(pthread_create(&thread, NULL, free_jobs, shop.jobs), 0);
    SL_CHECK_EQ(pthread_join(thread, NULL), 0);
    host_free(&shop.host);
    SL_CHECK_OK(sl_loop_free(shop.loop));
}
