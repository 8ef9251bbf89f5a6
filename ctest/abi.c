/*
 * The layout that programs are built against, as numbers: sizes, offsets and values of a 64-bit
 * platform (LP64). Compiled, never run. A failure here is an incompatible change: raise SL_ABI.
 */
#include <scriptloop.h>

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " changed its size")
#define AT(type, field, offset)                                                                    \
    _Static_assert(offsetof(type, field) == (offset), #type "." #field " moved")
#define VALUE(name, value) _Static_assert((name) == (value), #name " changed its value")

/* Identifiers */
SIZE(sl_status, 4);
SIZE(sl_timer_id, 8);
SIZE(sl_job_id, 8);

/* Status */
VALUE(SL_STATUS_OK, 0);
VALUE(SL_STATUS_NULL_ARGUMENT, 1);
VALUE(SL_STATUS_INVALID_ARGUMENT, 2);
VALUE(SL_STATUS_STALE_HANDLE, 3);
VALUE(SL_STATUS_WRONG_KIND, 4);
VALUE(SL_STATUS_WRONG_THREAD, 5);
VALUE(SL_STATUS_REENTERED, 6);
VALUE(SL_STATUS_CLOSED, 7);
VALUE(SL_STATUS_FULL, 8);
VALUE(SL_STATUS_EMPTY, 9);
VALUE(SL_STATUS_TIMEOUT, 10);
VALUE(SL_STATUS_BUSY, 11);
VALUE(SL_STATUS_WOULD_DEADLOCK, 12);
VALUE(SL_STATUS_NOT_FOUND, 13);
VALUE(SL_STATUS_UNSUPPORTED, 14);
VALUE(SL_STATUS_NO_MEMORY, 15);
VALUE(SL_STATUS_SYSTEM, 16);
VALUE(SL_STATUS_PANIC, 17);

/* Log */
VALUE(SL_LOG_LEVEL_OFF, 0);
VALUE(SL_LOG_LEVEL_ERROR, 1);
VALUE(SL_LOG_LEVEL_WARN, 2);
VALUE(SL_LOG_LEVEL_INFO, 3);
VALUE(SL_LOG_LEVEL_DEBUG, 4);
VALUE(SL_LOG_LEVEL_TRACE, 5);

/* Loop */
VALUE(SL_BACKEND_DEFAULT, 0);
VALUE(SL_BACKEND_UV, 1);
VALUE(SL_CLOCK_SYSTEM, 0);
VALUE(SL_CLOCK_VIRTUAL, 1);
VALUE(SL_PRIORITY_CRITICAL, 0);
VALUE(SL_PRIORITY_HIGH, 50);
VALUE(SL_PRIORITY_NORMAL, 100);
VALUE(SL_PRIORITY_LOW, 200);
VALUE(SL_PRIORITY_IDLE, 1000);
VALUE(SL_STEP_FLAG_NESTED, 1);
VALUE(SL_REPEAT_FIXED_DELAY, 0);
VALUE(SL_REPEAT_FIXED_RATE, 1);
VALUE(SL_POST_BYTES_MAX, 64);
VALUE(SL_UNLIMITED, UINT64_MAX);

SIZE(sl_loop_config, 56);
AT(sl_loop_config, backend, 8);
AT(sl_loop_config, clock, 12);
AT(sl_loop_config, post_capacity, 16);
AT(sl_loop_config, timers_max, 20);
AT(sl_loop_config, spin_us, 24);
AT(sl_loop_config, uv_flags, 28);
AT(sl_loop_config, uv, 32);
AT(sl_loop_config, uv_loop, 40);
AT(sl_loop_config, uv_turn_us, 48);

SIZE(sl_step, 32);
AT(sl_step, max_work_us, 8);
AT(sl_step, max_wait_us, 16);
AT(sl_step, max_items, 24);
AT(sl_step, flags, 28);

SIZE(sl_report, 72);
AT(sl_report, items, 8);
AT(sl_report, timers, 16);
AT(sl_report, posts, 24);
AT(sl_report, actions, 32);
AT(sl_report, elapsed_ns, 40);
AT(sl_report, overshoot_ns, 48);
AT(sl_report, remaining, 56);
AT(sl_report, next_deadline_ns, 64);

SIZE(sl_timer_config, 32);
AT(sl_timer_config, delay_us, 8);
AT(sl_timer_config, repeat_us, 16);
AT(sl_timer_config, repeat_mode, 24);
AT(sl_timer_config, flags, 28);

SIZE(sl_loop_stats, 136);
AT(sl_loop_stats, polls, 8);
AT(sl_loop_stats, wakes, 16);
AT(sl_loop_stats, parks, 24);
AT(sl_loop_stats, posts_accepted, 32);
AT(sl_loop_stats, timers_scheduled, 72);
AT(sl_loop_stats, actions_run, 120);
AT(sl_loop_stats, posts_high_water, 128);

/* Values */
VALUE(SL_VALUE_KIND_NIL, 0);
VALUE(SL_VALUE_KIND_BOOLEAN, 1);
VALUE(SL_VALUE_KIND_INTEGER, 2);
VALUE(SL_VALUE_KIND_NUMBER, 3);
VALUE(SL_VALUE_KIND_BYTES, 4);
VALUE(SL_VALUE_KIND_ARRAY, 5);
VALUE(SL_VALUE_KIND_MAP, 6);
VALUE(SL_VALUE_KIND_POINTER, 7);

SIZE(sl_bytes, 16);
AT(sl_bytes, len, 8);
SIZE(sl_array, 16);
AT(sl_array, len, 8);
SIZE(sl_map, 16);
AT(sl_map, len, 8);
SIZE(sl_value_as, 16);
SIZE(sl_value, 24);
AT(sl_value, kind, 0);
AT(sl_value, as, 8);
SIZE(sl_entry, 48);
AT(sl_entry, value, 24);

/* Actions */
VALUE(SL_ACTION_KIND_SCRIPT_RESULT, 0);
VALUE(SL_ACTION_KIND_SCRIPT_MESSAGE, 0xFFFFFFFF);
VALUE(SL_WHEN_FULL_REFUSE, 0);
VALUE(SL_WHEN_FULL_BLOCK, 1);
VALUE(SL_WHEN_FULL_DROP_OLDEST, 2);

SIZE(sl_action, 72);
AT(sl_action, id, 8);
AT(sl_action, owner, 16);
AT(sl_action, context, 24);
AT(sl_action, message, 32);
AT(sl_action, message_len, 40);
AT(sl_action, result, 48);
AT(sl_action, ticket, 56);
AT(sl_action, kind, 64);
AT(sl_action, success, 68);

SIZE(sl_action_queue_config, 24);
AT(sl_action_queue_config, capacity, 8);
AT(sl_action_queue_config, when_full, 12);
AT(sl_action_queue_config, block_ms, 16);
AT(sl_action_queue_config, reserved, 20);

SIZE(sl_action_queue_stats, 56);
AT(sl_action_queue_stats, accepted, 8);
AT(sl_action_queue_stats, high_water, 48);

/* Callbacks */
VALUE(SL_CALLBACK_FLAG_ONCE, 1);

SIZE(sl_callback_call, 48);
AT(sl_callback_call, id, 8);
AT(sl_callback_call, value, 16);
AT(sl_callback_call, build, 24);
AT(sl_callback_call, build_userdata, 32);
AT(sl_callback_call, job, 40);

SIZE(sl_callbacks_config, 16);
AT(sl_callbacks_config, capacity, 8);
AT(sl_callbacks_config, reserved, 12);

SIZE(sl_callbacks_stats, 80);
AT(sl_callbacks_stats, registered, 8);
AT(sl_callbacks_stats, failed, 32);
AT(sl_callbacks_stats, high_water, 72);

/* State pool */
SIZE(sl_state_pool_stats, 64);
AT(sl_state_pool_stats, states, 8);
AT(sl_state_pool_stats, released, 48);
AT(sl_state_pool_stats, pinned, 56);

/* Script runner */
VALUE(SL_OUTCOME_OK, 0);
VALUE(SL_OUTCOME_LOAD_ERROR, 1);
VALUE(SL_OUTCOME_SCRIPT_ERROR, 2);
VALUE(SL_OUTCOME_TIMEOUT, 3);
VALUE(SL_OUTCOME_MEMORY, 4);
VALUE(SL_OUTCOME_CANCELLED, 5);
VALUE(SL_OUTCOME_NO_STATE, 6);
VALUE(SL_OUTCOME_CLOSED, 7);
VALUE(SL_OUTCOME_VALUE_ERROR, 8);
VALUE(SL_DELIVERY_ACTION, 0);
VALUE(SL_DELIVERY_WORKER, 1);
VALUE(SL_DELIVERY_BOTH, 2);
VALUE(SL_DELIVERY_NONE, 3);

SIZE(sl_script_result, 104);
AT(sl_script_result, id, 8);
AT(sl_script_result, owner, 16);
AT(sl_script_result, context, 24);
AT(sl_script_result, values, 32);
AT(sl_script_result, values_len, 40);
AT(sl_script_result, text, 48);
AT(sl_script_result, text_len, 56);
AT(sl_script_result, error, 64);
AT(sl_script_result, error_len, 72);
AT(sl_script_result, wait_ns, 80);
AT(sl_script_result, run_ns, 88);
AT(sl_script_result, outcome, 96);
AT(sl_script_result, worker, 100);

SIZE(sl_script_runner_config, 200);
AT(sl_script_runner_config, workers, 8);
AT(sl_script_runner_config, states, 12);
AT(sl_script_runner_config, job_capacity, 16);
AT(sl_script_runner_config, chunk_cache, 20);
AT(sl_script_runner_config, value_depth_max, 24);
AT(sl_script_runner_config, spin_us, 28);
AT(sl_script_runner_config, value_bytes_max, 32);
AT(sl_script_runner_config, value_items_max, 40);
AT(sl_script_runner_config, actions, 48);
AT(sl_script_runner_config, deadline_ms, 56);
AT(sl_script_runner_config, instructions_max, 64);
AT(sl_script_runner_config, memory_max, 72);
AT(sl_script_runner_config, state_wait_ms, 80);
AT(sl_script_runner_config, close_grace_ms, 88);
AT(sl_script_runner_config, gc_every_bytes, 96);
AT(sl_script_runner_config, gc_every_jobs, 104);
AT(sl_script_runner_config, library, 108);
AT(sl_script_runner_config, isolation, 112);
AT(sl_script_runner_config, modules, 120);
AT(sl_script_runner_config, functions, 136);
AT(sl_script_runner_config, on_state_create, 152);
AT(sl_script_runner_config, on_thread_start, 160);
AT(sl_script_runner_config, on_thread_exit, 168);
AT(sl_script_runner_config, submit, 176);
AT(sl_script_runner_config, userdata, 184);
AT(sl_script_runner_config, drop, 192);

SIZE(sl_script_job, 136);
AT(sl_script_job, source, 8);
AT(sl_script_job, source_len, 16);
AT(sl_script_job, chunk_name, 24);
AT(sl_script_job, args, 32);
AT(sl_script_job, args_len, 40);
AT(sl_script_job, owner, 48);
AT(sl_script_job, context, 56);
AT(sl_script_job, affinity, 64);
AT(sl_script_job, priority, 72);
AT(sl_script_job, delivery, 76);
AT(sl_script_job, on_result, 80);
AT(sl_script_job, userdata, 88);
AT(sl_script_job, drop, 96);
AT(sl_script_job, deadline_ms, 104);
AT(sl_script_job, instructions_max, 112);
AT(sl_script_job, memory_max, 120);
AT(sl_script_job, state_wait_ms, 128);

SIZE(sl_script_state_stats, 48);
AT(sl_script_state_stats, replaced, 40);

SIZE(sl_script_runner_stats, 120);
AT(sl_script_runner_stats, accepted, 8);
AT(sl_script_runner_stats, queue_high_water, 104);
AT(sl_script_runner_stats, workers_replaced, 112);

/* Native jobs */
SIZE(sl_native_payload, 48);
AT(sl_native_payload, data, 0);
AT(sl_native_payload, data_size, 8);
AT(sl_native_payload, alignment, 16);
AT(sl_native_payload, element_size, 24);
AT(sl_native_payload, userdata, 32);
AT(sl_native_payload, drop, 40);

SIZE(sl_job, 64);
AT(sl_job, id, 8);
AT(sl_job, owner, 16);
AT(sl_job, payload, 24);
AT(sl_job, payload_len, 32);
AT(sl_job, kind, 40);
AT(sl_job, kind_len, 48);
AT(sl_job, native, 56);

SIZE(sl_job_result, 136);
AT(sl_job_result, id, 8);
AT(sl_job_result, owner, 16);
AT(sl_job_result, result, 24);
AT(sl_job_result, result_len, 32);
AT(sl_job_result, error, 40);
AT(sl_job_result, error_len, 48);
AT(sl_job_result, kind, 56);
AT(sl_job_result, kind_len, 64);
AT(sl_job_result, native, 72);
AT(sl_job_result, aux, 80);
AT(sl_job_result, wait_ns, 112);
AT(sl_job_result, run_ns, 120);
AT(sl_job_result, ok, 128);
AT(sl_job_result, cancelled, 129);

SIZE(sl_jobs_config, 16);
AT(sl_jobs_config, capacity, 8);
AT(sl_jobs_config, reserved, 12);

SIZE(sl_job_request, 80);
AT(sl_job_request, kind, 8);
AT(sl_job_request, kind_len, 16);
AT(sl_job_request, payload, 24);
AT(sl_job_request, payload_len, 32);
AT(sl_job_request, native, 40);
AT(sl_job_request, owner, 48);
AT(sl_job_request, priority, 56);
AT(sl_job_request, reserved, 60);
AT(sl_job_request, callbacks, 64);
AT(sl_job_request, callback, 72);

SIZE(sl_job_filter, 40);
AT(sl_job_filter, kind, 8);
AT(sl_job_filter, kind_len, 16);
AT(sl_job_filter, owner, 24);
AT(sl_job_filter, by_owner, 32);
AT(sl_job_filter, reserved, 36);

SIZE(sl_jobs_stats, 88);
AT(sl_jobs_stats, accepted, 8);
AT(sl_jobs_stats, queued, 16);
AT(sl_jobs_stats, running, 24);
AT(sl_jobs_stats, ready, 32);
AT(sl_jobs_stats, delivered, 40);
AT(sl_jobs_stats, ok, 48);
AT(sl_jobs_stats, failed, 56);
AT(sl_jobs_stats, cancelled, 64);
AT(sl_jobs_stats, refused, 72);
AT(sl_jobs_stats, high_water, 80);
