"""Every request code, at lengths from too short to too long, with bodies of zeros, ones and noise, over UDP and the Unix
socket: the status and the reply are those of chronyd 4.3, but for what chrony itself has changed since."""

import os
import random
import socket
import struct

import commands
import lab

CONFIGURATION = "server 192.0.2.1 offline minpoll 6 maxpoll 8\nnoclientlog\n"
LENGTHS = (0, 19, 20, 27, 28, 32, 36, 40, 44, 48, 52, 56, 60, 68, 72, 76, 84, 104, 152, 172, 196, 284, 372, 416, 520, 860, 861)
# Retired after 4.3, or not known to it: answered Invalid by one of the two.
RETIRED, LATER = {0, 10}, {72, 73, 74}
# Longer since 4.3, with another reply; timed serves clients of 4.0 and later.
SERVER_STATS, NTP_DATA = 54, 57
SHUTDOWN = 62
# Bodies that mean something else to each as time goes by, or that change what is asked about afterwards.
STEERING = {3, 11, 13, 31, 42, 43, 56, 71}


class UnixClient:
    def __init__(self, daemon_socket):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = os.path.join(os.path.dirname(daemon_socket), "asker.sock")
        self._socket.bind(path)
        os.chmod(path, 0o666)
        self._socket.connect(daemon_socket)
        self._socket.settimeout(1.0)

    def ask(self, datagram):
        self._socket.send(datagram)
        return receive(self._socket, datagram)


class UdpClient:
    def __init__(self, space):
        self._socket = space.udp_socket(bind=("127.0.0.1", 0), timeout=1.0)
        self._socket.connect(("127.0.0.1", 323))

    def ask(self, datagram):
        self._socket.send(datagram)
        return receive(self._socket, datagram)


def receive(sock, datagram):
    """(status, reply code, length), or nothing where a later question is answered and this one was not."""
    sentinel = commands.request(commands.N_SOURCES, length=32)
    sock.send(sentinel)
    found = None
    while True:
        reply = sock.recv(2000)
        if reply[16:20] == sentinel[8:12]:
            return found
        assert found is None and len(reply) <= len(datagram), datagram.hex()
        found = (*struct.unpack_from("!HH", reply, 6)[::-1], len(reply))


def datagrams(source):
    for code in list(range(80)) + [255, 16383, 65535]:
        for length in LENGTHS:
            kinds = ("zeros",) if code in STEERING else ("zeros", "ones", "noise")
            for kind in kinds:
                size = max(0, length - commands.HEADER)
                body = {"zeros": bytes(size), "ones": b"\xff" * size, "noise": source.randbytes(size)}[kind]
                yield code, length, kind, commands.request(code, body, commands.HEADER)[:length]


def expected(code, length, theirs):
    """What chronyd 4.3 says, as chrony says it since."""
    if code in RETIRED and theirs is not None:
        return (3, 1, 28)
    return theirs


def compare(ours, theirs, source, over_unix):
    """All answers that there were."""
    outcomes = set()
    for code, length, kind, datagram in datagrams(source):
        if over_unix and (code == SHUTDOWN or code in LATER):
            continue
        if over_unix and code in (SERVER_STATS, NTP_DATA) and length >= 60:
            continue  # the unit tests have their lengths
        if not over_unix and (code in LATER or (code in (SERVER_STATS, NTP_DATA) and 60 <= length < 152)):
            continue
        our, their = ours.ask(datagram), expected(code, length, theirs.ask(datagram))
        told = f"code {code}, {length} octets of {kind}: ours {our}, chronyd's {their}\n{datagram.hex()}"
        assert our == their, told
        outcomes.add(our)
    return outcomes


def test(net):
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    spaces = {label: net.namespace(label) for label in ("ours", "theirs")}
    net.timed("ours", spaces["ours"], CONFIGURATION)
    net.chronyd("theirs", spaces["theirs"], CONFIGURATION)
    lab.wait_until(lambda: os.path.exists(net.chronyd_socket("theirs")), 10, "chronyd's socket")
    udp = compare(*(UdpClient(spaces[label]) for label in ("ours", "theirs")), random.Random(seed), False)
    local = compare(*(UnixClient(path) for path in (net.timed_socket("ours"), net.chronyd_socket("theirs"))),
                    random.Random(seed), True)
    print("UDP", sorted(filter(None, udp)), "Unix", sorted(filter(None, local)), sep="\n")
    assert {found and found[0] for found in udp} >= {None, 0, 2, 3, 4, 19}, udp
    assert {found and found[0] for found in local} >= {None, 0, 1, 3, 4, 6, 7, 9, 13, 15, 16, 19}, local


if __name__ == "__main__":
    lab.main(test)
