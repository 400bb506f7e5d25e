"""Files in bad company: links in place of pid file, drift file and measurements in a directory that anybody may write
to; a disk that is full while the state is saved; a clock that was set back at boot; keys that anybody may change; no
configuration at all; the daemon started twice, many times at once, and ended while it starts."""

import fcntl
import os
import pwd
import shutil
import signal
import time

import lab

PRECIOUS = "precious\n"


def links_are_not_followed(net, space):
    open_to_all = net.path("everybodys")
    os.mkdir(open_to_all)
    os.chmod(open_to_all, 0o777)
    victims = {}
    for name in ("timed.pid", "drift", "drift.tmp", "10.99.0.77.dat", "10.99.0.77.dat.tmp", "127.0.0.1.dat"):
        victims[name] = net.write(f"victim-{name}", PRECIOUS)
        os.symlink(victims[name], os.path.join(open_to_all, name))
    configuration = net.write("links.conf", f"""server 10.99.0.77
server 127.0.0.1 iburst
local
allow
driftfile {open_to_all}/drift
dumpdir {open_to_all}
pidfile {open_to_all}/timed.pid
bindcmdaddress {net.path('run-links')}/timed.sock
""")
    daemon = net.start("links", space.command(lab.timed(), "-d", "-x", "-r", "-u", "root", "-f", configuration))
    lab.wait_until(lambda: os.path.exists(net.timed_socket("links")), 15, "command socket")
    pid_file = os.path.join(open_to_all, "timed.pid")
    assert not os.path.islink(pid_file) and lab.read_text(pid_file) == f"{daemon.pid}\n"
    net.timedc("links", space, "dump")
    assert daemon.stop() == 0, daemon.log()
    for name, victim in victims.items():
        assert lab.read_text(victim) == PRECIOUS, f"{name} was followed"
    assert not os.path.islink(os.path.join(open_to_all, "drift")), "the state was written through a link, or not at all"


def samples(net, label, space):
    rows = space.run(lab.timedc(), "-c", "-n", "-h", net.timed_socket(label), "sourcestats").stdout.split()
    return int(rows[0].split(",")[1]) if rows else 0


def full_disk_keeps_the_old_file(net, space):
    state = net.path("small")
    os.mkdir(state)
    old = "            1.500000             0.250000\n"
    fill = ('mount -t tmpfs -o size=64k tmpfs "$1" && cp "$2" "$1/drift" && chmod 777 "$1" && '
            'cat /dev/zero >"$1/filler" 2>/dev/null; shift 2; exec "$@"')
    kept = net.write("old-drift", old)
    serving = net.timed("serving", space, "local stratum 2\nallow\ncmdport 0")
    text = f"driftfile {state}/drift\ndumpdir {state}\nserver 127.0.0.1 iburst\nport 0\n"
    daemon = net.timed("full", space, text,
                       prefix=["unshare", "-m", "sh", "-c", fill, "sh", state, kept])
    inside = f"/proc/{daemon.pid}/root{state}"
    assert os.path.exists(f"{inside}/filler")
    lab.wait_until(lambda: samples(net, "full", space) > 0, 15, "a measurement")
    net.timedc("full", space, "dump")
    # The mount lives as long as somebody is in it.
    holder = os.open(inside, os.O_RDONLY | os.O_DIRECTORY)
    try:
        assert daemon.stop() == 0 and serving.stop() == 0, daemon.log()
        assert lab.read_text(f"/proc/self/fd/{holder}/drift") == old, "the old file is damaged"
        assert sorted(os.listdir(holder)) == ["drift", "filler"], os.listdir(holder)
    finally:
        os.close(holder)
    for name in ("drift.tmp", "127.0.0.1.dat.tmp"):
        assert f"Could not write {state}/{name} : No space left on device" in daemon.log(), daemon.log()


def clock_set_back(net, space):
    """The drift file is of a time to come."""
    state = net.path("future")
    os.mkdir(state)
    drift = net.write("future/drift", "            1.500000             0.250000\n")
    later = time.time() + 86400 * 400
    os.utime(drift, (later, later))
    daemon = net.timed("future", space, f"driftfile {drift}\nport 0\ncmdport 0\nserver 127.0.0.1", "-s")
    daemon.wait_for_log("Frequency 1.500 +/- 0.250 ppm read from")
    # With -x it can only say what it would do.
    daemon.wait_for_log("Could not step system clock")
    assert daemon.stop() == 0, daemon.log()


def keys_of_everybody(net, space):
    keys = net.write("keys", "1 SHA256 HEX:000102030405060708090A0B0C0D0E0F\n")
    for mode, text in ((0o666, "World-readable permissions on"), (0o642, "World-writable permissions on"),
                       (0o640, None)):
        os.chmod(keys, mode)
        label = f"keys{mode:o}"
        daemon = net.timed(label, space, f"keyfile {keys}\nport 0\ncmdport 0")
        daemon.wait_for_log("Loaded 1 symmetric keys")
        assert (text or "permissions on") in daemon.log() if text else "permissions on" not in daemon.log()
        assert daemon.stop() == 0


def files_of_others(net, space):
    """What the account must be able to read, must not be able to change, and what somebody else could put in its
    place."""
    tree = net.path("tree")
    for name in ("", "safe", "open", "alien", "state"):
        os.mkdir(os.path.join(tree, name))
    nobody, alien = pwd.getpwnam("nobody"), 54321
    os.chmod(f"{tree}/open", 0o777)
    os.chown(f"{tree}/alien", alien, alien)
    os.chmod(f"{tree}/state", 0o755)
    line = "1 SHA256 HEX:000102030405060708090A0B0C0D0E0F\n"

    def key_file(name, mode, uid, gid):
        path = net.write(f"tree/{name}", line)
        os.chown(path, uid, gid)
        os.chmod(path, mode)
        return path

    def told(label, text, user="nobody"):
        label = f"others-{label}"
        daemon = net.timed(label, space, f"{text}\nport 0\ncmdport 0", user=user)
        assert daemon.stop() == 0, daemon.log()
        marks = ("access to", "owner of", "permissions on")
        return [row.partition("Z ")[2].replace(tree, "") for row in daemon.log().splitlines()
                if any(mark in row for mark in marks)]

    good = key_file("safe/good", 0o640, 0, nobody.pw_gid)
    os.symlink(f"{tree}/open/real", f"{tree}/safe/link")
    owner = f"(UID {alien}, neither root nor the account of the daemon)"
    cases = {
        "good": (good, []),
        "hidden": (key_file("safe/hidden", 0o600, 0, 0), ["Missing read access to /safe/hidden : Permission denied"]),
        "own": (key_file("safe/own", 0o600, nobody.pw_uid, nobody.pw_gid), ["Having write access to /safe/own"]),
        "alien": (key_file("safe/alien", 0o640, alien, nobody.pw_gid), [f"Wrong owner of /safe/alien {owner}"]),
        "open": (key_file("open/real", 0o640, 0, nobody.pw_gid), ["World-writable permissions on /open"]),
        "link": (f"{tree}/safe/link", ["World-writable permissions on /open"]),
        "directory": (key_file("alien/keys", 0o640, 0, nobody.pw_gid), [f"Wrong owner of /alien {owner}"]),
    }
    for label, (path, expected) in cases.items():
        found = told(label, f"keyfile {path}")
        assert found == expected, f"{label}: {found}, not {expected}"
        # An operator is told before a start as well; what the account may do only the account can try.
        before = net.write("checked.conf", f"user nobody\npidfile /\nkeyfile {path}\n")
        checked = space.run(lab.timed(), "--check", "-f", before).stdout.replace(tree, "")
        for text in expected:
            assert "access to" in text or text in checked, checked
    assert told("root", f"keyfile {cases['own'][0]}", user="root") == [
        f"Wrong owner of /safe/own (UID {nobody.pw_uid}, neither root nor the account of the daemon)"]
    # A directory of NTS that the account cannot write to, and one in which others may be first.
    state = f"ntsdumpdir {tree}/state"
    assert told("state", state) == ["Missing write access to /state : Permission denied"]
    os.chmod(f"{tree}/state", 0o1777)
    assert told("sticky", state) == ["World-writable permissions on /state"]


def no_configuration(net, space):
    daemon = net.start("none", space.command(lab.timed(), "-d", "-x", "-f", net.path("missing.conf")))
    assert daemon.wait(10) == 1
    assert f"Could not open {net.path('missing.conf')} : No such file or directory" in daemon.log(), daemon.log()
    assert "starting" not in daemon.log(), "something was begun"


def started_many_times(net, space):
    run = net.path("run-many")
    os.mkdir(run, 0o770)
    configuration = net.timed_configuration("many", "port 0\ncmdport 0")
    daemons = [net.start(f"many{i}", space.command(lab.timed(), "-d", "-x", "-u", "root", "-f", configuration))
               for i in range(6)]
    lab.wait_until(lambda: sum(daemon.alive() for daemon in daemons) == 1, 20, "one is left")
    first = next(daemon for daemon in daemons if daemon.alive())
    lab.wait_until(lambda: os.path.exists(net.timed_socket("many")), 15, "command socket")
    assert lab.read_text(os.path.join(run, "timed.pid")) == f"{first.pid}\n"
    for daemon in daemons:
        if daemon is first:
            continue
        assert daemon.wait() == 1
        assert f"may already be running (pid={first.pid}), check {run}/timed.pid" in daemon.log(), daemon.log()
    # Nothing of the one that runs was touched.
    assert "Reference ID" in net.timedc("many", space, "tracking")
    assert first.stop() == 0


def catches_term(pid):
    return int(lab.process_status(pid).get("SigCgt", "0"), 16) >> (signal.SIGTERM - 1) & 1 == 1


def ended_while_it_starts(net, space):
    """A signal finds nothing that the daemon would leave behind: it is caught before there is a pid file, which waits
    for a second at most while another one holds the directory."""
    configuration = net.timed_configuration("early", "port 0\ncmdport 0")
    run = net.path("run-early")
    os.mkdir(run, 0o770)
    for attempt in range(5):  # a busy machine may look too late
        held = os.open(run, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)
        daemon = net.start(f"early{attempt}",
                           space.command(lab.timed(), "-d", "-x", "-u", "root", "-f", configuration))
        lab.wait_until(lambda: catches_term(daemon.pid), 15, "SIGTERM is caught")
        in_time = not os.path.exists(f"{run}/timed.pid")
        assert daemon.stop() == 0 and os.listdir(run) == [], os.listdir(run)
        os.close(held)
        if in_time:
            return
    raise AssertionError("signals are caught behind the pid file")


def directories_of_an_ordinary_user(net, space):
    """Whoever is not root gets the directories of his configuration made as well."""
    home = net.path("home")
    os.mkdir(home)
    os.chown(home, 65534, 65534)
    wanted = dump, log, nts, run = [f"{home}/{name}" for name in ("a/dump", "b/log", "c/nts", "d/run")]
    configuration = net.write("home.conf", f"port 0\ncmdport 0\nserver 127.0.0.1\ndumpdir {dump}\nlogdir {log}\n"
                                           f"ntsdumpdir {nts}\nbindcmdaddress {run}/timed.sock\npidfile {run}/timed.pid\n")
    daemon = net.start("home", space.command("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", lab.timed(),
                                             "-x", "-U", "-d", "-f", configuration))
    lab.wait_until(lambda: os.path.exists(f"{run}/timed.sock") or not daemon.alive(), 15, "command socket")
    assert not [path for path in wanted if not os.path.isdir(path) or os.stat(path).st_mode & 0o7], daemon.log()
    assert daemon.stop() == 0 and "Could not" not in daemon.log(), daemon.log()


def test(net):
    space = net.namespace("alone")
    links_are_not_followed(net, space)
    full_disk_keeps_the_old_file(net, space)
    clock_set_back(net, space)
    keys_of_everybody(net, space)
    files_of_others(net, space)
    no_configuration(net, space)
    started_many_times(net, space)
    ended_while_it_starts(net, space)
    directories_of_an_ordinary_user(net, space)
    shutil.rmtree(net.path("everybodys"))


if __name__ == "__main__":
    lab.main(test)
