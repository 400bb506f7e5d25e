"""The daemon as systemd starts it, as far as that can be had without a systemd: with the capabilities, the mask, the
directories, the devices, the read-only system, the families of sockets and the filter of system calls of its unit, told
to notify, and reloaded by its commands.  timed.service begins as root that may not pass
by permissions, timed-restricted.service as its account with CAP_SYS_TIME.  Neither keeps more than it needs, in any
thread."""

import os
import pwd
import re
import shutil
import socket
import sys

import lab
import units_are_sound

ACCOUNT = "nobody"
NUMBERS = {"CAP_SETGID": 6, "CAP_SETUID": 7, "CAP_NET_BIND_SERVICE": 10, "CAP_SYS_TIME": 25}


def capabilities(unit, key):
    return sorted(unit.get(("Service", key), [""])[0].split())


def mask(names):
    return sum(1 << NUMBERS[name] for name in names)


def setpriv(names, *more):
    listed = ",".join(["-all", *("+" + name.removeprefix("CAP_").lower() for name in names)])
    return ["setpriv", "--bounding-set", listed, "--no-new-privs", *more]


# Loaded last, as systemd does it: under the filter nobody becomes the account of timed-restricted.service any more.
FILTERED = """
import ctypes, os, sys
end = sys.argv.index("--")
library = ctypes.CDLL("libseccomp.so.2")
library.seccomp_init.restype = ctypes.c_void_p
library.seccomp_init.argtypes = [ctypes.c_uint32]
library.seccomp_rule_add.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint]
library.seccomp_load.argtypes = [ctypes.c_void_p]
REFUSED, ALLOWED = 0x00050000 | 1, 0x7fff0000
class Argument(ctypes.Structure):
    _fields_ = [("number", ctypes.c_uint), ("comparison", ctypes.c_int), ("datum", ctypes.c_uint64), ("more", ctypes.c_uint64)]
EQUAL, GREATER, NO_SUCH_FAMILY = 4, 6, 0x00050000 | 97
context = library.seccomp_init(ALLOWED)
library.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
                                           ctypes.POINTER(Argument)]
families = [int(number) for number in FAMILIES.split(",")]
others = [(GREATER, 63)] + [(EQUAL, number) for number in range(64) if number not in families]
for comparison, number in others:
    unwanted = Argument(0, comparison, number, 0)
    call = library.seccomp_syscall_resolve_name(b"socket")
    assert library.seccomp_rule_add_array(context, NO_SUCH_FAMILY, call, 1, ctypes.byref(unwanted)) == 0
assert library.seccomp_load(context) == 0
context = library.seccomp_init(REFUSED)
for name in sys.argv[1:end]:
    number = library.seccomp_syscall_resolve_name(name.encode())
    if number >= 0:
        assert library.seccomp_rule_add(context, ALLOWED, number, 0) == 0, name
assert library.seccomp_load(context) == 0
os.execv(sys.argv[end + 1], sys.argv[end + 1:])
"""


def filtered(unit):
    """Words that put a program under the filter of the unit.  The interpreter may be one that only root can run."""
    python = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
    families = ",".join(str(int(getattr(socket, name)))
                        for name in unit[("Service", "RestrictAddressFamilies")][0].split())
    return [python, "-I", "-c", FILTERED.replace("FAMILIES", repr(families)),
            *sorted(units_are_sound.allowed_calls(unit)), "--"]


# PrivateDevices and ProtectSystem=strict: no clocks nor kernel memory in /dev, and nothing to write to but what is named.
PRIVATE = """
mkdir -p "$0/dev" && mount --rbind /dev "$0/dev" && mount -t tmpfs tmpfs /dev &&
for device in null zero full random urandom tty; do cp -a "$0/dev/$device" /dev/ || exit; done &&
for directory in $WRITABLE; do mount --bind "$directory" "$directory" || exit; done &&
mount -o remount,bind,ro / && exec "$@"
"""


def private(net, unit, writable):
    assert unit[("Service", "PrivateDevices")] == ["yes"] and unit[("Service", "ProtectSystem")] == ["strict"]
    directory = net.path("devices")
    os.makedirs(directory, exist_ok=True)
    return ["env", "WRITABLE=" + " ".join(writable), "unshare", "-m", "sh", "-c",
            f'mount -t tmpfs tmpfs "$0" && {PRIVATE.strip()}', directory]


def reload(net, space, daemon, unit):
    """What ExecReload runs, as whom it runs it: each is let do what it is for, and keys are read anew."""
    label, pid = daemon.label, daemon.pid
    account = pwd.getpwnam(ACCOUNT)
    with open(net.path(f"keys-{label}", "timed.keys"), "a") as file:
        file.write("2 SHA256 HEX:0102\n")
    commands = [command.split() for command in unit[("Service", "ExecReload")]]
    # systemd stops at the first that fails, and where there is no command socket the signal still does its part.
    assert [os.path.basename(command[0]) for command in commands] == ["kill", "timedc", "timedc"], commands
    for program, *words in commands:
        if program.endswith("timedc"):
            program, words = lab.timedc(), ["-h", net.timed_socket(label), *words]
        words = [str(pid) if word == "$MAINPID" else word for word in words]
        done = space.run("setpriv", "--bounding-set", "-all", "--no-new-privs", "--reuid", str(account.pw_uid), "--regid",
                         str(account.pw_gid), "--clear-groups", program, *words)
        assert done.returncode == 0, done
    daemon.wait_for_log("Loaded 2 symmetric keys")
    assert daemon.alive(), daemon.log()


def start(net, space, label, unit, prefix, text, *options):
    account = pwd.getpwnam(ACCOUNT)
    run = net.path(f"run-{label}")
    for directory, mode in ((run, 0o770), (net.path(f"state-{label}"), 0o750), (net.path(f"keys-{label}"), 0o500)):
        os.mkdir(directory, mode)
        os.chmod(directory, mode)
        os.chown(directory, account.pw_uid, account.pw_gid)
    # As LoadCredential leaves it.
    keys = net.write(f"keys-{label}/timed.keys", "1 SHA256 HEX:000102030405060708090A0B0C0D0E0F\n")
    os.chmod(keys, 0o400)
    os.chown(keys, account.pw_uid, account.pw_gid)
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(net.path(f"notify-{label}"))
    os.chmod(net.path(f"notify-{label}"), 0o777)
    notify.settimeout(15)
    configuration = net.timed_configuration(
        label, f"{text}\nkeyfile {keys}\ndriftfile {net.path(f'state-{label}')}/drift\n"
               f"logdir {net.path(f'state-{label}')}\nlog tracking")
    words = unit[("Service", "ExecStart")][0].replace("$TIMED_OPTIONS", "").lstrip("!").split()[1:]
    if not lab.has_filter():
        words = [word for word in words if word not in ("-F", "1")]
    umask = unit[("Service", "UMask")][0]
    # Sanitizers make calls of their own.
    guard = filtered(unit) if lab.has_filter() else []
    apart = private(net, unit, [net.path(f"run-{label}"), net.path(f"state-{label}")])
    command = [*apart, "sh", "-c", f'umask {umask}; exec "$@"', "sh", *prefix, *guard, lab.timed(), *words, "-d", "-x",
               "-u", ACCOUNT, *options, "-f", configuration]
    daemon = net.start(label, space.command(*command), dict(os.environ, NOTIFY_SOCKET=net.path(f"notify-{label}")))
    told = ""
    while told != "READY=1":
        assert daemon.alive(), daemon.log()
        told = notify.recv(4096).decode()
    assert "Loaded 1 symmetric keys" in daemon.log(), daemon.log()
    return daemon


def check(daemon, kept, most):
    account = pwd.getpwnam(ACCOUNT)
    for thread in os.listdir(f"/proc/{daemon.pid}/task"):
        status = lab.process_status(f"{daemon.pid}/task/{thread}")
        assert set(status["Uid"].split()) == {str(account.pw_uid)}, status["Uid"]
        assert int(status["CapPrm"], 16) == int(status["CapEff"], 16) == kept, status
        assert int(status["CapBnd"], 16) & ~most == 0, status["CapBnd"]
        assert int(status["CapAmb"], 16) == int(status["CapInh"], 16) == 0, status
        assert status["NoNewPrivs"] == "1", status
        if lab.has_filter():
            assert status["Seccomp"] == "2", status


def finish(net, daemon):
    label = daemon.label
    for name in os.listdir(net.path(f"run-{label}")):
        assert os.lstat(net.path(f"run-{label}", name)).st_uid == pwd.getpwnam(ACCOUNT).pw_uid, name
    assert daemon.stop() == 0, daemon.log()
    assert "System call filter refused" not in daemon.log(), daemon.log()
    refusals = "Permission denied|Read-only|Address family not supported|Operation not permitted"
    assert not re.search(refusals, daemon.log()), daemon.log()
    assert os.listdir(net.path(f"run-{label}")) == [], "socket or pid file is left"
    drift = os.stat(net.path(f"state-{label}", "drift"))
    assert drift.st_mode & 0o027 == 0, oct(drift.st_mode)


def waits_for_the_time(net):
    """What timed-wait-sync.service runs, as whom it runs it, ends when the clock is synchronised and not before."""
    server, client = net.pair()
    words = units_are_sound.read("timed-wait-sync.service")[("Service", "ExecStart")][0].split()[1:]
    daemon = net.timed("waited", client, "server 10.99.0.1 iburst\ncmdport 0", user=ACCOUNT)
    gid = str(pwd.getpwnam(ACCOUNT).pw_gid)
    waiting = net.start("waiting", client.command("setpriv", "--reuid", ACCOUNT, "--regid", gid, "--clear-groups",
                                                  lab.timedc(), "-n", "-h", net.timed_socket("waited"), *words))
    lab.wait_until(lambda: "try: 2" in waiting.log(), 15, "a second look")
    assert waiting.alive(), waiting.log()
    net.timed("timeserver", server, "local stratum 2\nallow")
    net.timedc("waited", client, "burst", "2/4")
    assert waiting.wait(30) == 0, waiting.log()
    assert "refid: 0A630001" in waiting.log().splitlines()[-1], waiting.log()
    assert daemon.stop() == 0


def test(net):
    space = net.namespace("alone")
    waits_for_the_time(net)
    unit = units_are_sound.read("timed.service")
    bound = capabilities(unit, "CapabilityBoundingSet")
    # Not for the clock: with -x nothing is asked of it, and CAP_SYS_TIME is given up.
    daemon = start(net, space, "main", unit, setpriv(bound), "allow\nserverthreads 2\nserver localhost")
    check(daemon, mask(["CAP_NET_BIND_SERVICE"]), mask(bound))
    reload(net, space, daemon, unit)
    finish(net, daemon)

    unit = units_are_sound.read("timed-restricted.service")
    ambient = capabilities(unit, "AmbientCapabilities")
    assert ambient == capabilities(unit, "CapabilityBoundingSet")
    prefix = setpriv(ambient, "--reuid", ACCOUNT, "--regid", str(pwd.getpwnam(ACCOUNT).pw_gid), "--clear-groups",
                     "--inh-caps", "-all,+sys_time", "--ambient-caps", "-all,+sys_time")
    daemon = start(net, space, "restricted", unit, prefix, "port 12345\ncmdport 0\nallow\nserver localhost")
    check(daemon, 0, mask(ambient))
    reload(net, space, daemon, unit)
    finish(net, daemon)


if __name__ == "__main__":
    lab.main(test)
