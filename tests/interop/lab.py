"""A small network for a test: namespaces joined by veth pairs, daemons in them, and nothing left of it afterwards.

A test is a script with a function that takes a Lab and raises (assert) where the daemon is wrong:

    def test(lab):
        ...
    if __name__ == "__main__":
        lab.main(test)

Two things remove what a test has made: the test itself, and a guardian process that outlives it, for the case that it
was killed (ctest kills at a timeout).  Only processes that the test has started are ended, by their number.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

SKIP = 77
CLONE_NEWNET = 0x40000000
STOP_SECONDS = 10  # a daemon that has not ended by then is killed, and the test has failed

_libc = ctypes.CDLL(None, use_errno=True)


class Skip(Exception):
    """The test cannot run here; its text says why."""


def timed():
    return os.environ["TIMED_BIN"]


def timedc():
    return os.environ["TIMEDC_BIN"]


def has_filter():
    """Whether the daemon can filter system calls: with sanitizers it cannot."""
    return "+SCFILTER" in subprocess.run([timed(), "--version"], capture_output=True, text=True, check=True).stdout


def peer(path):
    """A file of a peer that fetch_peers has unpacked."""
    full = os.path.join(os.environ["TIMED_PEERS"], "root", path)
    if not os.path.exists(full):
        reason = os.path.join(os.environ["TIMED_PEERS"], "absent")
        why = open(reason).read().strip() if os.path.exists(reason) else "run fetch_peers first"
        raise Skip(f"{path} is absent: {why}")
    return full


def peer_environment():
    """For what is unpacked, not installed."""
    libraries = os.path.join(os.environ["TIMED_PEERS"], "libraries")
    modules = os.path.join(os.environ["TIMED_PEERS"], "root/usr/lib/python3/dist-packages")
    return dict(os.environ, LD_LIBRARY_PATH=libraries, PYTHONPATH=modules)


def wait_until(condition, seconds, what):
    """Answers what the condition does as soon as that is true; fails when it is not in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def read_text(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def process_start(pid):
    """Tells a process from a later one with its number; empty when there is none (a zombie is none)."""
    fields = read_text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return fields[19] if fields and fields[0] not in "ZX" else ""


def process_status(pid):
    """/proc/PID/status by field."""
    lines = read_text(f"/proc/{pid}/status").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _remove_namespace(name):
    subprocess.run(["ip", "netns", "delete", name], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False)


class Guardian:
    """A process of another session that waits for the end of the test and undoes what the test has not undone."""

    def __init__(self):
        reader, self._writer = os.pipe()
        first = os.fork()
        if first == 0:
            os.close(self._writer)
            if os.fork() == 0:
                with contextlib.suppress(BaseException):
                    self._guard(reader)
            os._exit(0)
        os.waitpid(first, 0)
        os.close(reader)

    def note(self, *words):
        os.write(self._writer, ("\t".join(str(word) for word in words) + "\n").encode())

    def release(self):
        self.note("released")
        os.close(self._writer)

    @staticmethod
    def _guard(reader):
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        with os.fdopen(reader) as lines:
            notes = [line.rstrip("\n").split("\t") for line in lines]
        if notes and notes[-1] == ["released"]:
            return
        for kind, *words in notes:
            if kind == "process" and process_start(words[0]) == words[1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(words[0]), signal.SIGKILL)
        for kind, *words in reversed(notes):
            if kind == "kernel_clock":
                KernelClock.set([int(word) for word in words])
            elif kind == "namespace":
                _remove_namespace(words[0])
            elif kind == "directory":
                shutil.rmtree(words[0], ignore_errors=True)


class Namespace:
    def __init__(self, name):
        self.name = name
        self.path = f"/run/netns/{name}"

    def command(self, *words):
        """That command in this namespace, with the same process number."""
        return ["nsenter", f"--net={self.path}", "--", *words]

    def run(self, *words, check=True, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 30,
                   "text": True, **options}
        with self.entered():
            done = subprocess.run(words, check=False, **options)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    @contextlib.contextmanager
    def entered(self):
        """Sockets that are made meanwhile belong to this namespace."""
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(self.path, os.O_RDONLY)
        try:
            self._enter(there)
            yield
        finally:
            self._enter(home)
            os.close(there)
            os.close(home)

    @staticmethod
    def _enter(descriptor):
        if _libc.setns(descriptor, CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def tcp_connection(self, address, timeout=5.0):
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        with self.entered():
            made = socket.socket(family, socket.SOCK_STREAM)
        made.settimeout(timeout)
        made.connect(address)
        return made

    def udp_socket(self, family=socket.AF_INET, bind=None, timeout=2.0):
        with self.entered():
            made = socket.socket(family, socket.SOCK_DGRAM)
        made.settimeout(timeout)
        if bind:
            made.bind(bind)
        return made


class Daemon:
    """A program that runs until it is stopped; its output goes to a file."""

    def __init__(self, lab, label, command, environment, pass_fds=()):
        self.label = label
        self.log_path = os.path.join(lab.directory, f"{label}.log")
        with open(self.log_path, "ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                                             pass_fds=pass_fds)
        self.pid = self._process.pid
        lab.guardian.note("process", self.pid, process_start(self.pid))

    def log(self):
        return read_text(self.log_path)

    def alive(self):
        return self._process.poll() is None

    def wait_for_log(self, text, seconds=15):
        def found():
            if text in self.log():
                return True
            assert self.alive(), f"{self.label} has ended with status {self._process.returncode}"
            return False
        wait_until(found, seconds, f"'{text}' in the log of {self.label}")

    def wait(self, seconds=STOP_SECONDS):
        """For the end: the exit status."""
        return self._process.wait(seconds)

    def stop(self, number=signal.SIGTERM):
        """The exit status; negative where a signal has ended it."""
        if self.alive():
            self._process.send_signal(number)
        return self.wait()

    def kill(self):
        if self.alive():
            self._process.kill()
            self._process.wait()


class Lab:
    def __init__(self):
        self.guardian = Guardian()
        self.directory = tempfile.mkdtemp(prefix=f"timed-test-{os.getpid()}-")
        self.guardian.note("directory", self.directory)
        os.chmod(self.directory, 0o755)  # daemons of other accounts come by
        self._namespaces = []
        self.daemons = []
        self._detached = []  # (pid, start)

    # Files.

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    # Networks.

    def namespace(self, label, up=True):
        name = f"timed-{os.getpid()}-{label}"
        self.guardian.note("namespace", name)
        for last in (False, False, True):
            made = subprocess.run(["ip", "netns", "add", name], stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, check=False)
            if made.returncode == 0:
                break
            if last:
                raise Skip(f"no network namespaces here: {made.stderr.strip()}")
            time.sleep(0.2)
        space = Namespace(name)
        self._namespaces.append(space)
        if up:
            space.run("ip", "link", "set", "lo", "up")
        return space

    @staticmethod
    def link(left, right, left_addresses, right_addresses, device="lab0"):
        """Joins two namespaces; addresses with their prefix lengths."""
        left.run("ip", "link", "add", device, "type", "veth", "peer", "name", device, "netns", right.name)
        for space, addresses in ((left, left_addresses), (right, right_addresses)):
            for address in addresses:
                # No search for duplicates: the address is usable at once.
                flags = ["nodad"] if ":" in address else []
                space.run("ip", "address", "add", address, "dev", device, *flags)
            space.run("ip", "link", "set", device, "up")

    def pair(self):
        """(server, client) with 10.99.0.1 and fd00:99::1, 10.99.0.2 and fd00:99::2."""
        server, client = self.namespace("server"), self.namespace("client")
        self.link(server, client, ["10.99.0.1/24", "fd00:99::1/64"], ["10.99.0.2/24", "fd00:99::2/64"])
        return server, client

    # Daemons.

    def start(self, label, command, environment=None):
        daemon = Daemon(self, label, command, environment)
        self.daemons.append(daemon)
        return daemon

    def adopt(self, pid):
        """A daemon that has put itself into the background."""
        start = process_start(pid)
        self.guardian.note("process", pid, start)
        self._detached.append((pid, start))

    def timed_configuration(self, label, text):
        """A configuration file of timed's with its own socket and pid file."""
        run = self.path(f"run-{label}")
        return self.write(f"{label}.conf", f"{text}\nbindcmdaddress {run}/timed.sock\npidfile {run}/timed.pid\n")

    def timed_socket(self, label):
        return self.path(f"run-{label}", "timed.sock")

    def timed(self, label, space, text, *options, user="root", steer=False, prefix=()):
        """Starts timed in the foreground, without control of the clock unless asked for."""
        configuration = self.timed_configuration(label, text)
        words = [*prefix, timed(), "-d", "-u", user, *([] if steer else ["-x"]), *options, "-f", configuration]
        daemon = self.start(label, space.command(*words))
        daemon.wait_for_log("starting")
        wait_until(lambda: os.path.exists(self.timed_socket(label)) or not daemon.alive(), 15, "command socket")
        return daemon

    def chronyd(self, label, space, text):
        """Starts Debian's chronyd, which must not control the clock."""
        run = self.path(f"run-{label}")
        os.mkdir(run, 0o770)
        configuration = self.write(
            f"{label}.conf", f"{text}\nuser root\nbindcmdaddress {run}/chronyd.sock\npidfile {run}/chronyd.pid\n")
        return self.start(label, space.command(peer("usr/sbin/chronyd"), "-d", "-x", "-f", configuration),
                          peer_environment())

    def chronyd_servers(self, space, strata):
        """A chronyd for each address, of that stratum, labelled with the address; returns when they serve."""
        for address, stratum in strata.items():
            space.run("ip", "address", "add", f"{address}/24", "dev", "lab0")
            self.chronyd(address, space, f"local stratum {stratum}\nallow\nbindaddress {address}\ncmdport 0")
        wait_until(lambda: all(f"{a}:123" in space.run("ss", "-Hlun", check=False).stdout for a in strata), 10,
                   "the servers listen")

    def chronyd_socket(self, label):
        return self.path(f"run-{label}", "chronyd.sock")

    @staticmethod
    def chronyc(space, socket_path, *words, check=True):
        """What chronyc prints as CSV of the daemon behind the socket."""
        return space.run(peer("usr/bin/chronyc"), "-n", "-c", "-h", socket_path, *words, check=check,
                         env=peer_environment()).stdout

    def timedc(self, label, space, *words, check=True):
        return space.run(timedc(), "-n", "-h", self.timed_socket(label), *words, check=check).stdout

    # The end.

    def stop(self):
        """Ends all daemons; answers what went wrong with that or was found in their logs."""
        faults = []
        for daemon in reversed(self.daemons):
            if daemon.alive():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    daemon.stop()
            if daemon.alive():
                faults.append(f"{daemon.label} did not end within {STOP_SECONDS} s")
                daemon.kill()
            if any(mark in daemon.log() for mark in ("Sanitizer", "runtime error:", "assertion failed")):
                faults.append(f"a sanitizer or an assertion has spoken in {daemon.label}")
            if "System call filter refused" in daemon.log():
                faults.append(f"a feature of {daemon.label} needs a system call that its filter does not have")
        for pid, start in self._detached:
            if start and process_start(pid) == start:
                os.kill(pid, signal.SIGKILL)
                wait_until(lambda: process_start(pid) != start, 5, f"end of process {pid}")
        return faults

    def print_logs(self):
        for daemon in self.daemons:
            print(f"--- {daemon.label}\n{daemon.log()}", end="")

    def remove(self):
        for space in self._namespaces:
            _remove_namespace(space.name)
        shutil.rmtree(self.directory, ignore_errors=True)
        self.guardian.release()


def require_root():
    if os.geteuid() != 0:
        raise Skip("needs root")


def require_tools(*names):
    for name in names:
        if shutil.which(name) is None:
            raise Skip(f"{name} is absent")


class Timex(ctypes.Structure):
    _fields_ = [("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long),
                ("maxerror", ctypes.c_long), ("esterror", ctypes.c_long), ("status", ctypes.c_int),
                ("constant", ctypes.c_long), ("precision", ctypes.c_long), ("tolerance", ctypes.c_long),
                ("sec", ctypes.c_long), ("usec", ctypes.c_long), ("tick", ctypes.c_long), ("ppsfreq", ctypes.c_long),
                ("jitter", ctypes.c_long), ("shift", ctypes.c_int), ("stabil", ctypes.c_long),
                ("jitcnt", ctypes.c_long), ("calcnt", ctypes.c_long), ("errcnt", ctypes.c_long),
                ("stbcnt", ctypes.c_long), ("tai", ctypes.c_int), ("reserved", ctypes.c_int * 11)]


class KernelClock:
    """What adjtimex says and what a test must put back.  Never the time itself."""

    FREQUENCY, MAXERROR, ESTERROR, STATUS, TICK = 0x2, 0x4, 0x8, 0x10, 0x4000
    READ_ONLY_STATUS = 0xff00

    @staticmethod
    def read():
        state = Timex()
        if _libc.adjtimex(ctypes.byref(state)) < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return state

    @classmethod
    def values(cls):
        state = cls.read()
        return [state.freq, state.tick, state.status & ~cls.READ_ONLY_STATUS, state.maxerror, state.esterror]

    @classmethod
    def set(cls, values):
        state = Timex()
        state.modes = cls.FREQUENCY | cls.TICK | cls.STATUS | cls.MAXERROR | cls.ESTERROR
        state.freq, state.tick, state.status, state.maxerror, state.esterror = values
        if _libc.adjtimex(ctypes.byref(state)) < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    @classmethod
    def frequency_ppm(cls):
        """How much faster than its oscillator the clock runs."""
        state = cls.read()
        ticks_per_second = os.sysconf("SC_CLK_TCK")
        return (state.tick * ticks_per_second - 1_000_000) + state.freq / 65536

    @classmethod
    @contextlib.contextmanager
    def kept(cls, lab):
        """Whatever happens, frequency, tick and status are as before afterwards; even if this process is killed."""
        before = cls.values()
        try:
            cls.set(before)
        except PermissionError as refused:
            raise Skip(f"the kernel clock may not be steered here: {refused.strerror}") from None
        lab.guardian.note("kernel_clock", *before)
        try:
            yield
        finally:
            # A daemon that ends later would set the frequency once more.
            for daemon in lab.daemons:
                daemon.kill()
            cls.set(before)


def main(test):
    """Runs a test in a lab of its own and exits as ctest expects it."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    lab = None
    status = 1
    try:
        require_root()
        require_tools("ip", "nsenter", "unshare", "setpriv")
        lab = Lab()
        test(lab)
        status = 0
    except Skip as reason:
        print(f"skipped: {reason}")
        status = SKIP
    except Exception:
        traceback.print_exc(file=sys.stdout)
    finally:
        if lab is not None:
            faults = lab.stop()
            print(*faults, sep="\n", end="\n" if faults else "")
            status = 1 if faults else status
            if status == 1:
                lab.print_logs()
            lab.remove()
    sys.stdout.flush()
    sys.exit(status)
