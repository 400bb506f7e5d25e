"""A daemon that is silent, slow, dead, or lies: timedc says so, ends with status 1, and prints no control characters.
Needs no privileges."""

import os
import random
import socket
import struct
import subprocess
import time

import lab
from timedc_asks_like_chronyc import REPLIES, StrawDaemon, random_bodies, run

REPORTS = ["tracking", "sources -a", "sourcestats -a", "selectdata -a", "authdata -a", "ntpdata", "ntpdata ::1",
           "activity", "smoothing", "manual list", "settime 10:00", "rtcdata", "serverstats", "clients", "sourcename ::1"]
HURRY = ["-m", "timeout 100", "retries 1"]


def told_by(path, *words, seconds=20.0):
    began = time.monotonic()
    done = subprocess.run([lab.timedc(), "-h", path, *words], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=60, check=False)
    took = time.monotonic() - began
    assert took < seconds, f"{words} took {took} s"
    text = (done.stdout + done.stderr).decode("ascii")
    assert all(c == "\n" or c.isprintable() for c in text), repr(text)
    return done.returncode, text


def check_silence(net, daemon, path):
    daemon.mute = True
    for form in ([], ["-c"]):
        assert told_by(path, *form, *HURRY, "tracking", seconds=15) == (1, "506 Cannot talk to daemon\n")
    code, text = told_by(path, "--json", *HURRY, "sources", seconds=15)
    assert (code, text) == (1, '{"status":506,"text":"Cannot talk to daemon"}\n'), text
    # waitsync counts its tries.
    code, text = told_by(path, *HURRY, "waitsync 2 0 0 0.1", seconds=15)
    assert code == 1 and text == "506 Cannot talk to daemon\n" * 2, text
    daemon.mute = False

    assert told_by(net.path("absent"), "tracking") == (1, "Could not open connection to daemon\n")
    assert told_by("127.0.0.1", "-p", "9", "tracking") == (1, "506 Cannot talk to daemon\n")


def check_full_queue(net):
    """A daemon that stands still reads nothing: its queue is full after some requests."""
    path = net.path("deaf")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(path)
        for _ in range(15):
            assert told_by(path, "-m", "timeout 100", "retries 0", "tracking", seconds=10) == (
                1, "506 Cannot talk to daemon\n")


def check_slowness(daemon, path):
    daemon.delay = 0.7
    code, text = told_by(path, "-m", "timeout 5000", "activity")
    assert code == 0 and "0 sources online" in text, text
    # Each answer comes after the next question: it is not taken for the answer to that.
    code, text = told_by(path, "-m", "timeout 100", "retries 0", "activity", seconds=15)
    assert (code, text) == (1, "506 Cannot talk to daemon\n"), text
    daemon.delay = 0.0
    time.sleep(1.5)  # until the late answers are out


def check_lies(daemon, path):
    # A name that would steer the terminal, and one that does not end.
    for name in (b"\x1b]0;owned\x07", b"a b", b"x" * 256, b"\xc3\xa9"):
        daemon.bodies = {65: name.ljust(256, b"\0")}
        assert told_by(path, "sourcename ID#1") == (1, "508 Bad reply from daemon\n"), name
    # A reference clock with such an identifier.
    clock = b"\x1b[2J".ljust(16, b"\0") + struct.pack(">HH", 1, 0) + struct.pack(">HHHHHH", 4, 0, 0, 2, 0, 0)
    daemon.bodies = {14: struct.pack(">I", 1), 15: clock + bytes(16)}
    code, text = told_by(path, "-n", "sources")
    assert code == 0 and "#* [2J  " in text, text
    # Replies that are too short, of another kind, or with a status that nobody knows.
    daemon.bodies = {33: b""}
    code, text = told_by(path, *HURRY, "tracking", seconds=15)
    assert (code, text) == (1, "506 Cannot talk to daemon\n"), text
    daemon.bodies, daemon.status = {}, 4711
    assert told_by(path, "tracking") == (1, "520 Got unexpected error from daemon\n")
    daemon.status = 0
    daemon.replies = {**REPLIES, 33: (5, 76), 44: (5, 76)}
    assert told_by(path, "activity") == (1, "508 Bad reply from daemon\n")
    daemon.replies = REPLIES
    # More sources than anybody has.
    daemon.bodies = {14: struct.pack(">I", 0xffffffff)}
    for report in ("sources", "sourcestats", "selectdata"):
        assert told_by(path, report)[0] == 1, report
    # A list of clients that never gets on.
    daemon.bodies = {68: struct.pack(">III", 1000, 0, 8) + bytes(480)}
    code, text = told_by(path, "clients", seconds=15)
    assert code == 0 and len(text.splitlines()) == 2, text


def check_noise(daemon, path):
    """Any octets in any report, in every form."""
    dice = random.Random(7)
    for turn in range(12):
        bodies = random_bodies(dice) if turn % 2 == 0 else {}
        for code, (_, length) in REPLIES.items():
            octets = bytearray(bodies.get(code, os.urandom(0) + bytes(dice.getrandbits(8) for _ in range(length))))
            for _ in range(dice.randrange(8)):
                octets[dice.randrange(len(octets))] = dice.choice((0x00, 0x07, 0x1b, 0x7f, 0x9b, 0xff))
            bodies[code] = bytes(octets)
        bodies[14] = struct.pack(">I", dice.randrange(3))
        daemon.bodies = bodies
        for report in REPORTS:
            told_by(path, dice.choice(("-n", "-c", "--json", "-N", "-w")), *dice.choice(([], ["-e"])), report)


def test(net):
    os.chmod(net.directory, 0o777)
    path = net.path("sock")
    daemon = StrawDaemon(path)
    check_silence(net, daemon, path)
    check_full_queue(net)
    check_slowness(daemon, path)
    check_lies(daemon, path)
    check_noise(daemon, path)
    daemon.bodies = {}
    assert run(lab.timedc(), path, [], "activity")[0] == 0
    left = [name for name in os.listdir(net.directory) if name.startswith("timedc.")]
    assert not left, left


if __name__ == "__main__":
    lab.main(test)
