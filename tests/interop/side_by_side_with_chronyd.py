"""timed and Debian's chronyd follow the same servers with the same configuration, and chronyc says the same of both.

Field by field: what is decided must be equal, what is measured must agree within the noise of a busy machine.
"""

import time

import lab

SERVERS = {"10.99.0.11": 8, "10.99.0.12": 7, "10.99.0.13": 6, "10.99.0.14": 5}  # their strata
OPTIONS = {"10.99.0.12": "xleave", "10.99.0.13": "offset 0.3", "10.99.0.14": "noselect"}
SECONDS = 25
# On a way of microseconds a busy machine fails test C at random, of each program at other times.
POLLING = "iburst minpoll 0 maxpoll 0 maxdelaydevratio 1000000"
TRIES = 20  # half a second apart
NOISE = 0.005  # seconds

SOURCES = ["mode", "state", "address", "stratum", "poll", "reach", "last_rx", "adjusted", "measured", "error"]
STATS = ["address", "samples", "runs", "span", "frequency", "skew", "offset", "std_dev"]
TRACKING = ["ref_id", "address", "stratum", "ref_time", "correction", "last_offset", "rms_offset", "frequency",
            "residual", "skew", "root_delay", "root_dispersion", "interval", "leap"]

NTPDATA = ["remote", "remote_id", "port", "local", "local_id", "leap", "version", "mode", "stratum", "poll", "interval",
           "precision", "precision_s", "root_delay", "root_dispersion", "ref_id", "ref_name", "ref_time", "offset",
           "delay", "dispersion", "response_time", "asymmetry", "tests1", "tests5", "tests_a", "interleaved",
           "authenticated", "tx_stamps", "rx_stamps", "sent", "received", "valid", "good"]
MARKS = [f"{kind}_{mark}" for kind in ("own", "effective") for mark in "NPTRX"]
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


def check_sources(ours, theirs):
    assert len(ours) == len(theirs) == len(SERVERS)
    for our, their in zip(ours, theirs):
        same(our, their, ["mode", "state", "address", "stratum", "poll", "reach"])
        near(our, their, {"adjusted": NOISE, "measured": NOISE, "error": NOISE, "last_rx": 2})
    assert [row["state"] for row in ours] == ["+", "*", "x", "?"], ours


def check_stats(ours, theirs):
    assert len(ours) == len(theirs) == len(SERVERS)
    for our, their in zip(ours, theirs):
        same(our, their, ["address"])
        near(our, their, {"offset": NOISE, "std_dev": NOISE, "frequency": 500, "skew": 1000})
        for row in (our, their):
            assert 3 <= int(row["samples"]) <= SECONDS + TRIES + 6 and 3 <= int(row["runs"]) <= int(row["samples"]), row
            assert int(row["samples"]) - 6 <= int(row["span"]) <= SECONDS + TRIES + 2, row


def check_tracking(ours, theirs):
    same(ours, theirs, ["ref_id", "address", "stratum", "leap"])
    near(ours, theirs, {"ref_time": 4, "correction": NOISE, "last_offset": NOISE, "rms_offset": NOISE,
                        "frequency": 500, "residual": 500, "skew": 1000, "root_delay": NOISE,
                        "root_dispersion": NOISE, "interval": 2})


def check_ntpdata(ours, theirs):
    assert len(ours) == len(theirs) == len(SERVERS)
    for our, their in zip(ours, theirs):
        same(our, their, ["remote", "remote_id", "port", "local", "local_id", "leap", "version", "mode", "stratum",
                          "poll", "interval", "precision", "ref_id", "ref_name", "tests1", "tests5", "tests_a",
                          "interleaved", "authenticated", "tx_stamps", "rx_stamps"])
        near(our, their, {"root_delay": NOISE, "root_dispersion": NOISE, "ref_time": 4, "offset": NOISE,
                          "delay": NOISE, "dispersion": NOISE, "response_time": NOISE, "asymmetry": 1.0,
                          "sent": 3, "received": 3, "valid": 3, "good": 4})
    assert [row["interleaved"] for row in ours] == ["No", "Yes", "No", "No"], ours


def check_selectdata(ours, theirs):
    assert len(ours) == len(theirs) == len(SERVERS)
    for our, their in zip(ours, theirs):
        same(our, their, ["state", "name", "auth", *MARKS, "leap"])
        near(our, their, {"last": 2, "score": 1.0, "low": NOISE, "high": NOISE})
    assert [row["state"] for row in ours] == ["+", "*", "x", "N"], ours


def test(net):
    server, client = net.pair()
    net.chronyd_servers(server, SERVERS)
    text = "cmdport 0\n" + "".join(f"server {address} {POLLING} {OPTIONS.get(address, '')}\n"
                                   for address in SERVERS)
    net.chronyd("chronyd", client, text)
    net.timed("timed", client, text)
    time.sleep(SECONDS)

    def told(report, names):
        sockets = (net.timed_socket("timed"), net.chronyd_socket("chronyd"))
        return [records(net.chronyc(client, path, report), names) for path in sockets]

    last = None
    # A poll may be lost or late on a busy machine: the states of the two are compared again until they meet.
    for _ in range(TRIES):
        try:
            check_sources(*told("sources", SOURCES))
            check_stats(*told("sourcestats", STATS))
            ours, theirs = told("tracking", TRACKING)
            check_tracking(ours[0], theirs[0])
            check_ntpdata(*told("ntpdata", NTPDATA))
            check_selectdata(*told("selectdata", SELECTDATA))
            return
        except AssertionError as difference:
            last = difference
            time.sleep(0.5)
    raise last


if __name__ == "__main__":
    lab.main(test)
