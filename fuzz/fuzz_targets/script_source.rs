//! Any bytes as a script in the sandbox: one result, which can be read, in time, and a healthy
//! runner afterwards.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use scriptloop_fuzz::{Host, config, job, sl_outcome, sl_script_job, sl_script_runner_config};

/// By isolation. A poisoned state without isolation is the script's own affair.
static HOSTS: LazyLock<[Host; 2]> = LazyLock::new(|| {
    [0, 1].map(|isolation| {
        let defaults = config();
        Host::new(&sl_script_runner_config {
            isolation,
            chunk_cache: 8,
            memory_max: 8 << 20,
            value_items_max: 10_000,
            value_bytes_max: 1 << 20,
            ..defaults
        })
    })
});

fn is_one_of(outcome: u32, outcomes: &[sl_outcome]) -> bool {
    outcomes.iter().any(|&wanted| wanted as u32 == outcome)
}

fuzz_target!(|data: &[u8]| {
    let Some((&how, source)) = data.split_last() else { return };
    let host = &HOSTS[usize::from(how & 1)];
    let source = sl_script_job {
        deadline_ms: 3,
        instructions_max: if how & 2 == 0 { u64::MAX } else { 20_000 },
        memory_max: if how & 4 == 0 { 8 << 20 } else { 512 << 10 },
        ..job(source)
    };
    host.run(&source, |result| {
        use sl_outcome::{Instructions, LoadError, Memory, Ok, ScriptError, Timeout, ValueError};
        let ends = [Ok, LoadError, ScriptError, Timeout, Memory, ValueError, Instructions];
        assert!(is_one_of(result.outcome, &ends), "outcome {}", result.outcome);
        assert!(result.run_ns < 2_000_000_000, "it ran for {} ns", result.run_ns);
    });
    if how & 1 == 1 {
        let canary = b"return #('x'):rep(3) + select('#', pcall(error)) + math.max(1, 2)";
        host.run(&job(canary), |result| {
            assert_eq!(result.outcome, sl_outcome::Ok as u32);
            // SAFETY: it returned one integer.
            assert_eq!(unsafe { (*result.values).r#as.integer }, 7);
        });
    }
});
