//! `cargo xtask setup`: installs what a command needs and this machine lacks, after saying so.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Result, bail, ensure};

use crate::shell::{command, exists, line, run as run_command, target, zig};

/// A thing that a command needs, how to see that it is there, and the Debian package that has it.
struct Need {
    package: &'static str,
    present: fn() -> bool,
}

macro_rules! program {
    ($package:literal, $program:literal) => {
        Need { package: $package, present: || exists($program) }
    };
}

/// A pkg-config module.
macro_rules! module {
    ($package:literal, $module:literal) => {
        Need { package: $package, present: || has_module($module) }
    };
}

/// A file that the package puts into the system.
macro_rules! file {
    ($package:literal, $path:literal) => {
        Need { package: $package, present: || fs::exists($path).unwrap_or(false) }
    };
}

const BUILD: &[Need] = &[
    program!("gcc", "gcc"),
    program!("g++", "g++"),
    program!("cmake", "cmake"),
    program!("ninja-build", "ninja"),
];

const TEST: &[Need] = &[
    program!("clang", "clang"),
    program!("clang-format", "clang-format"),
    Need { package: "libfaketime", present: has_faketime },
    file!("liblua5.1-0-dev", "/usr/include/lua5.1/lua.h"),
    file!("liblua5.3-dev", "/usr/include/lua5.3/lua.h"),
    file!("liblua5.4-dev", "/usr/include/lua5.4/lua.h"),
    file!("libluajit-5.1-dev", "/usr/include/luajit-2.1/lua.h"),
    // The event loops that examples embed in, and what one of them fetches with.
    program!("pkg-config", "pkg-config"),
    module!("libglib2.0-dev", "glib-2.0"),
    module!("libsdl2-dev", "sdl2"),
    module!("libuv1-dev", "libuv"),
    module!("libcurl4-openssl-dev", "libcurl"),
    // Only to install zig.
    Need { package: "python3-pip", present: || zig().exists() || has_pip() },
];

const DEMO: &[Need] = &[
    file!("lua-markdown", "/usr/share/lua/5.1/markdown.lua"),
    file!("lua-dkjson", "/usr/share/lua/5.1/dkjson.lua"),
    file!("lua-penlight", "/usr/share/lua/5.1/pl/init.lua"),
    file!("lua-inspect", "/usr/share/lua/5.1/inspect.lua"),
];

const BENCH: &[Need] = &[
    program!("pkg-config", "pkg-config"),
    module!("libuv1-dev", "libuv"),
    module!("libevent-dev", "libevent"),
    module!("libglib2.0-dev", "glib-2.0"),
    file!("libev-dev", "/usr/include/ev.h"),
    file!("liblua5.4-dev", "/usr/include/lua5.4/lua.h"),
    file!("libasio-dev", "/usr/include/asio.hpp"),
    file!("libconcurrentqueue-dev", "/usr/include/concurrentqueue"),
];

fn has_module(module: &str) -> bool {
    let query =
        Command::new("pkg-config").args(["--exists", module]).stderr(Stdio::null()).status();
    query.is_ok_and(|status| status.success())
}

/// It lies in a directory of the machine's kind.
fn has_faketime() -> bool {
    let Ok(directories) = fs::read_dir("/usr/lib") else { return false };
    let mut paths = directories.flatten().map(|entry| entry.path());
    paths.any(|path| path.join("faketime/libfaketimeMT.so.1").is_file())
}

fn has_pip() -> bool {
    let query = Command::new("python3").args(["-m", "pip", "--version"]).output();
    query.is_ok_and(|output| output.status.success())
}

/// `cargo xtask setup [command]...`; without a word, for all commands.
pub fn run(commands: &[&str]) -> Result<()> {
    let all = ["demo", "test", "bench"];
    let commands = if commands.is_empty() { &all[..] } else { commands };
    for command in commands {
        ensure(command)?;
    }
    println!("all that {} needs is here", commands.join(", "));
    Ok(())
}

/// Makes sure that a command has what it needs; returns at once when it has.
pub fn ensure(command: &str) -> Result<()> {
    let extra: &[&[Need]] = match command {
        "demo" => &[BUILD, DEMO],
        // The demo is built by the tests too.
        "test" => &[BUILD, TEST, DEMO],
        "bench" => &[BUILD, BENCH],
        other => bail!("there is no setup for {other}: demo, test and bench have one"),
    };
    let missing = || -> Vec<&str> {
        let missing = extra.iter().copied().flatten().filter(|need| !(need.present)());
        missing.map(|need| need.package).collect()
    };
    let packages = missing();
    if !packages.is_empty() {
        install_packages(command, &packages)?;
        let still = missing().join(" ");
        ensure!(still.is_empty(), "{still}: installed, and yet not what `{command}` needs");
    }
    if command == "test" && !zig().exists() {
        install_zig()?;
    }
    Ok(())
}

fn install_packages(needed_by: &str, packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    println!("`cargo xtask {needed_by}` needs Debian packages that are not installed: {list}");
    let by_hand = format!("sudo apt-get update && sudo apt-get install -y {list}");
    if !exists("apt-get") {
        bail!("there is no apt-get here. On Debian and Ubuntu: {by_hand}");
    }
    let mut privileged: Vec<&str> = vec!["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
    if !is_root() {
        if !can_sudo() {
            bail!("installing needs root, and sudo asks for a password. Please run: {by_hand}");
        }
        privileged.splice(0..0, ["sudo", "-n"]);
    }
    let apt = |words: &[&str]| {
        let mut apt = command(privileged[0]);
        apt.args(&privileged[1..]).args(["-q", "-y"]).args(words);
        println!("+ {}", line(&apt));
        run_command(&mut apt)
    };
    // A stale list of packages is no reason to stop: what is wanted may be in it.
    if apt(&["update"]).is_err() {
        println!("the package lists could not be updated; trying with those that are here");
    }
    if apt(&[&["install", "--no-install-recommends"], packages].concat()).is_err() {
        bail!("the packages could not be installed. Please run: {by_hand}");
    }
    Ok(())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn can_sudo() -> bool {
    let probe = Command::new("sudo").args(["-n", "true"]).stderr(Stdio::null()).status();
    probe.is_ok_and(|status| status.success())
}

/// Zig reads the header as its users do. Its package is the one way to a known version of it that
/// needs neither root nor a download by hand.
fn install_zig() -> Result<()> {
    let tools = target().join("tools");
    println!("installing zig 0.15.2 from PyPI into target/tools, to read the header with");
    println!("(a download of 95 MB, 380 MB unpacked; once)");
    let mut pip = command("python3");
    pip.args(["-m", "pip", "install", "--no-deps", "--upgrade", "--progress-bar", "on"]);
    pip.args(["ziglang==0.15.2", "--target"]).arg(&tools);
    pip.env("PIP_ROOT_USER_ACTION", "ignore").env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    println!("+ {}", line(&pip));
    run_command(&mut pip)?;
    if !zig().exists() {
        bail!("pip succeeded, but {} is not there", zig().display());
    }
    Ok(())
}
