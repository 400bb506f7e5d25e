"""timed takes Debian's chronyd for its source within 10 s of its start, by iburst, over IPv4 and IPv6."""

import time

import lab

LIMIT_SECONDS = 10


def test(net):
    server, client = net.pair()
    net.chronyd("server", server, "local stratum 3\nallow")
    lab.wait_until(lambda: "123" in server.run("ss", "-Hlun", check=False).stdout, 10, "chronyd listens")
    for label, address in (("v4", "10.99.0.1"), ("v6", "fd00:99::1")):
        began = time.monotonic()
        daemon = net.timed(label, client, f"server {address} iburst\ncmdport 0")
        lab.wait_until(lambda: f"^* {address}" in net.timedc(label, client, "sources"), LIMIT_SECONDS,
                       f"timed selects {address}")
        print(f"{address} selected {time.monotonic() - began:.1f} s after the start")
        tracking = net.timedc(label, client, "-c", "tracking").strip().split(",")
        assert tracking[1] == address, tracking
        assert tracking[2] == "4", f"stratum of tracking: {tracking}"
        assert abs(float(tracking[4])) < 0.1, f"one clock for both, yet an offset: {tracking}"
        daemon.wait_for_log(f"Selected source {address}")
        assert daemon.stop() == 0


if __name__ == "__main__":
    lab.main(test)
