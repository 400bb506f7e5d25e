"""onoffline, as network scripts call it: timed and Debian's chronyd find the same sources online, by their routes."""

import lab

SOURCES = "server 10.99.0.1\nserver 10.98.0.1 offline\nserver fd00:98::1\npeer 10.97.0.1\ncmdport 0\n"
# What changes in the network, and how many of the sources are online after it.
STEPS = [
    ([], 1),
    (["route add 10.98.0.0/24 via 10.99.0.1", "-6 route add fd00:98::/64 via fd00:99::1"], 3),
    (["route add unreachable 10.99.0.1", "route add 10.97.0.0/24 dev lab0"], 3),
    (["link set lab0 down"], 0),
]


def test(net):
    _, client = net.pair()
    # Where a peer is sent from needs a port; both cannot have the same.
    theirs = net.chronyd("chronyd", client, SOURCES + "port 1123\n")
    ours = net.timed("timed", client, SOURCES + "port 1124\n")
    sockets = net.chronyd_socket("chronyd"), net.timed_socket("timed")
    lab.wait_until(lambda: net.chronyc(client, sockets[0], "activity", check=False), 10, "chronyd answers")
    for changes, online in STEPS:
        for change in changes:
            client.run("ip", *change.split())
        for path in sockets:
            net.chronyc(client, path, "onoffline")
            told = net.chronyc(client, path, "activity").strip().split(",")
            assert told == [str(online), str(4 - online), "0", "0", "0"], (changes, path, told)
    assert theirs.alive() and ours.alive()
    said = [sorted({line.split(" ", 1)[1] for line in daemon.log().splitlines() if " Source " in line})
            for daemon in (theirs, ours)]
    assert said[0] == said[1] != [], said


if __name__ == "__main__":
    lab.main(test)
