"""timedc sends the bytes that chronyc sends, and makes the same of any answer: both talk to a daemon of straw, which
notes what it is asked and answers what the test wants.  Needs no privileges."""

import contextlib
import itertools
import os
import random
import socket
import struct
import subprocess
import threading
import time

import lab

# Request code -> reply code and length of its body, as chronyd 4.3 answers.
REPLIES = {14: (2, 4), 15: (3, 48), 33: (5, 76), 34: (6, 56), 35: (7, 28), 44: (12, 20), 51: (13, 24), 11: (17, 12),
           41: (18, 388), 65: (19, 256), 67: (20, 24), 68: (21, 492), 69: (23, 48), 54: (24, 44), 57: (16, 124)}
INVALID = 3
ADD_SOURCE, LOCAL2, LOCAL3 = 64, 56, 74


class StrawDaemon:
    def __init__(self, path):
        self.asked = []
        self.bodies = {}  # by request code; zeros where there is none
        self.status = 0
        self.replies = REPLIES
        self.requests = []    # whole
        self.local3 = False   # whether it knows the request of chronyd since 4.6
        self.mute = False
        self.delay = 0.0  # seconds
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            request, client = self._socket.recvfrom(2048)
            code = struct.unpack(">H", request[4:6])[0]
            if self.mute:
                continue
            time.sleep(self.delay)
            reply, length = self.replies.get(code, (1, 0))
            status = self.status
            self.requests.append(request)
            if code == LOCAL3 and not self.local3:
                status = INVALID  # as chronyd before 4.6
            else:
                self.asked.append(self._essence(code, request))
            body = self.bodies.get(code, bytes(length))
            if status != 0:
                reply, body = 1, b""
            header = bytes([6, 2, 0, 0]) + struct.pack(">HHHHHH", code, reply, status, 0, 0, 0)
            with contextlib.suppress(OSError):  # who asked may have left
                self._socket.sendto(header + request[8:12] + bytes(8) + body, client)

    @staticmethod
    def _essence(code, request):
        """Without the sequence number and the padding, and what chronyc sends only since 4.8."""
        if code == ADD_SOURCE:
            request = request[:368]
        return request[:8] + request[12:].rstrip(b"\0")


LOCAL_NAMES = ["127.0.0.1", "::1", "ID#7", "ID#0000000007", "ID#7x", "ID#", "localhost", "name.invalid", "1.2.3", ""]
MASKS = ["", "127.0.0.1", "10.0.0.0/8", "10.1.2.3/31", "2001:db8::/33", "::1/128", "10.0.0.0/99", "10.0.0.0/-1",
         "255.255.0.0/10.1.0.0", "ffff::/::1", "255.0.0.0/::1", "10.0.0.0/x", "/", "10.0.0.0/8x", "ID#3", "ID#3/8",
         "name.invalid", "127.0.0.1 ::1"]
NUMBERS = ["", "1", "-1", "0.5", "1e-3", "3x", "x", "0x10", "1e99", "99999999999", "+3", "nan"]
SOURCES = ["", "server", "host 127.0.0.1", "server 127.0.0.1", "peer ::1", "pool localhost", "server name.invalid",
           "SERVER 127.0.0.1 IBURST", "server 127.0.0.1 minpoll 3 maxpoll 5 iburst burst prefer noselect trust require",
           "server 127.0.0.1 offline auto_offline xleave copy nts ntsport 99 certset 3 key 17 port 99 version 3",
           "pool localhost maxsources 3 minsamples 7 maxsamples 9 filter 5 polltarget 11 minstratum 4 presend 9",
           "peer 127.0.0.1 maxdelay 0.1 maxdelayratio 2 maxdelaydevratio 3 mindelay 1e-4 asymmetry 0.25 offset -0.5",
           "server 127.0.0.1 extfield F323"]
SUBNETS = ["", "10.0.0.0/8", "10", "10.1", "10.1.2", "10.1.2.3", "10.2.0.0/15", "10.1/16", "::/0", "2001:db8::/32", "::1",
           "localhost", "name.invalid", "10.0.0.0/", "10.0.0.0/x", "300", "1.2.3.4 5", "ALL", "ID#1"]
DATES = ["", "12:30", "10:00 +0200", "2030-01-02 03:04:05", "24 Dec 2031 10:00 est dst", "last friday 11pm",
         "2 fortnights ago", "tomorrow 10:00", "Dec 24 2027", "noon", "1/2/03 (comment) 4:05 am z", "17:00 2027"]


def commands():
    """Lines of which each client makes the same requests and messages."""
    for word in ("online", "offline"):
        yield from (f"{word} {mask}" for mask in MASKS)
    for mask in ("", "10.0.0.0/8", "x/8"):
        yield from (f"burst {counts} {mask}" for counts in ("", "3/5", "3", "/", "x/2", "2/x", "-1/7", "1/2x", "99999999999/1"))
    yield from (f"delete {name}" for name in LOCAL_NAMES)
    yield from (f"sourcename {name}" for name in LOCAL_NAMES)
    yield from (f"ntpdata {name}" for name in LOCAL_NAMES if name)
    yield from (f"add {source}" for source in SOURCES)
    for word in ("maxupdateskew", "reselectdist", "dfreq", "doffset", "manual delete"):
        yield from (f"{word} {number}" for number in NUMBERS)
    yield from (f"makestep {a} {b}" for a in NUMBERS for b in ("", "3", "-1", "x", "1.5"))
    yield from (f"settime {date}" for date in DATES)
    yield from (f"manual {what}" for what in ("", "on", "off", "reset", "ON", "on x", "list", "lists", "deleted 3"))
    yield from (f"local {what}" for what in
                ("", "off", "OFF", "off x", "stratum 5", "STRATUM 5", "stratum 0", "stratum 16", "stratum", "orphan",
                 "stratum 3 distance 0.5 orphan", "distance x", "stratum 5orphan", "distance -1", "nonsense"))
    for word in ("minpoll", "maxpoll", "minstratum", "polltarget", "maxdelay", "maxdelayratio", "maxdelaydevratio"):
        yield from (f"{word} 127.0.0.1 {number}" for number in (*NUMBERS, "3 4"))
        yield from (f"{word} {name} 3" for name in LOCAL_NAMES)
        yield f"{word} name.invalid x"
    for word in ("allow", "deny", "cmdallow", "cmddeny"):
        yield from (f"{word} {what}" for what in SUBNETS)
        yield from (f"{word} all {what}" for what in SUBNETS)
    for word in ("accheck", "cmdaccheck"):
        yield from (f"{word} {name}" for name in LOCAL_NAMES)
    for word in ("smoothtime", "reload", "reset"):
        yield from (f"{word} {what}" for what in ("", "reset", "activate", "sources", "reset x", "sourcesx"))
    for word in ("onoffline", "refresh", "reselect", "cyclelogs", "dump", "rekey", "rekey x", "makestep", "trimrtc", "writertc",
                 "shutdown", "clients -p", "clients -p x", "clients -x", "clients -k -p 4x -r", "clients -p 3 -k"):
        yield word
    yield from ("authhash SHA1", "password x", "dns x", "timeout 10", "retries 31", "nonsense", "tracking x",
                "keygen x", "keygen 1 NONSENSE", "keygen 1 SHA1 160 x", "keygen 1 SHA1 x")


def ip(*octets, family=1):
    return bytes(octets).ljust(16, b"\0") + struct.pack(">HH", family, 0)


def float_of(value):
    return bytes.fromhex({0.25: "00800000", 0.5: "02800000", 0.75: "02c00000", 1: "04800000"}[value])


NOBODY = bytes(20)
# What chronyc says since 4.4, 4.6, 4.7 and 4.8: line -> code and body, from the tables of the protocol.
NEWER = {
    "selectopts 10.0.0.1 +prefer -noselect": (72, ip(10, 0, 0, 1) + bytes(4) + struct.pack(">II", 3, 0x8)),
    "selectopts GPS +NOSELECT +trust -require": (72, NOBODY + b"GPS\0" + struct.pack(">II", 13, 0x30)),
    "selectopts ID#7 +require": (72, ip(0, 0, 0, 7, family=3) + bytes(4) + struct.pack(">II", 8, 0x40)),
    "offset ::1 0.25": (73, ip(*bytes(15), 1, family=2) + bytes(4) + float_of(0.25)),
    "offset P 0.5": (73, NOBODY + b"P\0\0\0" + float_of(0.5)),
    "local stratum 5 activate 0.25 waitsynced 0.5 waitunsynced 0.75": (
        74, struct.pack(">II", 1, 5) + float_of(1) + bytes(4) + float_of(0.25) + float_of(0.5) + float_of(0.75)),
    "add server 127.0.0.1 maxunreach 77": (64, None),
}


def check_newer(daemon, path):
    daemon.local3 = True
    for line, (code, body) in NEWER.items():
        daemon.requests.clear()
        assert run(lab.timedc(), path, [], line) == (0, "200 OK\n", ""), line
        (request,) = daemon.requests
        told = struct.unpack(">H", request[4:6])[0], request[20:]
        if body is None:
            body = request[20:368] + struct.pack(">I", 77)
        assert told == (code, body), f"{line}\n{told[1].hex()}\n{body.hex()}"
    daemon.local3 = False


REPORTS = ["tracking", "sources -a", "sourcestats -a", "selectdata -a", "authdata -a", "ntpdata ::1", "ntpdata",
           "activity", "smoothing", "manual list", "settime 10:00", "rtcdata", "serverstats", "clients",
           "clients -k -p 4", "sources", "selectdata", "authdata",
           "waitsync 1 0.5 0.5", "sourcename ID#1"]


def real(dice):
    """A number as the protocol writes it, of any size."""
    return struct.pack(">I", dice.getrandbits(32)) if dice.random() < 0.3 else struct.pack(
        ">I", (dice.choice((0, 0x6c, 0x70, 0x78, 0x7c)) << 25) | dice.getrandbits(25))


def address(dice, families=(0, 1, 2, 3)):
    family = dice.choice(families)
    size = {0: 0, 1: 4, 2: 16, 3: 4}[family]
    return bytes(dice.getrandbits(8) for _ in range(size)).ljust(16, b"\0") + struct.pack(">HH", family, 0)


def stamp(dice):
    return struct.pack(">III", 0, dice.getrandbits(32), dice.randrange(10**9))


def word(dice, limit=1 << 32):
    return struct.pack(">I", dice.choice((0, 7, limit - 1, dice.randrange(limit))))


def short(dice, limit=1 << 16):
    return struct.pack(">H", dice.randrange(limit))


def octets(dice, *limits):
    return bytes(dice.randrange(limit) for limit in limits)


def reals(dice, count):
    return b"".join(real(dice) for _ in range(count))


def words(dice, count):
    return b"".join(word(dice) for _ in range(count))


def source(dice):
    """The begin of a report: a reference clock has its identifier as an IPv4 address."""
    mode = dice.randrange(3)
    clock = bytes(dice.randrange(0x21, 0x7f) for _ in range(4)).ljust(16, b"\0") + struct.pack(">HH", 1, 0)
    return (clock if mode == 2 else address(dice)) + short(dice) + short(dice) + short(dice, 6) + struct.pack(">H", mode)


def random_bodies(dice):
    printable = bytes(dice.randrange(0x21, 0x7f) for _ in range(dice.randrange(1, 60)))
    samples = b"".join(stamp(dice) + reals(dice, 3) for _ in range(16))
    clients = struct.pack(">III", 20, dice.choice((20, 30)), dice.randrange(9)) + b"".join(
        address(dice, (0, 1, 2)) + words(dice, 6) + bytes(dice.choice((127, 0, 10, 255, 128, 126)) for _ in range(4)) +
        words(dice, 3) for _ in range(8))
    return {
        14: struct.pack(">I", dice.randrange(4)),
        15: source(dice) + bytes(2) + short(dice, 256) +
        word(dice) + reals(dice, 3),
        33: word(dice) + address(dice) + short(dice) + short(dice, 5) + stamp(dice) + reals(dice, 9),
        34: word(dice) + address(dice) + words(dice, 3) + reals(dice, 5),
        44: words(dice, 5),
        35: stamp(dice) + short(dice) + short(dice) + word(dice) + reals(dice, 2),
        54: words(dice, 11),
        68: clients,
        51: word(dice, 4) + reals(dice, 5),
        11: reals(dice, 3),
        41: struct.pack(">I", dice.randrange(17)) + samples,
        65: printable.ljust(256, b"\0"),
        67: short(dice, 3) + short(dice) + word(dice) + short(dice) + short(dice) + word(dice) + short(dice) * 3 +
        bytes(2),
        69: word(dice) + address(dice) + dice.choice(b"NMsd~wSOTxWPUDL+*?").to_bytes(1, "big") + octets(dice, 2, 5) +
        bytes(1) + short(dice, 16) + short(dice, 16) + word(dice) + reals(dice, 3),
        57: address(dice) + address(dice) + short(dice) + octets(dice, 5, 8, 8, 17, 256, 256) + reals(dice, 2) +
        word(dice) + stamp(dice) + reals(dice, 5) + short(dice) + dice.choice((b"DK", b"HD", bytes(2))) +
        words(dice, 4) + b"\xff" * 12,
    }


def run(program, path, options, line):
    environment = dict(lab.peer_environment(), TZ="Europe/Berlin")
    done = subprocess.run([program, "-h", path, *options, line], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=60, env=environment, check=False)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def texts_of_4_8(messages):
    """chronyc has said since then what is wrong with an option."""
    for what in ("option", "value"):
        messages = messages.replace(f"Invalid {what} in add command", "Invalid syntax for add command")
    return messages


def _lines(told):
    code, output, messages, asked = told
    return [f"status {code}", *output.split("\n"), *messages.split("\n"), *(request.hex() for request in asked)]


def ask_both(daemon, path, options, line):
    told = []
    for program in (lab.peer("usr/bin/chronyc"), lab.timedc()):
        daemon.asked.clear()
        code, output, messages = run(program, path, options, line)
        told.append((code, output, texts_of_4_8(messages), list(daemon.asked)))
    return told


def compare(daemon, path, options, line):
    theirs, ours = ask_both(daemon, path, options, line)
    if theirs != ours and line.startswith("settime"):
        # What is relative to now may have been asked for in two different seconds.
        theirs, ours = ask_both(daemon, path, options, line)
    if theirs != ours:
        print(f"{' '.join(options)} '{line}'")
        for old, new in itertools.zip_longest(_lines(theirs), _lines(ours)):
            if old != new:
                print(f"  chronyc {old}\n  timedc  {new}")
    return theirs == ours


def check_options(net):
    """Under its name timedc takes the options of chronyc, and any text for a port as chronyc does."""
    link = net.path("chronyc")
    os.symlink(lab.timedc(), link)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        port = sock.getsockname()[1]
        for text in (str(port), f"{port}x", f" {port}", str(port + 65536), str(port - 65536), f"+{port}", f"{port}.9"):
            for program in (lab.peer("usr/bin/chronyc"), link):
                done = subprocess.Popen([program, "-d", "-a", "-h", "127.0.0.1", "-p", text, "tracking"],
                                        env=lab.peer_environment(), stdout=subprocess.DEVNULL)
                request = sock.recv(2048)
                done.kill()
                done.wait()
                assert request[4:6] == b"\0\x21", (program, text)
                sock.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    while sock.recv(2048):  # it may have asked again
                        pass
                sock.settimeout(5)
    for option in ("-x", "--json", "-p", "-h"):
        told = [run(program, "/", [], option)[0] for program in (lab.peer("usr/bin/chronyc"), link)]
        assert told == [1, 1], (option, told)
    code, _, messages = run(lab.timedc(), "/", ["-p", "1x"], "tracking")
    assert code == 1 and messages == "Invalid port 1x\n", messages


def test(net):
    path = net.path("sock")
    check_options(net)
    os.chmod(net.directory, 0o777)
    daemon = StrawDaemon(path)
    same = [compare(daemon, path, ["-n"], line) for line in commands()]
    for daemon.status in (1, 4, 6, 8, 9, 11, 21, 99):
        same += [compare(daemon, path, ["-n", "-c"], line) for line in ("reselect", "tracking", "settime 10:00")]
    daemon.status = 0
    check_newer(daemon, path)
    dice = random.Random(5)
    for _ in range(12):
        daemon.bodies = random_bodies(dice)
        same += [compare(daemon, path, dice.choice((["-n"], ["-n", "-c"], ["-N"])), report) for report in REPORTS]
    print(len(same), "lines compared")
    assert all(same), f"{same.count(False)} lines differ"


if __name__ == "__main__":
    lab.main(test)
