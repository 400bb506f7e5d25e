"""Debian's chronyd takes timed for its source, over IPv4 and IPv6."""

import lab


def test(net):
    server, client = net.pair()
    net.timed("server", server, "local stratum 2\nallow 10.99.0.0/24\nallow fd00:99::/64")
    sources = {"v4": "10.99.0.1", "v6": "fd00:99::1"}
    for label, address in sources.items():
        net.chronyd(label, client, f"server {address} iburst\ncmdport 0")

    def source(label):
        """Mode, state, address and stratum as chronyc has them."""
        return net.chronyc(client, net.chronyd_socket(label), "sources", check=False).split(",")[:4]

    for label, address in sources.items():
        lab.wait_until(lambda: source(label) == ["^", "*", address, "2"], 15, f"chronyd selects {address}")


if __name__ == "__main__":
    lab.main(test)
