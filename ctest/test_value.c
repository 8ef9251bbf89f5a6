/* Values: what goes into scripts and comes out of them. */
#include <float.h>
#include <math.h>

#include "script_test.h"

/* Sends arguments through `return ...` on a runner of its own, and gives what came back. */
static sl_action echo(host *host, const sl_value *args, size_t args_len) {
    *host = host_of(1, 1);
    sl_script_job job = job_of("return ...");
    job.args = args;
    job.args_len = args_len;
    sl_action action = run_job(host, &job);
    SL_CHECK_STR_EQ(action.result->error, NULL);
    SL_CHECK_EQ(action.result->values_len, args_len);
    return action;
}

static void echo_done(host *host, sl_action *action) {
    SL_CHECK_OK(sl_action_free(action));
    host_free(host);
}

/* Enqueues with these arguments, which must be refused and leave no job behind. */
static void check_refused(const sl_script_runner_config *config, const sl_value *args,
                          size_t args_len, sl_status status) {
    host host = host_with(config);
    sl_script_job job = job_of("return ...");
    sl_job_id id = 77;
    job.args = args;
    job.args_len = args_len;
    SL_CHECK_STATUS(sl_script_runner_enqueue(host.runner, &job, &id), status);
    SL_CHECK_EQ(id, 77);
    SL_CHECK_EQ(stats_of(&host).accepted, 0);
    host_free(&host);
}

static void check_argument_refused(sl_value arg) {
    sl_script_runner_config config = config_of(1, 1);
    check_refused(&config, &arg, 1, SL_STATUS_INVALID_ARGUMENT);
}

SL_TEST(every_kind_makes_the_round_trip) {
    host host;
    int target = 0;
    sl_value items[2] = {integer_value(1), text_value("two")};
    sl_entry entries[1] = {{text_value("key"), number_value(0.5)}};
    sl_value args[8] = {nil_value(),           boolean_value(true),   integer_value(-7),
                        number_value(2.5),     text_value("bytes"),   array_value(items, 2),
                        map_value(entries, 1), pointer_value(&target)};
    sl_action action = echo(&host, args, 8);
    const sl_value *values = action.result->values;
    for (size_t at = 0; at < 8; at++) {
        SL_CHECK_EQ(values[at].kind, args[at].kind);
        SL_CHECK_EQ(values[at].reserved, 0);
    }
    SL_CHECK_EQ(values[1].as.boolean, true);
    SL_CHECK_EQ(values[2].as.integer, -7);
    SL_CHECK_EQ(values[3].as.number, 2.5);
    SL_CHECK_STR_EQ(values[4].as.bytes.data, "bytes");
    SL_CHECK_EQ(values[5].as.array.len, 2);
    SL_CHECK_EQ(values[5].as.array.items[0].as.integer, 1);
    SL_CHECK_STR_EQ(values[5].as.array.items[1].as.bytes.data, "two");
    SL_CHECK_EQ(field(&values[6], "key")->as.number, 0.5);
    SL_CHECK_EQ(values[7].as.pointer, (void *)&target);
    echo_done(&host, &action);
}

SL_TEST(integers_keep_all_64_bits) {
    host host;
    const int64_t integers[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, (1LL << 53) + 1, INT64_MAX};
    sl_value args[7];
    for (size_t at = 0; at < 7; at++) {
        args[at] = integer_value(integers[at]);
    }
    sl_action action = echo(&host, args, 7);
    for (size_t at = 0; at < 7; at++) {
        SL_CHECK_EQ(action.result->values[at].kind, SL_VALUE_KIND_INTEGER);
        SL_CHECK_EQ(action.result->values[at].as.integer, integers[at]);
    }
    echo_done(&host, &action);
}

SL_TEST(numbers_keep_their_bits) {
    host host;
    const double numbers[] = {-0.0,    0.0,     1.0,      INFINITY,          -INFINITY,
                              DBL_MIN, DBL_MAX, 4.9e-324, 9007199254740993.0};
    sl_value args[10];
    for (size_t at = 0; at < 9; at++) {
        args[at] = number_value(numbers[at]);
    }
    args[9] = number_value(NAN);
    sl_action action = echo(&host, args, 10);
    for (size_t at = 0; at < 9; at++) {
        SL_CHECK_EQ(action.result->values[at].kind, SL_VALUE_KIND_NUMBER);
        SL_CHECK(memcmp(&action.result->values[at].as.number, &numbers[at], 8) == 0);
    }
    SL_CHECK(isnan(action.result->values[9].as.number));
    echo_done(&host, &action);
}

SL_TEST(a_float_with_an_integral_value_stays_a_float) {
    host host = host_of(1, 1);
    sl_value one = number_value(1.0);
    sl_script_job job = job_of("return math.type(...)");
    job.args = &one;
    job.args_len = 1;
    sl_action action = run_job(&host, &job);
    SL_CHECK_STR_EQ(action.result->text, "float");
    echo_done(&host, &action);
}

SL_TEST(bytes_keep_every_byte_and_end_with_a_nul) {
    host host;
    char bytes[256];
    for (int byte = 0; byte < 256; byte++) {
        bytes[byte] = (char)byte;
    }
    sl_value args[2] = {bytes_value(bytes, 256), bytes_value(NULL, 0)};
    sl_action action = echo(&host, args, 2);
    sl_bytes all = action.result->values[0].as.bytes;
    SL_CHECK_EQ(all.len, 256);
    SL_CHECK(memcmp(all.data, bytes, 256) == 0);
    SL_CHECK_EQ(all.data[256], 0);
    sl_bytes none = action.result->values[1].as.bytes;
    SL_CHECK_EQ(action.result->values[1].kind, SL_VALUE_KIND_BYTES);
    SL_CHECK_EQ(none.len, 0);
    SL_CHECK_EQ(none.data[0], 0);
    echo_done(&host, &action);
}

SL_TEST(megabytes_arrive_whole) {
    host host;
    enum { LEN = 3 << 20 };
    char *bytes = malloc(LEN);
    SL_CHECK(bytes != NULL);
    for (size_t at = 0; at < LEN; at++) {
        bytes[at] = (char)(at * 7);
    }
    sl_value args[2] = {bytes_value(bytes, LEN), bytes_value(bytes, LEN / 2)};
    sl_action action = echo(&host, args, 2);
    SL_CHECK_EQ(action.result->values[0].as.bytes.len, LEN);
    SL_CHECK(memcmp(action.result->values[0].as.bytes.data, bytes, LEN) == 0);
    SL_CHECK(memcmp(action.result->values[1].as.bytes.data, bytes, LEN / 2) == 0);
    echo_done(&host, &action);
    free(bytes);
}

SL_TEST(a_boolean_is_true_whatever_its_byte) {
    host host;
    sl_value odd = boolean_value(false);
    memset(&odd.as, 2, 1);
    sl_action action = echo(&host, &odd, 1);
    SL_CHECK_EQ(action.result->values[0].as.boolean, true);
    SL_CHECK_STR_EQ(action.result->text, "true");
    echo_done(&host, &action);
}

SL_TEST(a_table_with_the_keys_1_to_n_is_an_array) {
    host host = host_of(1, 1);
    const char *sources[] = {"return {}",
                             "return {7}",
                             "return {7, 7, 7}",
                             "local t = {} for i = 100, 1, -1 do t[i] = 7 end return t",
                             "return {[2] = 7, [1] = 7}",
                             "return {[1.0] = 7}"};
    const size_t lens[] = {0, 1, 3, 100, 2, 1};
    for (size_t at = 0; at < 6; at++) {
        sl_action action = run_source(&host, sources[at]);
        const sl_value *value = &action.result->values[0];
        SL_CHECK_EQ(value->kind, SL_VALUE_KIND_ARRAY);
        SL_CHECK_EQ(value->as.array.len, lens[at]);
        for (size_t item = 0; item < lens[at]; item++) {
            SL_CHECK_EQ(value->as.array.items[item].as.integer, 7);
        }
        SL_CHECK_OK(sl_action_free(&action));
    }
    host_free(&host);
}

SL_TEST(any_other_table_is_a_map) {
    host host = host_of(1, 1);
    const char *sources[] = {"return {[2] = 7}",    "return {7, nil, 7}", "return {7, x = 7}",
                             "return {[0] = 7, 7}", "return {[-1] = 7}",  "return {[1.5] = 7}"};
    const size_t lens[] = {1, 2, 2, 2, 1, 1};
    for (size_t at = 0; at < 6; at++) {
        sl_action action = run_source(&host, sources[at]);
        const sl_value *value = &action.result->values[0];
        SL_CHECK_EQ(value->kind, SL_VALUE_KIND_MAP);
        SL_CHECK_EQ(value->as.map.len, lens[at]);
        SL_CHECK_OK(sl_action_free(&action));
    }
    host_free(&host);
}

SL_TEST(maps_nest_and_have_keys_of_every_scalar_kind) {
    host host;
    int target = 0;
    sl_entry inner[1] = {{integer_value(5), text_value("deep")}};
    sl_entry entries[5] = {{boolean_value(false), map_value(inner, 1)},
                           {integer_value(-3), nil_value()},
                           {number_value(0.25), boolean_value(true)},
                           {bytes_value("a\0b", 3), integer_value(1)},
                           {pointer_value(&target), array_value(NULL, 0)}};
    sl_value arg = map_value(entries, 5);
    sl_action action = echo(&host, &arg, 1);
    sl_map map = action.result->values[0].as.map;
    SL_CHECK_EQ(map.len, 4); /* a nil in a table is no entry */
    unsigned seen = 0;
    for (size_t at = 0; at < map.len; at++) {
        const sl_entry *entry = &map.entries[at];
        seen |= 1u << entry->key.kind;
        if (entry->key.kind == SL_VALUE_KIND_BOOLEAN) {
            SL_CHECK_STR_EQ(entry->value.as.map.entries[0].value.as.bytes.data, "deep");
        } else if (entry->key.kind == SL_VALUE_KIND_BYTES) {
            SL_CHECK_EQ(entry->key.as.bytes.len, 3);
            SL_CHECK(memcmp(entry->key.as.bytes.data, "a\0b", 4) == 0);
        } else if (entry->key.kind == SL_VALUE_KIND_POINTER) {
            SL_CHECK_EQ(entry->key.as.pointer, (void *)&target);
            SL_CHECK_EQ(entry->value.kind, SL_VALUE_KIND_ARRAY);
        }
    }
    SL_CHECK_EQ(seen, 1u << SL_VALUE_KIND_BOOLEAN | 1u << SL_VALUE_KIND_NUMBER |
                          1u << SL_VALUE_KIND_BYTES | 1u << SL_VALUE_KIND_POINTER);
    echo_done(&host, &action);
}

SL_TEST(a_table_that_is_reached_twice_comes_out_twice) {
    host host = host_of(1, 1);
    sl_action action = run_source(&host, "local t = {x = 1} return {t, t}, t");
    const sl_value *values = action.result->values;
    SL_CHECK_EQ(field(&values[0].as.array.items[0], "x")->as.integer, 1);
    SL_CHECK_EQ(field(&values[0].as.array.items[1], "x")->as.integer, 1);
    SL_CHECK_EQ(field(&values[1], "x")->as.integer, 1);
    echo_done(&host, &action);
}

SL_TEST(a_table_inside_itself_is_a_value_error_that_says_where) {
    host host = host_of(1, 1);
    uint32_t outcome = SL_OUTCOME_VALUE_ERROR;
    check_error(&host, "local t = {} t.a = {{b = t}} return 1, t", outcome,
                "result 2.a[1].b is a table that contains itself");
    check_error(&host, "local t = {} t['x y'] = t return t", outcome,
                "result 1[\"x y\"] is a table that contains itself");
    check_error(&host, "local t = {} t[t] = 1 return t", outcome, "result 1 has a table as a key");
    check_text(&host, "return 'usable'", "usable");
    host_free(&host);
}

SL_TEST(what_cannot_leave_its_state_is_a_value_error_that_says_where) {
    host host = trusted_host();
    uint32_t outcome = SL_OUTCOME_VALUE_ERROR;
    check_error(&host, "return {on = {update = print}}", outcome,
                "result 1.on.update is a function, which cannot leave its state");
    check_error(&host, "return coroutine.create(print)", outcome, "result 1 is a thread");
    check_error(&host, "return 1, 2, io.stdout", outcome, "result 3 is a userdata");
    check_error(&host, "return {[print] = 1}", outcome, "is a function");
    host_free(&host);
}

SL_TEST(conversion_runs_no_metamethods) {
    host host = host_of(1, 1);
    sl_action action = run_source(
        &host, "local function no() error('a metamethod ran') end\n"
               "return setmetatable({1, 2}, {__index = no, __len = no, __pairs = no}), 0");
    SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_OK);
    SL_CHECK_EQ(action.result->values[0].as.array.len, 2);
    echo_done(&host, &action);
}

SL_TEST(an_unknown_kind_is_refused) {
    for (uint32_t kind = 8; kind != 0; kind <<= 1) {
        sl_value value = nil_value();
        value.kind = kind;
        check_argument_refused(value);
    }
    sl_value inner = nil_value();
    inner.kind = UINT32_MAX;
    check_argument_refused(array_value(&inner, 1));
}

SL_TEST(null_with_a_length_is_refused) {
    check_argument_refused(bytes_value(NULL, 1));
    check_argument_refused(array_value(NULL, 1));
    check_argument_refused(map_value(NULL, 1));
    sl_script_runner_config config = config_of(1, 1);
    check_refused(&config, NULL, 1, SL_STATUS_NULL_ARGUMENT);
}

SL_TEST(a_length_that_no_memory_has_is_refused) {
    sl_value item = nil_value();
    sl_entry entry = {nil_value(), nil_value()};
    check_argument_refused(bytes_value("x", SIZE_MAX));
    check_argument_refused(array_value(&item, SIZE_MAX));
    check_argument_refused(map_value(&entry, SIZE_MAX / sizeof entry));
    sl_script_runner_config config = config_of(1, 1);
    check_refused(&config, &item, SIZE_MAX, SL_STATUS_INVALID_ARGUMENT);
}

SL_TEST(a_key_that_lua_has_not_is_refused) {
    sl_value item = integer_value(1);
    const sl_value keys[] = {nil_value(), number_value(NAN), array_value(&item, 1),
                             map_value(NULL, 0)};
    for (size_t at = 0; at < 4; at++) {
        sl_entry entry = {keys[at], integer_value(1)};
        check_argument_refused(map_value(&entry, 1));
    }
}

SL_TEST(an_array_inside_itself_is_refused) {
    sl_value item = nil_value();
    item = array_value(&item, 1);
    check_argument_refused(item);
}

SL_TEST(depth_is_bounded_both_ways) {
    sl_script_runner_config config = config_of(1, 1);
    config.value_depth_max = 3;
    sl_value lists[4] = {array_value(NULL, 0)};
    for (size_t at = 1; at < 4; at++) {
        lists[at] = array_value(&lists[at - 1], 1);
    }
    check_refused(&config, &lists[3], 1, SL_STATUS_INVALID_ARGUMENT);

    host host = host_with(&config);
    sl_script_job job = job_of("return ...");
    job.args = &lists[2];
    job.args_len = 1;
    sl_action action = run_job(&host, &job);
    SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_OK);
    SL_CHECK_OK(sl_action_free(&action));
    job.source = "return {a = ...}";
    job.source_len = strlen(job.source);
    action = run_job(&host, &job);
    SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_VALUE_ERROR);
    SL_CHECK_STR_EQ(action.result->error, "result 1.a[1][1] lies too deep in tables");
    echo_done(&host, &action);
}

SL_TEST(the_number_of_values_is_bounded_both_ways) {
    sl_script_runner_config config = config_of(1, 1);
    config.value_items_max = 4;
    sl_value items[4] = {integer_value(1), integer_value(2), integer_value(3), integer_value(4)};
    sl_value array = array_value(items, 4);
    check_refused(&config, &array, 1, SL_STATUS_INVALID_ARGUMENT);
    host host = host_with(&config);
    check_text(&host, "return 1, 2, 3, 4", "4");
    check_text(&host, "return {1, 2}, 'last'", "last");
    check_error(&host, "return {1, 2, 3, 4}", SL_OUTCOME_VALUE_ERROR, "one value too many");
    check_error(&host, "local t = {} for i = 1, 1e5 do t[i] = i end return t",
                SL_OUTCOME_VALUE_ERROR, "result 1[5] is one value too many");
    host_free(&host);
}

SL_TEST(bytes_are_bounded_both_ways) {
    sl_script_runner_config config = config_of(1, 1);
    config.value_bytes_max = 10;
    sl_value two[2] = {text_value("123456"), text_value("12345")};
    check_refused(&config, two, 2, SL_STATUS_INVALID_ARGUMENT);
    host host = host_with(&config);
    check_text(&host, "return '123456', '1234'", "1234");
    check_error(&host, "return {'123456', '12345'}", SL_OUTCOME_VALUE_ERROR,
                "result 1[2] makes the strings too long altogether");
    host_free(&host);
}

SL_TEST(a_tree_that_grows_without_end_is_bounded) {
    sl_script_runner_config config = config_of(1, 1);
    config.value_items_max = 100000;
    host host = host_with(&config);
    /* Each level doubles what is reached: 2^60 values from 60 tables. */
    check_error(&host, "local t = {} for i = 1, 60 do t = {t, t} end return t",
                SL_OUTCOME_VALUE_ERROR, "one value too many");
    host_free(&host);
}
