"""What serving costs: timed beside a bare echo loop and Debian's chronyd, on one core, under load of many clients.

    serving.py [rounds=7] [window=0.4] [parts=levels,interleaved,stamps,timers,nts,drain] [smoke]

Every server has a namespace of its own, the load comes out of another one over veth pairs, from thousands of addresses.
Servers run on processor 0, the load on processor 1.  Rates on a shared machine mean little: the figure is processor
time an answer, and what is compared was measured in the same round, in turn.  Tables show medians of the rounds.
"""

import atexit
import contextlib
import ctypes
import json
import os
import re
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import time

import lab

SERVER_CPU, LOAD_CPU = 0, 1
CLIENTS = "10.64.0.0"
LEVELS = (1, 2, 4, 8)
WARM_SECONDS = 0.08
WINDOWS = 3  # until one is not lost to a machine that stalls
CONFIGURATION = "local stratum 2\nallow\nclientloglimit 16777216\nmaxdistance 16\n"
INTERLEAVED_PART = 0.5  # of what timed carries: answers must come back to be asked about
DRAIN_REQUESTS = 60_000
DRAIN_BUFFER = 256 << 20
PIDFD_GETFD = 438
SO_RCVBUFFORCE = 33
_libc = ctypes.CDLL(None, use_errno=True)

PARTS = "levels,interleaved,stamps,timers,nts,drain"
OPTIONS = {"rounds": 7, "window": 0.4, "parts": PARTS, "drain_requests": DRAIN_REQUESTS}
# That it runs, not what it finds.
SMOKE = {"rounds": 1, "window": 0.05, "parts": PARTS, "drain_requests": 2000}


def cpu_seconds(pid):
    return time.clock_gettime((~pid << 3) | 2)  # clock_getcpuclockid


class Server:
    def __init__(self, name, number, space, pid, socket_path=None):
        self.name, self.number, self.space, self.pid, self.socket_path = name, number, space, pid, socket_path
        self.address = f"10.90.{number}.1"

    def answers(self):
        """Datagrams that have left; nothing else is sent in the namespace."""
        for line in lab.read_text(f"/proc/{self.pid}/net/dev").splitlines():
            device, _, counts = line.partition(":")
            if device.strip() == f"lab{self.number}":
                return int(counts.split()[9])
        raise AssertionError(f"no device of {self.name}")

    def pin(self, processors):
        for task in os.listdir(f"/proc/{self.pid}/task"):
            os.sched_setaffinity(int(task), processors)
            os.setpriority(os.PRIO_PROCESS, int(task), -20)

    def udp_rows(self):
        """Of its sockets on port 123: (inode, dropped)."""
        rows = [line.split() for line in lab.read_text(f"/proc/{self.pid}/net/udp").splitlines()[1:]]
        return {int(row[9]): int(row[12]) for row in rows if row[1].endswith(":007B")}

    def enlarge_buffers(self, size):
        """Of its sockets, from outside: what is set at a copy of a descriptor holds for all."""
        inodes = {f"socket:[{inode}]" for inode in self.udp_rows()}
        process = os.pidfd_open(self.pid)
        for name in os.listdir(f"/proc/{self.pid}/fd"):
            if os.readlink(f"/proc/{self.pid}/fd/{name}") not in inodes:
                continue
            copy = _libc.syscall(PIDFD_GETFD, process, int(name), 0)
            if copy < 0:
                raise lab.Skip(f"pidfd_getfd: {os.strerror(ctypes.get_errno())}")
            with socket.socket(fileno=copy) as taken:
                taken.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, size)
        os.close(process)


class Range:
    """The client namespace and the servers that are joined to it."""

    def __init__(self, net, load):
        self.net, self.load = net, load
        self._loads = 0
        self.client = net.namespace("client")
        self.client.run("ip", "route", "add", "local", f"{CLIENTS}/16", "dev", "lo")
        self._number = 0

    def space(self):
        self._number += 1
        n = self._number
        space = self.net.namespace(f"server{n}")
        self.net.link(space, self.client, [f"10.90.{n}.1/24"], [f"10.90.{n}.2/24"], device=f"lab{n}")
        space.run("ip", "route", "add", f"{CLIENTS}/16", "via", f"10.90.{n}.2")
        return n, space

    def tool(self, name, *words, processors=(SERVER_CPU,)):
        n, space = self.space()
        daemon = self.net.start(f"{name}-{n}", space.command(self.load, *words))
        return self._ready(Server(name, n, space, daemon.pid), processors)

    def timed(self, name="timed", text="", processors=(SERVER_CPU,)):
        n, space = self.space()
        daemon = self.net.timed(f"{name.replace(' ', '-')}-{n}", space, CONFIGURATION + text)
        path = self.net.timed_socket(f"{name.replace(' ', '-')}-{n}")
        return self._ready(Server(name, n, space, daemon.pid, path), processors)

    def chronyd(self, text="", processors=(SERVER_CPU,)):
        n, space = self.space()
        daemon = self.net.chronyd(f"chronyd-{n}", space, CONFIGURATION + text)
        return self._ready(Server("chronyd", n, space, daemon.pid, self.net.chronyd_socket(f"chronyd-{n}")),
                           processors)

    @staticmethod
    def _ready(server, processors):
        lab.wait_until(server.udp_rows, 10, f"{server.name} listens")
        server.pin(processors)
        return server

    def offer(self, server, **words):
        """Starts a load; its process, whose log is JSON at the end."""
        words = [f"{name}={value}" for name, value in words.items()]
        command = ["taskset", "-c", str(LOAD_CPU), "nice", "-n", "-20", self.load, "offer", f"server={server.address}",
                   f"client={CLIENTS}", *words]
        self._loads += 1
        return self.net.start(f"load{self._loads}", self.client.command(*command))

    def measure(self, server, window, rate=0, warm=WARM_SECONDS, **words):
        """Processor time an answer, answers a second, and what the load has seen."""
        for _ in range(WINDOWS):
            answers, *found = self._window(server, window, rate, warm, words)
            if answers > 0:
                break
        assert answers > 0, f"{server.name} does not answer"
        cpu, seconds, seen = found
        return {**seen, "cpu_us": cpu / answers * 1e6, "rate": answers / seconds,
                "offered": seen["offered"] / seen["seconds"]}

    def _window(self, server, window, rate, warm, words):
        """Answers, processor time, seconds, and what the load has seen."""
        load = self.offer(server, rate=rate, seconds=window + warm + 0.1, **words)
        time.sleep(warm)
        answers, cpu, start = server.answers(), cpu_seconds(server.pid), time.monotonic()
        time.sleep(window)
        answers, cpu, seconds = (server.answers() - answers, cpu_seconds(server.pid) - cpu, time.monotonic() - start)
        assert load.wait(30) == 0, load.log()
        return answers, cpu, seconds, json.loads(load.log())


class Table:
    def __init__(self, title, *columns):
        print(f"\n### {title}\n\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))

    @staticmethod
    def row(*fields):
        print("| " + " | ".join(f"{f:.2f}" if isinstance(f, float) else str(f) for f in fields) + " |", flush=True)


class Goals:
    def __init__(self):
        self.missed = 0

    def most(self, what, found, limit):
        self._tell(what, found, limit, found <= limit, "≤")

    def least(self, what, found, limit):
        self._tell(what, found, limit, found >= limit, "≥")

    def _tell(self, what, found, limit, met, sign):
        self.missed += not met
        print(f"- {what}: {found:.2f} (goal {sign} {limit:.2f}{'' if met else ', MISSED'})", flush=True)


def ratio(samples, one, other, field="cpu_us"):
    """The median of the ratios within the rounds."""
    return statistics.median(a[field] / b[field] for a, b in zip(samples[one], samples[other]))


def orders(rounds, names):
    """Each round in another order."""
    return [[names[(i + k) % len(names)] for k in range(len(names))] for i in range(rounds)]


def in_turn(rounds, names):
    return [name for order in orders(rounds, names) for name in order]


def saturating_rate(field, server, last, window, **words):
    """What a server answers at most.  A flood takes from it too, so it answers most where it is offered a few times that;
    and what it answers changes by the second where others use the machine."""
    return max(field.measure(server, window, rate=times * last, **words)["rate"] for times in (1.5, 2, 3))


def levels(field, servers, options, goals):
    window, rounds = options["window"], options["rounds"]
    samples = {level: {name: [] for name in servers} for level in LEVELS}
    saturation = field.measure(servers["echo"], window)["rate"]
    for names in orders(rounds, list(servers)):
        saturation = saturating_rate(field, servers["echo"], saturation, window)
        for level in LEVELS:
            for name in names:
                found = field.measure(servers[name], window, rate=level * saturation)
                samples[level][name].append({**found, "level": found["offered"] / saturation,
                                             "part": found["rate"] / saturation})
    print_levels(samples, servers, rounds)
    saturated = samples[LEVELS[0]]
    goals.most("at saturation, CPU of timed / echo", ratio(saturated, "timed", "echo"), 1.08)
    if "chronyd" in servers:
        goals.most("at saturation, CPU of timed / chronyd", ratio(saturated, "timed", "chronyd"), 0.95)
    for level in LEVELS[1:]:
        own = statistics.median(a["cpu_us"] / b["cpu_us"] for a, b in zip(samples[level]["timed"], saturated["timed"]))
        goals.most(f"at {level} times, CPU of timed / its own at saturation", own, 1.10)
        goals.least(f"at {level} times, answered by timed / echo", ratio(samples[level], "timed", "echo", "rate"), 0.90)
    return saturation


def print_levels(samples, servers, rounds):
    table = Table(f"Processor time an answer, plain requests ({rounds} rounds; loads are of what the echo loop answers)",
                  "load", "server", "offered", "answered", "CPU / echo", "CPU / chronyd", "answered / echo")
    for level, found in samples.items():
        for name in servers:
            offered, part = (statistics.median(one[key] for one in found[name]) for key in ("level", "part"))
            table.row(level, name, offered, part, ratio(found, name, "echo"),
                      ratio(found, name, "chronyd") if "chronyd" in servers else "-", ratio(found, name, "echo", "rate"))
    print()


def interleaved_of(server):
    text = server.space.run(lab.timedc(), "-n", "-h", server.socket_path, "serverstats").stdout
    return int(re.search(r"Interleaved NTP packets\s*:\s*(\d+)", text).group(1))


def interleaved(field, servers, saturation, options, goals):
    window, rounds = options["window"], options["rounds"]
    servers = {**servers, "echo": field.tool("echo", "echo", "stamps=1")}
    samples, shares = {name: [] for name in servers}, {name: [] for name in servers}
    for name in in_turn(rounds, list(servers)):
        server = servers[name]
        before = interleaved_of(server) if server.socket_path else 0
        start = server.answers()
        found = field.measure(server, window, rate=INTERLEAVED_PART * saturation, warm=0.4, interleaved=1)
        samples[name].append(found)
        if server.socket_path:
            shares[name].append((interleaved_of(server) - before) / (server.answers() - start))
    table = Table(f"Interleaved mode; the echo loop asks for transmit stamps and reads them ({rounds} rounds)", "server",
                  "interleaved answers", "CPU / echo", "CPU / chronyd")
    for name in servers:
        table.row(name, statistics.median(shares[name]) if shares[name] else "-", ratio(samples, name, "echo"),
                  ratio(samples, name, "chronyd") if "chronyd" in servers else "-")
    print()
    goals.most("interleaved, CPU of timed / echo with transmit stamps", ratio(samples, "timed", "echo"), 1.15)


def stamps(field, servers, saturation, options, goals):
    servers = {name: server for name, server in servers.items() if name != "echo"}
    samples = {name: [] for name in servers}
    for name in in_turn(options["rounds"], list(servers)):
        samples[name].append(field.measure(servers[name], options["window"], rate=saturation, judge=1))
    table = Table("Transmit stamps at saturation: how long before its arrival an answer says it left", "server",
                  "answers", "median, µs", "99 %, µs")
    for name, found in samples.items():
        table.row(name, sum(one["stamps"] for one in found), statistics.median(one["median_us"] for one in found),
                  statistics.median(one["p99_us"] for one in found))
    print()
    if "chronyd" in servers:
        goals.most("median error, timed / chronyd", ratio(samples, "timed", "chronyd", "median_us"), 1.0)
        goals.most("99 % error, timed / chronyd", ratio(samples, "timed", "chronyd", "p99_us"), 1.0)


def timers(field, saturation, options, goals):
    found = []
    for _ in range(options["rounds"]):
        idle = field.net.start(f"idle{len(found)}", [field.load, "timers"])
        os.sched_setaffinity(idle.pid, {SERVER_CPU})
        os.setpriority(os.PRIO_PROCESS, idle.pid, -20)
        server = field.tool(f"loop{len(found)}", "timers", "port=123")
        busy = field.net.daemons[-1]
        assert field.offer(server, rate=max(LEVELS) * saturation, seconds=5 * options["window"]).wait(30) == 0
        assert busy.stop() == 0 and idle.stop() == 0
        found.append((json.loads(busy.log()), json.loads(idle.log())))
    table = Table(f"Timers of the main loop at {max(LEVELS)} times saturation, how late (ms)", "process", "median",
                  "99 %", "worst")
    for i, name in enumerate(("serving", "idle, same core")):
        table.row(name, *(statistics.median(pair[i][key] for pair in found) for key in
                          ("median_ms", "p99_ms", "worst_ms")))
    print()
    for key, what in (("p99_ms", "99 %"), ("worst_ms", "worst")):
        later = statistics.median(busy[key] - idle[key] for busy, idle in found)
        goals.most(f"timers later than those of an idle process, {what}, ms", later, 5.0)


def shared_keys(net):
    """A directory with server keys in the form that every chronyd reads."""
    os.makedirs(net.path("keys"), exist_ok=True)
    lines = [f"{secrets.randbits(30) << 2 | slot:08X} {secrets.token_hex(32).upper()}" for slot in range(4)]
    return net.write("keys/ntskeys", "NKS0\n15 0.0\n" + "\n".join(lines) + "\n")


def certificate(net):
    """The lines without which chronyd serves no NTS; nobody connects."""
    lab.require_tools("openssl")
    pem, key = net.path("nts.pem"), net.path("nts.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=server.example", "-keyout", key, "-out", pem], check=True,
                   capture_output=True)
    return f"ntsservercert {pem}\nntsserverkey {key}\n"


def authenticated_by(server):
    text = server.space.run(lab.timedc(), "-n", "-h", server.socket_path, "serverstats").stdout
    return int(re.search(r"Authenticated NTP packets\s*:\s*(\d+)", text).group(1))


def nts(field, options, goals):
    """Requests of NTS with cookies of keys that all have; nobody establishes any."""
    keys = shared_keys(field.net)
    text = f"ntsrotate 0\nntsdumpdir {os.path.dirname(keys)}\n"
    servers = {"timed": field.timed("timed nts", text)}
    try:
        servers["chronyd"] = field.chronyd(text + certificate(field.net))
    except lab.Skip as reason:
        print(f"without chronyd: {reason}")
    window, words = options["window"], {"nts": keys}
    samples = {name: [] for name in servers}
    saturation = field.measure(servers["timed"], window, **words)["rate"]
    for names in orders(options["rounds"], list(servers)):
        saturation = saturating_rate(field, servers["timed"], saturation, window, **words)
        for name in names:
            server = servers[name]
            before, start = authenticated_by(server), server.answers()
            samples[name].append(field.measure(server, window, rate=saturation, **words))
            share = (authenticated_by(server) - before) / (server.answers() - start)
            assert share > 0.98, f"{name} has found {share:.2f} of its requests authentic"
    table = Table(f"Processor time an answer with NTS, AES-SIV-CMAC-256 ({options['rounds']} rounds)", "server",
                  "answers a second / timed", "CPU / chronyd")
    for name in servers:
        table.row(name, ratio(samples, name, "timed", "rate"),
                  ratio(samples, name, "chronyd") if "chronyd" in servers else "-")
    print()
    if "chronyd" in servers:
        goals.most("with NTS, CPU of timed / chronyd", ratio(samples, "timed", "chronyd"), 0.88)


def drain_once(field, server, requests):
    """Seconds in which what has been waiting is answered, by a server that was stopped while it came in."""
    server.pin({SERVER_CPU, LOAD_CPU})  # by now it has all its threads
    dropped = sum(server.udp_rows().values())
    before = server.answers()
    os.kill(server.pid, signal.SIGSTOP)
    try:
        load = field.offer(server, limit=requests, rate=150_000, seconds=30)
        assert load.wait(60) == 0, load.log()
        waiting = json.loads(load.log())["offered"] - (sum(server.udp_rows().values()) - dropped)
        assert waiting > requests / 2, f"only {waiting} requests wait"
    finally:
        os.kill(server.pid, signal.SIGCONT)
    start = last = time.monotonic()
    seen = before
    while seen < before + waiting and time.monotonic() < last + 1:
        time.sleep(0.002)
        now = server.answers()
        if now != seen:
            seen, last = now, time.monotonic()
    assert seen >= before + 0.98 * waiting, f"{server.name} has answered {seen - before} of {waiting}"
    return (last - start) / (seen - before)


def set_session_niceness(value):
    """The kernel shares the processor among sessions first; within one, the niceness of processes counts."""
    with contextlib.suppress(OSError):  # no such groups here: then niceness counts everywhere
        with open("/proc/self/autogroup", "w") as file:
            file.write(str(value))


def accepts(net, line):
    """Whether timed knows a directive."""
    checked = net.namespace("check").run(lab.timed(), "--check", "-f", net.write("check.conf", line + "\n"), check=False)
    return checked.returncode == 0 and line.split()[0] not in checked.stdout + checked.stderr


def drain(field, options, goals):
    both = (SERVER_CPU, LOAD_CPU)
    servers = {f"echo, {n}": field.tool("echo", "echo", f"threads={n}", processors=both) for n in (1, 2)}
    servers["timed, 1"] = field.timed("timed 1", processors=both)
    if accepts(field.net, "serverthreads 2"):
        for n in (1, 2):
            servers[f"timed, {n}"] = field.timed(f"timed threads {n}", f"serverthreads {n}\n", processors=both)
    for server in servers.values():
        server.enlarge_buffers(DRAIN_BUFFER)
    samples = {name: [] for name in servers}
    for name in in_turn(options["rounds"], list(servers)):
        samples[name].append({"s": drain_once(field, servers[name], options["drain_requests"])})
    table = Table("Draining full buffers on two cores", "server, threads", "speed / echo, 1", "speed / own with 1")
    for name in servers:
        table.row(name, ratio(samples, "echo, 1", name, "s"),
                  ratio(samples, name.split(",")[0] + ", 1", name, "s"))
    print()
    if "timed, 2" in servers:
        goals.least("speed of timed with 2 threads / with 1", ratio(samples, "timed, 1", "timed, 2", "s"), 1.7)


def test(net, options=None):
    lab.require_tools("ip", "taskset", "nice", "nsenter")
    if os.cpu_count() < 2:
        raise lab.Skip("needs two processors")
    options = options or SMOKE
    os.sched_setaffinity(0, {LOAD_CPU})
    load = os.path.join(os.path.dirname(lab.timed()), "tests/bench/load")
    field, goals, parts = Range(net, load), Goals(), options["parts"].split(",")
    servers = {"echo": field.tool("echo", "echo"), "timed": field.timed()}
    try:
        servers["chronyd"] = field.chronyd()
    except lab.Skip as reason:
        print(f"without chronyd: {reason}")
    if "levels" in parts:
        saturation = levels(field, servers, options, goals)
    else:
        flooded = field.measure(servers["echo"], options["window"])["rate"]
        saturation = saturating_rate(field, servers["echo"], flooded, options["window"])
    if "interleaved" in parts:
        interleaved(field, servers, saturation, options, goals)
    if "stamps" in parts:
        stamps(field, servers, saturation, options, goals)
    if "timers" in parts:
        timers(field, saturation, options, goals)
    if "nts" in parts:
        nts(field, options, goals)
    if "drain" in parts:
        drain(field, options, goals)
    print(f"\n{goals.missed} goals missed" if goals.missed else "\nall goals met")


def main():
    options = dict(OPTIONS)
    for word in sys.argv[1:]:
        name, _, value = word.partition("=")
        if name == "smoke":
            return lab.main(test)
        options[name] = type(options[name])(value)
    set_session_niceness(-20)
    atexit.register(set_session_niceness, 0)
    lab.main(lambda net: test(net, options))


if __name__ == "__main__":
    main()
