//! A Zig host: it makes a loop, posts from another thread, and polls until the post has run.

const std = @import("std");
const c = @cImport(@cInclude("scriptloop.h"));

fn expectOk(status: c.sl_status) !void {
    if (status != c.SL_STATUS_OK) {
        std.debug.print("{s}\n", .{c.sl_status_text(status)});
        return error.Status;
    }
}

fn count(userdata: ?*anyopaque) callconv(.c) void {
    const counter: *u32 = @ptrCast(@alignCast(userdata));
    counter.* += 1;
}

fn post(loop: *c.sl_loop, counter: *u32) void {
    const status = c.sl_loop_post(loop, c.SL_PRIORITY_NORMAL, count, counter, null);
    std.debug.assert(status == c.SL_STATUS_OK);
}

test "a post from another thread runs in the poll of the owner" {
    try std.testing.expectEqual(@as(u32, c.SL_VERSION_NUMBER), c.sl_version());
    var loop: ?*c.sl_loop = null;
    try expectOk(c.sl_loop_new(null, &loop));

    var counter: u32 = 0;
    const thread = try std.Thread.spawn(.{}, post, .{ loop.?, &counter });
    thread.join();
    var dispatched: u32 = 0;
    try expectOk(c.sl_loop_poll(loop, 2, &dispatched));

    try std.testing.expectEqual(@as(u32, 1), dispatched);
    try std.testing.expectEqual(@as(u32, 1), counter);
    try expectOk(c.sl_loop_free(loop));
    try std.testing.expectEqual(c.SL_STATUS_STALE_HANDLE, c.sl_loop_free(loop));
}
