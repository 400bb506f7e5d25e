"""timed and ntpsec's ntpd with the same lines `restrict`: each answers exactly those whom the other one does."""

import socket

import lab
import ntp_request

LINES = """restrict -4 default
restrict -6 default
restrict 10.99.0.0 mask 255.255.255.0 noserve
restrict 10.99.0.0 mask 255.255.255.0 nomodify
restrict 10.99.0.3
restrict 10.99.1.0 mask 255.255.255.0 ignore
restrict 10.99.1.0 mask 255.255.255.0 nopeer
restrict 10.99.1.64 mask 255.255.255.192 nopeer
restrict 10.99.2.2 notrust
restrict 10.99.2.2
restrict 10.98.0.0 mask 255.254.0.0 nomodify
restrict 10.98.0.0 mask 255.255.0.0 ignore
restrict fd00:99:: mask ffff:ffff:ffff:ffff:: ignore
restrict fd00:99:: mask ffff:ffff:ffff:ffff:: notrap
restrict fd00:99::3 nomodify
"""
CLIENTS = ["10.99.0.2", "10.99.0.3", "10.99.1.2", "10.99.1.65", "10.99.2.2", "10.99.2.3", "10.98.0.2", "10.1.0.2",
           "fd00:99::2", "fd00:99::3", "fd00:99:1::2"]
TRIES = 3  # a busy machine may lose one


def answers(space, source):
    family, server = (socket.AF_INET6, "fd00:99::1") if ":" in source else (socket.AF_INET, "10.99.0.1")
    with space.udp_socket(family, bind=(source, 0)) as sock:
        return any(ntp_request.ask(sock, (server, 123), ntp_request.request(), 0.25) for _ in range(TRIES))


def world(net, whose):
    server, client = net.namespace(f"server-{whose}"), net.namespace(f"client-{whose}")
    net.link(server, client, ["10.99.0.1/8", "fd00:99::1/32"],
             [f"{address}/{32 if ':' in address else 8}" for address in CLIENTS])
    return server, client


def test(net):
    lab.require_tools("setpriv")
    ours, theirs = world(net, "ours"), world(net, "theirs")
    net.timed("timed", ours[0], LINES + "local\ncmdport 0")
    configuration = net.write("ntpd.conf", LINES + "disable ntp\n")
    without_clock = ["setpriv", "--bounding-set", "-sys_time", "--inh-caps", "-sys_time"]
    net.start("ntpd", theirs[0].command(*without_clock, lab.peer("usr/sbin/ntpd"), "-n", "-c", configuration,
                                        "-p", net.path("ntpd.pid"), "-f", net.path("ntpd.drift")),
              lab.peer_environment())
    lab.wait_until(lambda: all(f"{address}:123" in theirs[0].run("ss", "-Hlun", check=False).stdout
                               for address in ("10.99.0.1", "[fd00:99::1]")), 15, "ntpd listens")
    answered = {address: (answers(ours[1], address), answers(theirs[1], address)) for address in CLIENTS}
    assert all(our == their for our, their in answered.values()), f"timed, ntpd: {answered}"
    assert [address for address, both in answered.items() if both[0]] == \
        ["10.99.0.3", "10.99.1.65", "10.99.2.3", "10.1.0.2", "fd00:99::3", "fd00:99:1::2"], answered


if __name__ == "__main__":
    lab.main(test)
