//! Zig reads the whole header: every name of it is analysed, so that one which translate-c gave up
//! on (it then stands for a compile error) fails here.

const std = @import("std");
const c = @cImport({
    @cDefine("SCRIPTLOOP_SHORT_NAMES", {});
    @cInclude("scriptloop.h");
});

/// Attributes are for C compilers alone.
const attributes = [_][]const u8{"SL_API"};

fn isOurs(comptime name: []const u8) bool {
    for (attributes) |attribute| {
        if (std.mem.eql(u8, name, attribute)) return false;
    }
    return std.mem.startsWith(u8, name, "sl_") or std.mem.startsWith(u8, name, "SL_");
}

comptime {
    @setEvalBranchQuota(10_000_000);
    var count: usize = 0;
    for (@typeInfo(c).@"struct".decls) |decl| {
        if (isOurs(decl.name)) {
            _ = @TypeOf(@field(c, decl.name));
            count += 1;
        }
    }
    if (count == 0) @compileError("the header declares nothing");
    _ = c.loop_poll;
}
