"""Without -d and -l the log is that of the system: lines come with the name that the daemon was called by and its number,
fatal errors too, and after the system log was started anew, under the filter of system calls as well.  The chronyd of
the package for users of chrony logs as chronyd."""

import contextlib
import os
import re
import socket
import subprocess

import lab

SOURCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../..")
# A /dev of its own with only this and what programs cannot be without.
DEV = """
mkdir "$0/dev" && mount --rbind /dev "$0/dev" && mount -t tmpfs tmpfs /dev &&
cp -a "$0"/dev/null "$0"/dev/zero "$0"/dev/random "$0"/dev/urandom /dev/ && ln -s "$0/syslog" /dev/log &&
exec "$@"
"""
# Facility daemon, severity informational or fatal, date, name and number.
INFORMATION, CRITICAL = 3 << 3 | 6, 3 << 3 | 2
LINE = re.compile(r"<(\d+)>\w{3} [ \d]\d \d\d:\d\d:\d\d ([^\[]+)\[(\d+)\]: (.*)", flags=re.S)


class SystemLog:
    """What listens at /dev/log."""

    def __init__(self, net):
        self._path = net.path("syslog")
        self.lines = []
        self._socket = None
        self.open()

    def open(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self._path)
        os.chmod(self._path, 0o666)
        self._socket.setblocking(False)

    def restart(self):
        self._socket.close()
        self.open()

    def find(self, text):
        with contextlib.suppress(BlockingIOError):
            while True:
                line = self._socket.recv(8192).decode()
                parsed = LINE.fullmatch(line.rstrip("\0\n"))
                assert parsed, line
                self.lines.append((int(parsed[1]), parsed[2], int(parsed[3]), parsed[4]))
        return [line for line in self.lines if text in line[3]]

    def wait_for(self, text):
        return lab.wait_until(lambda: self.find(text), 15, f"{text!r} in the system log")[-1]


def with_log(net):
    directory = net.path("devices")
    return ["unshare", "-m", "sh", "-c", f'mkdir -p "$0" && mount -t tmpfs tmpfs "$0" && ln -s {net.path("syslog")} "$0/syslog"'
            f' && {DEV.strip()}', directory]


def run_daemon(net, space, log, program, label, *options, name="timed"):
    configuration = net.timed_configuration(label, "allow\nserverthreads 1\nserver 127.0.0.1 offline\ncmdport 0")
    done = space.run(*with_log(net), program, "-x", "-u", "nobody", *options, "-f", configuration)
    pid = int(lab.read_text(net.path(f"run-{label}", "timed.pid")))
    net.adopt(pid)
    assert done.stdout + done.stderr == "", done
    severity, called, number, _ = log.wait_for("starting")
    assert (severity, called) == (INFORMATION, name), log.lines
    # The parent has said that, or the daemon.
    assert number == pid, log.lines
    log.find("")
    log.restart()
    # It finds the old socket gone; libc then asks for the new one.
    net.timedc(label, space, "online")
    log.wait_for("Source 127.0.0.1 online")
    net.timedc(label, space, "shutdown")
    log.wait_for(f"{name} exiting")
    lab.wait_until(lambda: not lab.process_start(pid), 10, "its end")
    assert {line[1:3] for line in log.lines} == {(name, pid)}, log.lines
    assert not log.find("System call filter refused"), log.lines
    log.lines.clear()


def fails_loudly(net, space, log):
    done = subprocess.run(space.command(*with_log(net), lab.timed(), "-x", "-f", net.write("wrong.conf", "server\n")),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1 and "wrong.conf" in done.stderr, done
    severity, name, _, _ = log.wait_for("Fatal error : ")
    assert (severity, name) == (CRITICAL, "timed"), log.lines
    log.lines.clear()


def as_chronyd(net):
    """The packaged script, with the daemon where the package has its link."""
    script = lab.read_text(os.path.join(SOURCE, "packaging/debian/start-chronyd"))
    links = dict(line.split()[::-1] for line in
                 lab.read_text(os.path.join(SOURCE, "packaging/debian/timed-chrony-compat.links")).splitlines())
    link = re.search(r"^daemon=(\S+)$", script, flags=re.M)[1]
    assert links[link.lstrip("/")] == "usr/sbin/timed", links
    os.mkdir(net.path("sbin"))
    os.symlink(lab.timed(), net.path("sbin/chronyd"))
    assert links["usr/sbin/chronyd"] == "usr/libexec/timed-chrony-compat/start-chronyd", links
    path = net.write("start-chronyd", script.replace(link, net.path("sbin/chronyd")).replace("/etc/chrony/", net.path("none/")))
    os.chmod(path, 0o755)
    return path


def test(net):
    space = net.namespace("alone")
    log = SystemLog(net)
    for level in ("1", "2") if lab.has_filter() else ("0",):
        run_daemon(net, space, log, lab.timed(), f"level{level}", "-F", level)
    run_daemon(net, space, log, as_chronyd(net), "renamed", name="chronyd")
    fails_loudly(net, space, log)


if __name__ == "__main__":
    lab.require_root()
    lab.main(test)
