"""ntpsec's ntpdig accepts timed's answers, over IPv4 and IPv6."""

import re
import sys

import lab


def test(net):
    server, client = net.pair()
    net.timed("server", server, "local stratum 3\nallow")
    ntpdig = lab.peer("usr/bin/ntpdig")
    for address in ("10.99.0.1", "fd00:99::1"):
        done = client.run(sys.executable, ntpdig, "-t", "5", address, env=lab.peer_environment(), timeout=20)
        print(done.stdout.strip(), done.stderr.strip())
        # Date, time and zone, offset, error bound, server, stratum, leap.
        found = re.search(r"\(\+0000\)\s+([-+][\d.]+)\s+\+/-\s+([\d.]+)\s+(\S+)\s+s(\d+)\s+(\S+)", done.stdout)
        assert found, "no line as of an accepted answer"
        offset, bound, _, stratum, leap = found.groups()
        assert abs(float(offset)) < float(bound) + 0.01, f"one clock for both, yet offset {offset}"
        assert float(bound) < 0.5, f"error bound {bound}"
        assert stratum == "3" and leap == "no-leap", (stratum, leap)


if __name__ == "__main__":
    lab.main(test)
