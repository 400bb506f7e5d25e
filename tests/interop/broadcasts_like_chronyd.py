"""timed broadcasts what Debian's chronyd does, as often: the packets of both, captured and compared field by field."""

import statistics
import struct
import time

import lab

SECONDS = 9
CONFIGURATION = "broadcast 1 10.99.0.255\nbroadcast 3 10.99.0.255 4000\nbroadcast 4 fd00:99::2\ncmdport 0\n"
FIRST_WORDS, STAMPS = struct.Struct("!BBbbIII"), struct.Struct("!QQQQ")
NTP_EPOCH = 2208988800


def fields(packet):
    """What two programs must say alike, and the transmit stamp in seconds."""
    first, stratum, poll, precision, delay, dispersion, reference_id = FIRST_WORDS.unpack(packet[:16])
    reference, origin, receive, transmit = STAMPS.unpack(packet[16:])
    assert -30 <= precision <= -16, precision  # as measured by each
    known = {"leap": first >> 6, "version": first >> 3 & 7, "mode": first & 7, "stratum": stratum, "poll": poll,
             "delay": delay, "dispersion": dispersion, "reference id": reference_id,
             "has reference time": reference != 0, "origin": origin, "receive": receive, "size": len(packet)}
    return known, transmit / 2**32 - NTP_EPOCH


def capture(net, label, more):
    """By the port they came in at: arrival and what they said, of one program in a network of its own."""
    server, client = net.namespace(f"{label}-s"), net.namespace(f"{label}-c")
    net.link(server, client, ["10.99.0.1/24", "fd00:99::1/64"], ["10.99.0.2/24", "fd00:99::2/64"])
    ears = {"v4": client.udp_socket(bind=("0.0.0.0", 123)), "port": client.udp_socket(bind=("0.0.0.0", 4000)),
            "v6": client.udp_socket(lab.socket.AF_INET6, bind=("fd00:99::2", 123))}
    start = net.chronyd if label.startswith("chronyd") else net.timed
    daemon = start(label, server, CONFIGURATION + more)
    began = time.monotonic()
    heard = {name: [] for name in ears}
    while time.monotonic() < began + SECONDS:
        for name, ear in ears.items():
            ear.settimeout(0.02)
            try:
                packet, sender = ear.recvfrom(2000)
            except TimeoutError:
                continue
            assert sender[:2] == (("fd00:99::1" if name == "v6" else "10.99.0.1"), 123), sender
            known, sent = fields(packet)
            assert abs(time.time() - sent) < 2, (label, time.time() - sent)
            heard[name].append((time.monotonic() - began, known))
    assert daemon.alive()
    daemon.stop()
    return heard


def test(net):
    for state, more in (("unsynchronised", ""), ("local", "local stratum 7\n")):
        theirs = capture(net, f"chronyd-{state}", more)
        ours = capture(net, f"timed-{state}", more)
        for name, interval in (("v4", 1), ("port", 3), ("v6", 4)):
            for heard in (theirs[name], ours[name]):
                times = [when for when, _ in heard]
                assert len(times) >= 2, (name, times)
                gaps = [after - before for before, after in zip([0.0] + times, times)]
                # Up to 2 % longer, and up to 0.2 s for each other line that is due then.  One that a machine's stall makes
                # longer makes the next one shorter.
                assert statistics.mean(gaps) > 0.8 * interval - 0.3, (name, gaps)
                assert min(gaps[1:]) < 1.02 * interval + 1.2, (name, gaps)
            count_theirs, count_ours = len(theirs[name]), len(ours[name])
            assert abs(count_theirs - count_ours) <= max(1, 2 // interval), (name, theirs, ours)
            said = [known for _, known in theirs[name] + ours[name]]
            assert all(known == said[0] for known in said), (name, said)


if __name__ == "__main__":
    lab.main(test)
