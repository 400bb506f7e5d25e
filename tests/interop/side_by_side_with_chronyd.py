"""timed and Debian's chronyd follow the same servers with the same configurations, and chronyc says the same of both.

Field by field: what is decided must be equal, what is measured must agree within the noise of a busy machine.  Each of
the two has a world of its own, with the same addresses and the same servers, so that what a report says of addresses is
the same too and both can be peers.  In each world one daemon runs each configuration, all at once.

TIMED_SIDE_BY_SIDE_SECONDS: for how long they run (25); what differs meanwhile is printed.
"""

import collections
import os
import time

import lab

STRATA = {"10.99.0.11": 8, "10.99.0.12": 7, "10.99.0.13": 6, "10.99.0.14": 5}
PEERS = {"10.99.0.15": 4, "10.99.0.16": 3}
SECONDS = int(os.environ.get("TIMED_SIDE_BY_SIDE_SECONDS", "25"))
SERVER_KEYS = """5 SHA1 HEX:0123456789abcdef0123456789abcdef01234567
6 SHA256 HEX:0123456789abcdef0123456789abcdef01234567
7 AES128 HEX:0123456789abcdef0123456789abcdef
"""
CLIENT_KEYS = SERVER_KEYS.replace("6 SHA256 HEX:0123", "6 SHA256 HEX:9876")
# Name -> lines, and the states that must come of them in the end, as sources and selectdata say.
CONFIGURATIONS = {
    "plain": (["server 10.99.0.11", "server 10.99.0.12 xleave", "server 10.99.0.13 offset 0.3",
               "server 10.99.0.14 noselect"], "+*x?", "+*xN"),
    # A good key, one that has another value there, a good one with a cipher, one that the client has not.
    "keys": (["server 10.99.0.11 key 5 trust", "server 10.99.0.12 key 6", "server 10.99.0.13 key 7 trust",
              "server 10.99.0.14 key 99", "authselectmode mix", "combinelimit 1000"], "+?*?", "+M*M"),
    "peers": (["peer 10.99.0.15", "peer 10.99.0.16 xleave", "server 10.99.0.11 minstratum 9", "combinelimit 1000"],
              "+*+", "+*+"),
    "interleaved": (["server 10.99.0.11 xleave maxsamples 6", "server 10.99.0.12 xleave filter 2",
                     "server 10.99.0.13 xleave prefer minsamples 8", "server 10.99.0.14 xleave extfield F323 version 4"],
                    "--*-", "PP*P"),
}
# On a way of microseconds a busy machine fails test C at random, of each program at other times.
POLLING = "iburst minpoll 0 maxpoll 0 maxdelaydevratio 1000000"
PRECISION = "clockprecision 1e-6"  # each server would measure its own
# A source that was once too far from the selected one, or no member of the majority, stays out of the combination for 32
# polls of the selected one, in each program since another time.
PATIENCE = 60.0  # seconds
AGAIN = 0.5  # seconds between comparisons of what still differs
APART = 2.0  # seconds between comparisons of a long run
NOISE = 0.005  # seconds
STALL = 0.3  # seconds: one stalled exchange is in what is averaged for longer than this test takes
LATE = 0.1  # of the polls

SOURCES = ["mode", "state", "address", "stratum", "poll", "reach", "last_rx", "adjusted", "measured", "error"]
STATS = ["address", "samples", "runs", "span", "frequency", "skew", "offset", "std_dev"]
TRACKING = ["ref_id", "address", "stratum", "ref_time", "correction", "last_offset", "rms_offset", "frequency",
            "residual", "skew", "root_delay", "root_dispersion", "interval", "leap"]

NTPDATA = ["remote", "remote_id", "port", "local", "local_id", "leap", "version", "mode", "stratum", "poll", "interval",
           "precision", "precision_s", "root_delay", "root_dispersion", "ref_id", "ref_name", "ref_time", "offset",
           "delay", "dispersion", "response_time", "asymmetry", "tests1", "tests5", "tests_a", "interleaved",
           "authenticated", "tx_stamps", "rx_stamps", "sent", "received", "valid", "good"]
MARKS = [f"{kind}_{mark}" for kind in ("own", "effective") for mark in "NPTRX"]
AUTHDATA = ["name", "mode", "key", "type", "bits", "last", "attempts", "nak", "cookies", "cookie_length"]
SELECTDATA = ["state", "name", "auth", *MARKS, "last", "score", "low", "high", "leap"]


def records(text, names):
    rows = [line.split(",") for line in text.splitlines()]
    assert rows and all(len(row) == len(names) for row in rows), text
    return [dict(zip(names, row)) for row in rows]


def same(ours, theirs, names):
    for name in names:
        told = f"{name}: {ours[name]} of ours, {theirs[name]} of chronyd's\n{ours}\n{theirs}"
        assert ours[name] == theirs[name], told


def near(ours, theirs, limits):
    for name, limit in limits.items():
        difference = abs(float(ours[name]) - float(theirs[name]))
        assert difference <= limit, f"{name}: {ours[name]} of ours, {theirs[name]} of chronyd's\n{ours}\n{theirs}"


def check_sources(ours, theirs, states):
    for our, their in zip(ours, theirs):
        same(our, their, ["mode", "state", "address", "stratum", "poll", "reach"])
        near(our, their, {"adjusted": NOISE, "measured": NOISE, "error": NOISE, "last_rx": 2})
    if states:
        assert "".join(row["state"] for row in ours) == states[0], ours


def check_stats(ours, theirs, _):
    for our, their in zip(ours, theirs):
        same(our, their, ["address"])
        near(our, their, {"offset": NOISE, "std_dev": STALL if float(our["std_dev"]) < 1 else 0, "frequency": 500,
                          "skew": 1000})
        # How many are kept is a matter of runs of signs, which is chance.
        for row in (our, their):
            if int(row["samples"]) > 0:
                assert int(row["samples"]) - 6 <= int(row["span"]) * 2, row
                assert min(3, int(row["samples"])) <= int(row["runs"]) <= int(row["samples"]) <= 64, row


def check_tracking(ours, theirs, _):
    same(ours[0], theirs[0], ["ref_id", "address", "stratum", "leap"])
    near(ours[0], theirs[0], {"ref_time": 4, "correction": NOISE, "last_offset": NOISE, "rms_offset": STALL,
                              "frequency": 500, "residual": 500, "skew": 1000, "root_delay": NOISE,
                              "root_dispersion": NOISE, "interval": 3})


def check_ntpdata(ours, theirs, _):
    for our, their in zip(ours, theirs):
        same(our, their, ["remote", "remote_id", "port", "local", "local_id", "leap", "version", "mode", "stratum",
                          "poll", "interval", "precision", "ref_id", "ref_name", "tests1", "tests5", "tests_a",
                          "interleaved", "authenticated", "tx_stamps", "rx_stamps"])
        near(our, their, {"root_delay": NOISE, "root_dispersion": NOISE, "ref_time": 4, "offset": NOISE,
                          "delay": NOISE, "dispersion": NOISE, "asymmetry": 1.0,
                          # A peer answers with its own next poll, whenever that is.
                          "response_time": NOISE if our["mode"] == "Server" else 1.5})
        # Where the machine stalls, polls are late or meet, and that adds up.
        near(our, their, {name: 3 + LATE * float(their[name]) for name in ("sent", "received", "valid", "good")})


def check_selectdata(ours, theirs, states):
    for our, their in zip(ours, theirs):
        # chronyd 4.3 takes a source that has never answered for unsynchronised, later ones for one without samples.
        if their["state"] == "s" and float(their["low"]) == float(their["high"]) == 0.0:
            their["state"] = "M"
        same(our, their, ["state", "name", "auth", *MARKS, "leap"])
        near(our, their, {"last": 2, "score": 1.0, "low": NOISE, "high": NOISE})
    if states and states[1]:
        assert "".join(row["state"] for row in ours) == states[1], ours


def check_authdata(ours, theirs, _):
    for our, their in zip(ours, theirs):
        same(our, their, AUTHDATA)


REPORTS = {"sources": (SOURCES, check_sources), "sourcestats": (STATS, check_stats),
           "tracking": (TRACKING, check_tracking), "ntpdata": (NTPDATA, check_ntpdata),
           "selectdata": (SELECTDATA, check_selectdata), "authdata": (AUTHDATA, check_authdata)}


class World:
    """Servers, and clients with one of the two programs."""

    def __init__(self, net, whose):
        self._net, self._ours = net, whose == "ours"
        self._whose = whose
        self._server, self._client = net.namespace(f"server-{whose}"), net.namespace(f"client-{whose}")
        net.link(self._server, self._client, ["10.99.0.1/24"], ["10.99.0.2/24"])
        self._server.run("sh", "-c", "".join(f"ip address add {a}/24 dev lab0;" for a in (*STRATA, *PEERS)))
        keys = net.write(f"server-keys-{whose}", SERVER_KEYS)
        for address, stratum in STRATA.items():
            net.chronyd(f"{whose}-{address}", self._server,
                        f"local stratum {stratum}\nallow\nbindaddress {address}\ncmdport 0\nkeyfile {keys}\n{PRECISION}")
        for address, stratum in PEERS.items():
            mode = "xleave" if address == "10.99.0.16" else ""
            net.chronyd(f"{whose}-{address}", self._server,
                        f"local stratum {stratum}\npeer 10.99.0.2 minpoll 0 maxpoll 0 noselect {mode}\n"
                        f"bindaddress {address}\nbindacqaddress {address}\ncmdport 0\n{PRECISION}")
        lab.wait_until(lambda: all(f"{a}:123" in self._server.run("ss", "-Hlun", check=False).stdout
                                   for a in (*STRATA, *PEERS)), 20, "the servers listen")

    def start(self):
        keys = self._net.write(f"client-keys-{self._whose}", CLIENT_KEYS)
        for name, (lines, *_) in CONFIGURATIONS.items():
            asking = [f"{line} {POLLING if line.startswith('server') else POLLING.removeprefix('iburst ')}"
                      if line.split()[0] in ("server", "peer") else line for line in lines]
            port = [] if name == "peers" else ["port 0"]
            text = "\n".join([*asking, *port, "cmdport 0", f"keyfile {keys}"])
            start = self._net.timed if self._ours else self._net.chronyd
            start(f"{self._whose}-{name}", self._client, text)

    def told(self, name, report, names):
        label = f"{self._whose}-{name}"
        path = self._net.timed_socket(label) if self._ours else self._net.chronyd_socket(label)
        return records(self._net.chronyc(self._client, path, report), names)


def compare(worlds, name, report, expected):
    """What differs, or nothing."""
    names, check = REPORTS[report]
    states = CONFIGURATIONS[name][1:] if expected else None
    try:
        ours, theirs = (world.told(name, report, names) for world in worlds)
        assert len(ours) == len(theirs), (ours, theirs)
        check(ours, theirs, states)
    except AssertionError as difference:
        return str(difference)
    return None


def test(net):
    worlds = [World(net, whose) for whose in ("ours", "theirs")]
    for world in worlds:
        world.start()
    end = time.monotonic() + SECONDS
    time.sleep(min(SECONDS, 25))
    every = [(name, report) for name in CONFIGURATIONS for report in REPORTS]
    # Of a long run: how often something differs, which on a busy machine it does when a poll is late.
    compared, differed = 0, collections.Counter()
    while time.monotonic() < end:
        for pair in every:
            compared += 1
            difference = compare(worlds, *pair, expected=False)
            if difference:
                differed[" ".join((*pair, difference.split(":")[0]))] += 1
        time.sleep(APART)
    if compared:
        print(f"{sum(differed.values())} of {compared} comparisons differed: {dict(differed)}")
    left = {pair: "" for pair in every}
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        left = {pair: told for pair in left if (told := compare(worlds, *pair, expected=True))}
        if not left:
            return
        time.sleep(AGAIN)
    raise AssertionError("\n".join(f"{pair}: {told}" for pair, told in left.items()))


if __name__ == "__main__":
    lab.main(test)
