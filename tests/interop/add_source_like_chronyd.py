"""Requests to add a source, with values that no chronyc sends: timed takes and refuses what chronyd does, and makes the
same of it, field by field, as far as both show it and as their packets say."""

import os
import socket
import struct
import threading
import time

import commands
import lab
import ntp_request

ADD_SOURCE = 64
IP_PKTINFO = 8
SERVER, PEER, POOL = 1, 2, 3
# In the order of the wire, with what chronyc sends where nothing is said.
FIELDS = {"type": ("I", SERVER), "name": ("256s", b""), "port": ("I", 123), "minpoll": ("i", 6), "maxpoll": ("i", 10),
          "presend": ("i", 100), "minstratum": ("I", 0), "polltarget": ("I", 8), "version": ("I", 0),
          "maxsources": ("I", 4), "minsamples": ("i", -1), "maxsamples": ("i", -1), "key": ("I", 0),
          "ntsport": ("I", 4460), "maxdelay": ("I", 0x04c00000), "maxdelayratio": ("I", 0),
          "maxdelaydevratio": ("I", 0x08a00000), "mindelay": ("I", 0), "asymmetry": ("I", 0x02800000 + (1 << 25)),
          "offset": ("I", 0), "flags": ("I", 1), "filter": ("i", 0), "certset": ("I", 0), "maxdelayquant": ("I", 0),
          "reserved": ("i", 0)}
INTEGERS = (0, 1, 2, 5, 15, 16, 17, 32, 33, 65, 255, 257, 65535, 65536, 1 << 24, 0x7fffffff, 0x80000000, 0xffffffff)
HUGE = 0x7cffffff
FLOATS = (0, 0x04800000, 0x01ffffff, 0x7cffffff, 0x7d000000, 0xfe000001, 0x82000001)  # 0, 1, -0.0000…, huge, tiny


def body(**values):
    out = b""
    for name, (kind, usual) in FIELDS.items():
        value = values.get(name, usual)
        if kind == "i" and value > 0x7fffffff:
            value -= 1 << 32
        out += struct.pack(">" + kind, value)
    return out


class Asked:
    """One daemon's command socket."""

    def __init__(self, net, space, label, path):
        self._net, self._space, self.path = net, space, path
        self._own = os.path.join(os.path.dirname(path), f"test-{label}.sock")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self._own)
        os.chmod(self._own, 0o777)
        self._socket.settimeout(10)

    def status(self, code, payload):
        reply = commands.ask(self._socket, self.path, commands.request(code, payload, 372))
        return commands.status(reply)

    def told(self, *reports):
        return self._net.chronyc(self._space, self.path, "-m", *reports, check=False)

    def shown(self):
        """What stands still in the reports."""
        return self.told("sources -a", "sourcestats -a", "selectdata -a", "authdata -a", "activity").replace("\n", "|")

    def remove_all(self):
        addresses = [row.split(",")[2] for row in self.told("sources -a").splitlines()]
        if addresses:
            self.told(*(f"delete {address}" for address in addresses))


def cases():
    for field, (kind, usual) in FIELDS.items():
        if field in ("name", "type", "flags", "reserved"):
            continue
        is_real = usual > 1 << 20 or field in ("maxdelayratio", "mindelay", "offset", "maxdelayquant")
        for value in FLOATS if is_real else INTEGERS:
            yield f"{field} {value:#x}", {field: value}
    for kind in (0, 1, 2, 3, 4, 0xffffffff):
        yield f"type {kind}", {"type": kind}
    # All but NTS, which is not there yet, and what chronyd 4.3 does not know.
    known = 0xffffffff & ~0x200 & ~0x7000
    for bit in range(32):
        if known >> bit & 1:
            yield f"flag {1 << bit:#x}", {"flags": 1 << bit}
            yield f"online, flag {1 << bit:#x}", {"flags": 1 | 1 << bit, "type": PEER}
    yield "all flags", {"flags": known}
    for name in (b"192.0.2.1\0x", b"192.0.2.1 ", b" 192.0.2.1", b"a\tb", b"\xc3\xa4.example", b"a" * 255, b"a" * 256,
                 b"192.0.2.256", b"192.0.2", b"[::1]", b"2001:db8::1", b"fe80::1%lo", b"ID#0000000001", b"-", b"#x",
                 b"1.2.3.4#5"):
        yield f"name {name!r}", {"name": name}


# What is seen of a source only when it is asked; each case has an address of its own.
ASKED = [*({"version": v} for v in (*range(9), 255, 256, 0x7fffffff, 0x80000000, 0xffffffff)),
         *({"version": v, "key": 5} for v in (0, 2, 3)), {"key": 99}, {"flags": 0x881}, {"flags": 0x881, "version": 3},
         *({"minstratum": v} for v in (0, 3, 15, 16, 17, 0x7fffffff, 0xffffffff)),
         *({"maxsamples": v} for v in (-1, 0, 1, 2, 3, 65, 0x7fffffff, 0x80000000)),
         *({"minsamples": v} for v in (0, 1, 3, 65, 0x7fffffff, 0x80000000)), {"minsamples": 9, "maxsamples": 2},
         *({"filter": v} for v in (0, 1, 2, -1, 0x7fffffff, 0x80000000)),
         *({"maxdelay": v} for v in FLOATS),
         *({"offset": v} for v in (0, 0x04800000, 0xfe000001)),
         {"presend": 3, "maxpoll": 3, "minpoll": 3}, {"presend": 0}, {"presend": -1}, {"type": PEER, "flags": 1}]
ROUND = 0.05  # seconds: noise of this machine
PATIENCE = 20.0  # seconds


class Server:
    """Answers whatever address is asked, and notes how."""

    def __init__(self, space):
        self.asked = {}
        self._socket = space.udp_socket(bind=("0.0.0.0", 123), timeout=None)
        self._socket.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            request, ancillary, _, client = self._socket.recvmsg(2048, 64)
            received = self._stamp()
            packet_info = next(data for level, kind, data in ancillary if kind == IP_PKTINFO)
            address = socket.inet_ntoa(packet_info[8:12])
            first = self.asked.setdefault(address, [])
            first.append((request[0], request[2], len(request)))
            if request[0] & 7 == ntp_request.CLIENT:
                head = bytes([request[0] & 0x38 | ntp_request.SERVER, 2, request[2], 256 - 20]) + bytes(12)
                answer = head + received + request[40:48] + received + self._stamp()
                sender = (socket.IPPROTO_IP, IP_PKTINFO, bytes(4) + packet_info[8:12] + bytes(4))
                self._socket.sendmsg([answer], [sender], 0, client)

    @staticmethod
    def _stamp():
        whole, part = divmod(time.time_ns(), 10**9)
        return struct.pack(">II", whole + 2208988800, (part << 32) // 10**9)


def compare(asked, label, values):
    values = {"name": b"192.0.2.1", "flags": 0, **values}
    told = []
    for daemon in asked:
        payload = body(**values)
        told.append((f"status {daemon.status(ADD_SOURCE, payload)}", daemon.shown()))
        daemon.remove_all()
    return [] if told[0] == told[1] else [f"{label}:\n  chronyd {told[0]}\n  timed   {told[1]}"]


def ask_all(asked):
    """Adds a source for each case."""
    for i, values in enumerate(ASKED):
        payload = body(**{"name": f"127.0.1.{i + 1}".encode(), "minpoll": -1, "maxpoll": -1,
                          "maxdelaydevratio": HUGE, **values})  # test C would fail by chance
        assert asked.status(ADD_SOURCE, payload) == commands.SUCCESS, values


def behaviour(asked, server):
    """Of each case: the first request, and after some rounds stratum, rounded offset, whether there are samples (how
    many, where they are limited), tests."""
    addresses = [f"127.0.1.{i + 1}" for i in range(len(ASKED))]
    sources = [row.split(",") for row in asked.told("sources").splitlines()]
    stats = [row.split(",") for row in asked.told("sourcestats").splitlines()]
    data = [row.split(",") for row in asked.told(*(f"ntpdata {address}" for address in addresses)).splitlines()]
    assert [row[2] for row in sources] == [row[0] for row in data] == addresses, sources
    return [(server.asked.get(address, [None])[0], source[3], round(float(source[8]) / ROUND),
             min(int(stat[1]), 3 if "maxsamples" in values else 1), datum[23:26])
            for values, address, source, stat, datum in zip(ASKED, addresses, sources, stats, data)]


def differing_behaviour(asked, servers):
    """What differs and goes on to differ.  A request that only wakes a server up is the last one answered for two
    seconds in eight, of each daemon at other times."""
    left, end = range(len(ASKED)), time.monotonic() + PATIENCE
    while True:
        both = [behaviour(daemon, server) for daemon, server in zip(asked, servers)]
        left = [i for i in left if both[0][i] != both[1][i]]
        if not left or time.monotonic() > end:
            return [f"{ASKED[i]}:\n  chronyd {both[0][i]}\n  timed   {both[1][i]}" for i in left]
        time.sleep(1)


def test(net):
    space, other = net.namespace("alone"), net.namespace("other")
    keys = net.write("keys", "5 SHA1 HEX:0123456789abcdef0123456789abcdef01234567\n")
    configuration = f"port 0\ncmdport 0\nkeyfile {keys}"
    net.chronyd("chronyd", space, configuration)
    net.timed("timed", other, configuration)
    asked = [Asked(net, space, "a", net.chronyd_socket("chronyd")), Asked(net, other, "b", net.timed_socket("timed"))]
    lab.wait_until(lambda: os.path.exists(net.chronyd_socket("chronyd")), 10, "chronyd's socket")
    servers = [Server(where) for where in (space, other)]
    for daemon in asked:
        ask_all(daemon)
    # Requests of so many sources keep a distance: some rounds of them.
    time.sleep(20)
    differences = differing_behaviour(asked, servers)
    for daemon in asked:
        daemon.remove_all()
    differences += [line for label, values in cases() for line in compare(asked, label, values)]
    print("\n".join(differences))
    assert not differences, f"{len(differences)} differ"


if __name__ == "__main__":
    lab.main(test)
