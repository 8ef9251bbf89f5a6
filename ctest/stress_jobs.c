/* Native jobs under load. Seeds are fixed: what differs between two runs is the threads' order. */
#include "jobs_test.h"
#include "sl_host.h"

enum { PRODUCERS = 3, JOBS_EACH = 40000, JOBS = PRODUCERS * JOBS_EACH };

/* What every job leaves behind: how often its result was seen, and its payload freed. */
static atomic_uchar seen[JOBS + 1];
static atomic_uchar freed[JOBS + 1];

static void note_freed(void *userdata) {
    atomic_fetch_add((atomic_uchar *)userdata, 1);
}

typedef struct load {
    const shop *shop;
    atomic_uint_fast64_t submitted;
    atomic_bool stop;
    uint64_t cancelled; /* what the disturber was told; it alone writes */
} load;

typedef struct producer {
    load *load;
    uint64_t number;
} producer;

static void work(void *userdata, sl_job *job) {
    (void)userdata;
    uint64_t random;
    memcpy(&random, job->payload, sizeof random);
    sl_native_payload taken;
    if (random % 5 == 0) {
        SL_CHECK_OK(sl_job_take_payload(job, &taken));
        if (random % 10 == 0) {
            SL_CHECK_OK(sl_job_return_payload(job, &taken));
        } else {
            taken.drop(taken.userdata);
        }
    }
    if (random % 7 == 0) {
        SL_CHECK_OK(sl_job_return_error(job, "failed", 6));
    } else {
        SL_CHECK_OK(sl_job_return_text(job, job->payload, job->payload_len));
    }
}

static void *produce(void *argument) {
    const producer *producer = argument;
    load *load = producer->load;
    const char *kinds[] = {"work", "work", "echo", "nonsense"};
    const uint32_t priorities[] = {SL_PRIORITY_NORMAL, SL_PRIORITY_NORMAL, SL_PRIORITY_HIGH,
                                   SL_PRIORITY_LOW};
    uint64_t seed = producer->number + 1;
    for (uint64_t at = 0; at < JOBS_EACH; ++at) {
        uint64_t random = host_random(&seed);
        atomic_uchar *data = &freed[producer->number * JOBS_EACH + at];
        sl_native_payload payload = {
            .data = data, .data_size = 1, .userdata = data, .drop = note_freed};
        sl_job_request request = request_of(kinds[random % 4], "");
        request.payload = (const char *)&random;
        request.payload_len = sizeof random;
        request.native = &payload;
        request.owner = producer->number;
        request.priority = priorities[random >> 32 & 3];
        sl_status status;
        while ((status = sl_jobs_submit(load->shop->jobs, &request, NULL)) == SL_STATUS_FULL) {
            sched_yield();
        }
        SL_CHECK_OK(status);
        atomic_fetch_add(&load->submitted, 1);
    }
    return NULL;
}

static void note_seen(void *userdata, sl_job_result *result) {
    uint64_t *random = userdata;
    SL_CHECK(result->id >= 1 && result->id <= JOBS);
    SL_CHECK_EQ(atomic_fetch_add(&seen[result->id], 1), 0);
    SL_CHECK(result->ok || result->native == NULL);
    sl_native_payload taken;
    if (result->native != NULL && host_random(random) % 2 == 0) {
        SL_CHECK_OK(sl_job_result_take_payload(result, &taken));
        taken.drop(taken.userdata);
    }
}

/* Polls in all forms until all are there. */
static void *consume(void *argument) {
    load *load = argument;
    uint64_t random = 99;
    const char *kinds[] = {NULL, "work", "echo", "nonsense"};
    while (!atomic_load(&load->stop)) {
        uint64_t choice = host_random(&random);
        sl_job_filter filter = {.size = sizeof filter, .kind = kinds[choice & 3]};
        filter.kind_len = filter.kind == NULL ? 0 : strlen(filter.kind);
        filter.by_owner = choice >> 8 & 1;
        filter.owner = (choice >> 16) % PRODUCERS;
        uint32_t max = (uint32_t)(choice >> 32) % 64;
        uint64_t count = poll_with(load->shop, &filter, max, note_seen, &random);
        SL_CHECK(max == 0 || count <= max);
    }
    return NULL;
}

/* Cancels by id and owner, and reads the counters, which add up at every moment. */
static void *disturb(void *argument) {
    load *load = argument;
    uint64_t random = 7;
    while (!atomic_load(&load->stop)) {
        uint64_t last = jobs_stats(load->shop).accepted;
        sl_job_id id = last - host_random(&random) % 32;
        sl_status status = sl_jobs_cancel(load->shop->jobs, id);
        SL_CHECK(status == SL_STATUS_OK || status == SL_STATUS_NOT_FOUND);
        uint64_t count = status == SL_STATUS_OK;
        if (host_random(&random) % 64 == 0) {
            uint64_t more = 0;
            SL_CHECK_OK(sl_jobs_cancel_owner(load->shop->jobs, random % PRODUCERS, &more));
            count += more;
        }
        load->cancelled += count;
        sched_yield();
    }
    return NULL;
}

SL_TEST(a_hundred_thousand_jobs_have_one_result_and_free_their_payload_once_each) {
    sl_script_runner_config config = config_of(3, 2);
    shop shop = shop_with(&config, 2000);
    register_kind(&shop, "work", work, NULL);
    load load = {.shop = &shop};
    producer producers[PRODUCERS];
    pthread_t threads[PRODUCERS];
    pthread_t consumer = host_thread(consume, &load);
    pthread_t disturber = host_thread(disturb, &load);
    for (uint64_t i = 0; i < PRODUCERS; ++i) {
        producers[i] = (producer){&load, i};
        threads[i] = host_thread(produce, &producers[i]);
    }
    for (int i = 0; i < PRODUCERS; ++i) {
        host_join(threads[i]);
    }
    while (jobs_stats(&shop).delivered < JOBS) {
        sched_yield();
    }
    atomic_store(&load.stop, true);
    host_join(consumer);
    host_join(disturber);
    sl_jobs_stats stats = jobs_stats(&shop);
    SL_CHECK_EQ(stats.accepted, JOBS);
    SL_CHECK_EQ(stats.queued + stats.running + stats.ready, 0);
    SL_CHECK(stats.ok > 0 && stats.failed > 0);
    /* One that runs may be told so more than once; on a busy machine nobody may be told. */
    SL_CHECK(stats.cancelled <= load.cancelled);
    SL_CHECK_EQ(stats.cancelled > 0, load.cancelled > 0);
    SL_CHECK(stats.high_water <= 2000);
    for (int i = 0; i < JOBS; ++i) {
        SL_CHECK_EQ(seen[i + 1], 1);
        SL_CHECK_EQ(freed[i], 1);
    }
    shop_free(&shop);
}

SL_TEST(three_hundred_thousand_jobs_of_one_thread_come_back_in_order) {
    enum { COUNT = 300000 };
    shop shop = shop_of(1);
    sl_job_request request = request_of("echo", "payload");
    sl_job_id next = 1;
    for (int i = 0; i < COUNT; ++i) {
        while (sl_jobs_submit(shop.jobs, &request, NULL) == SL_STATUS_FULL) {
            sched_yield();
        }
        if (i % 1000 == 999) {
            given given;
            while (poll_with(&shop, NULL, 1, copy_result, &given) == 1) {
                SL_CHECK_EQ(given.id, next);
                ++next;
            }
        }
    }
    while (next <= COUNT) {
        SL_CHECK_EQ(next_given(&shop).id, next);
        ++next;
    }
    shop_free(&shop);
}

typedef struct end {
    shop shop;
    atomic_int drops;
    pthread_barrier_t start;
    bool runner_first;
} end;

static void count_end(void *userdata) {
    atomic_fetch_add((atomic_int *)userdata, 1);
}

static void *submit_until_the_end(void *argument) {
    end *end = argument;
    intptr_t accepted = 0;
    sl_native_payload payload = {.userdata = &end->drops, .drop = count_end};
    sl_job_request request = request_of("echo", "");
    request.native = &payload;
    pthread_barrier_wait(&end->start);
    sl_status status;
    do {
        status = sl_jobs_submit(end->shop.jobs, &request, NULL);
        accepted += status == SL_STATUS_OK;
    } while (status == SL_STATUS_OK || status == SL_STATUS_FULL);
    SL_CHECK(status == SL_STATUS_CLOSED || status == SL_STATUS_STALE_HANDLE);
    return (void *)accepted;
}

SL_TEST(an_end_in_the_middle_of_submits_frees_each_payload_once) {
    intptr_t sum = 0;
    for (int round = 0; round < 200; ++round) {
        end end = {.shop = shop_of(2), .runner_first = round % 2 == 0};
        host_barrier(&end.start, 3);
        pthread_t threads[2];
        for (int i = 0; i < 2; ++i) {
            threads[i] = host_thread(submit_until_the_end, &end);
        }
        pthread_barrier_wait(&end.start);
        for (int i = 0; i < round % 20; ++i) {
            sched_yield();
        }
        if (end.runner_first) {
            host_free(&end.shop.host);
        } else {
            SL_CHECK_OK(sl_jobs_free(end.shop.jobs));
        }
        intptr_t accepted = 0;
        for (int i = 0; i < 2; ++i) {
            void *own = NULL;
            SL_CHECK_EQ(pthread_join(threads[i], &own), 0);
            accepted += (intptr_t)own;
        }
        if (end.runner_first) {
            sl_jobs_stats stats = jobs_stats(&end.shop);
            SL_CHECK_EQ(stats.accepted, (uint64_t)accepted);
            SL_CHECK_EQ(stats.ready, stats.accepted); /* each has its result by now */
            SL_CHECK_OK(sl_jobs_free(end.shop.jobs));
        } else {
            host_free(&end.shop.host);
        }
        SL_CHECK_EQ(end.drops, accepted);
        sum += accepted;
        SL_CHECK_OK(sl_loop_free(end.shop.loop));
        pthread_barrier_destroy(&end.start);
    }
    SL_CHECK(sum > 1000);
}
