"""A server goes on when its address vanishes and returns, and when answers cannot be sent."""

import subprocess

import lab
import ntp_request

FORGED = {"10.98.1.1": "unreachable", "10.98.2.1": "prohibit", "10.98.3.1": "blackhole"}


def asks(space, source, address, seconds=2.0):
    with space.udp_socket(bind=(source, 0)) as sock:
        return ntp_request.ask(sock, (address, 123), ntp_request.request(), seconds)


def address_comes_and_goes(server, client, daemon):
    """The socket is bound to it, from before it is there."""
    assert asks(client, "10.99.0.2", "10.99.0.7", 0.3) is None
    for _ in range(2):
        server.run("ip", "address", "add", "10.99.0.7/24", "dev", "lab0")
        lab.wait_until(lambda: asks(client, "10.99.0.2", "10.99.0.7", 0.3), 10, "an answer from the address")
        server.run("ip", "address", "delete", "10.99.0.7/24", "dev", "lab0")
        assert asks(client, "10.99.0.2", "10.99.0.7", 0.3) is None
        assert daemon.alive()


def answers_that_cannot_leave(net, server, client, daemon):
    """The kernel refuses each with another error; whoever else asks is answered meanwhile."""
    for source, kind in FORGED.items():
        client.run("ip", "address", "add", f"{source}/32", "dev", "lo")
        server.run("ip", "route", "add", kind, f"{source}/32")
    lines = len(daemon.log().splitlines())
    for _ in range(20):
        for source in FORGED:
            with client.udp_socket(bind=(source, 0)) as sock:
                sock.sendto(ntp_request.request(), ("10.99.0.1", 123))
        assert asks(client, "10.99.0.2", "10.99.0.1")
    for source in FORGED:
        server.run("ip", "route", "delete", f"{source}/32")
        server.run("ip", "route", "add", f"{source}/32", "via", "10.99.0.2")
        assert asks(client, source, "10.99.0.1"), f"{source} is not answered when there is a way"
    received = server.run(lab.timedc(), "-n", "-h", net.timed_socket("all"), "serverstats").stdout
    count = int(received.split("NTP packets received")[1].split()[1])
    assert count >= 20 * len(FORGED) + 20, f"{count} requests came in: the kernel has dropped those of {FORGED}"
    assert len(daemon.log().splitlines()) == lines, "a line for each packet"


def interface_is_lost(server, client, daemon):
    server.run("ip", "link", "set", "lab0", "down")
    with client.udp_socket(bind=("10.99.0.2", 0)) as sock:
        try:
            sock.sendto(ntp_request.request(), ("10.99.0.1", 123))
        except OSError:
            pass  # no carrier
    server.run("ip", "link", "set", "lab0", "up")
    lab.wait_until(lambda: asks(client, "10.99.0.2", "10.99.0.1", 0.5), 10, "an answer over the interface")
    assert daemon.alive()


def test(net):
    server, client = net.pair()
    for space in (server, client):
        for name in ("all", "lab0"):
            # Requests come from where there is no way back.
            subprocess.run(space.command("sh", "-c", f"echo 0 > /proc/sys/net/ipv4/conf/{name}/rp_filter"), check=True,
                           stdin=subprocess.DEVNULL)
    bound = net.timed("bound", server, "local stratum 3\nallow\nbindaddress 10.99.0.7\ncmdport 0")
    address_comes_and_goes(server, client, bound)
    assert bound.stop() == 0
    daemon = net.timed("all", server, "local stratum 3\nallow")
    answers_that_cannot_leave(net, server, client, daemon)
    interface_is_lost(server, client, daemon)
    assert daemon.stop() == 0


if __name__ == "__main__":
    lab.main(test)
