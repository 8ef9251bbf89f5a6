/* With SCRIPTLOOP_SHORT_NAMES the bare names stand for the prefixed functions. */
#define SCRIPTLOOP_SHORT_NAMES
#include <scriptloop.h>

#include <scriptloop.h>

sl_status (*short_loop_new)(const sl_loop_config *, sl_loop **) = loop_new;
sl_status (*short_loop_poll)(sl_loop *, uint32_t, uint32_t *) = loop_poll;
sl_status (*short_loop_wake)(sl_loop *) = loop_wake;
sl_status (*short_loop_schedule_timer)(sl_loop *, uint64_t, uint64_t, sl_work_fn, void *,
                                       sl_drop_fn, sl_timer_id *) = loop_schedule_timer;
sl_status (*short_script_runner_enqueue)(sl_script_runner *, const sl_script_job *,
                                         sl_job_id *) = script_runner_enqueue;
