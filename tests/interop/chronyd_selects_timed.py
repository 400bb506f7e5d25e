"""Debian's chronyd takes timed for its source, over IPv4 and IPv6."""

import lab


def test(net):
    server, client = net.pair()
    net.timed("server", server, "local stratum 2\nallow 10.99.0.0/24\nallow fd00:99::/64")
    addresses = ("10.99.0.1", "fd00:99::1")
    chronyd = net.chronyd("client", client, "".join(f"server {address} iburst\n" for address in addresses))
    chronyc = lab.peer("usr/bin/chronyc")

    def states():
        """What chronyc says of each source: mode, state, address, stratum."""
        told = client.run(chronyc, "-n", "-c", "-h", net.path("run-client", "chronyd.sock"), "sources", check=False,
                          env=lab.peer_environment()).stdout
        return {row[2]: (row[1], row[3]) for row in (line.split(",") for line in told.splitlines())}

    def selected():
        assert chronyd.alive(), "chronyd has ended"
        found = states()
        good = [address for address in addresses if found.get(address, ("?", ""))[0] in "*+"]
        return len(good) == 2 and any(state == "*" for state, _ in found.values())

    lab.wait_until(selected, 15, "chronyd selects timed")
    found = states()
    assert all(stratum == "2" for _, stratum in found.values()), found
    chronyd.wait_for_log("Selected source")


if __name__ == "__main__":
    lab.main(test)
