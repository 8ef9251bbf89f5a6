//! Any tree of values as arguments, and any tables that a script can build as results: what is no
//! value is refused, and what gets through comes back the same.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use scriptloop_fuzz::tree::{Store, read_bytes, result_text, text_of};
use scriptloop_fuzz::{
    Host, Input, config, job, sl_bytes, sl_outcome, sl_script_job, sl_script_result,
    sl_script_runner_config, sl_status, sl_value, sl_value_as,
};

const DEPTH_MAX: u32 = 12;
const ITEMS_MAX: u64 = 300;

static HOST: LazyLock<Host> = LazyLock::new(|| {
    let defaults = config();
    Host::new(&sl_script_runner_config {
        value_depth_max: DEPTH_MAX,
        value_items_max: ITEMS_MAX,
        value_bytes_max: 4096,
        ..defaults
    })
});

/// Builds a value by a program of bytes.
const BUILD: &[u8] = br#"
local program = ...
local stack = { {} }
local function pop() return #stack > 1 and table.remove(stack) or nil end
local function top() return stack[#stack] end
local pushes = {
    function(n) return n end, function(n) return n / 3 end, function(n) return ('x'):rep(n) end,
    function() return {} end, function(n) return n % 2 == 0 end, function() return print end,
    function() return 0 / 0 end, function() return math.mininteger end,
    function() return coroutine.create(print) end, function() return top() end,
    function() return setmetatable({}, { __index = function() return 1 end, __len = error }) end,
    function() return '\0\255' end,
}
for at = 1, #program, 2 do
    local op, n = program:byte(at), program:byte(at + 1) or 0
    if op < 128 then
        stack[#stack + 1] = pushes[op % #pushes + 1](n)
    else
        local value = pop()
        local list = top()
        if type(list) == 'table' and value ~= nil then
            if op % 4 == 0 then list[rawlen(list) + 1] = value
            elseif op % 4 == 1 then rawset(list, n, value)
            elseif op % 4 == 2 then list['k' .. n] = value
            elseif value == value then list[value] = n end
        end
    end
end
pcall(engine.post_to_main_thread, 'built', top())
return table.unpack(stack)
"#;

/// The job returns its arguments.
fn echo(values: &[sl_value]) -> sl_script_job {
    sl_script_job { args: values.as_ptr(), args_len: values.len(), ..job(b"return ...") }
}

/// What came out goes in again and comes out the same.
fn goes_through_again(result: &sl_script_result) {
    // SAFETY: the result lends them.
    let values = match result.values_len {
        0 => &[],
        len => unsafe { std::slice::from_raw_parts(result.values, len) },
    };
    let before = text_of(values);
    HOST.run(&echo(values), |result| {
        assert_eq!(result.outcome, sl_outcome::Ok as u32);
        assert_eq!(result_text(result), before);
    });
}

fn check_arguments(input: &mut Input<'_>) {
    let mut store = Store::default();
    let values = store.values(input, 6);
    let job = echo(&values);
    let is_small = store.items as u64 + 10 < ITEMS_MAX / 2 && store.depth < DEPTH_MAX as usize;
    let before = HOST.stats();
    match HOST.enqueue(&job) {
        Err(status) => {
            assert_eq!(status, sl_status::InvalidArgument);
            assert!(store.is_wrong || !is_small || input.0.is_empty() || values.len() > 1);
            let after = HOST.stats();
            assert_eq!(after.accepted, before.accepted);
            assert_eq!(after.delivered, before.delivered);
        }
        Ok(_) => {
            assert!(!store.is_wrong, "what is no value got in");
            let action = HOST.next();
            let result = action.result().expect("it posts nothing");
            if result.outcome == sl_outcome::Ok as u32 {
                goes_through_again(result);
            } else {
                assert_eq!(result.outcome, sl_outcome::ValueError as u32);
            }
        }
    }
}

fn check_results(program: &[u8]) {
    let bytes = sl_bytes { data: program.as_ptr().cast(), len: program.len().min(4096) };
    let program = sl_value { kind: 4, reserved: 0, r#as: sl_value_as { bytes } };
    let build = sl_script_job { args: &program, args_len: 1, ..job(BUILD) };
    HOST.enqueue(&build).expect("its argument is small");
    loop {
        let action = HOST.next();
        let Some(result) = action.result() else { continue };
        match result.outcome {
            outcome if outcome == sl_outcome::Ok as u32 => goes_through_again(result),
            outcome => assert_eq!(
                outcome,
                sl_outcome::ValueError as u32,
                "{}",
                String::from_utf8_lossy(&read_bytes(result.error, result.error_len))
            ),
        }
        return;
    }
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    if input.below(2) == 0 {
        check_arguments(&mut input);
    } else {
        check_results(input.0);
    }
});
