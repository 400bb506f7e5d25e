"""On a machine without IPv6 timed serves and polls over IPv4."""

import os

import lab
import ntp_request


def test(net):
    server, client = net.namespace("server"), net.namespace("client")
    for space in (server, client):
        with space.entered():
            for scope in ("all", "default", "lo"):
                setting = f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6"
                if os.path.exists(setting):
                    with open(setting, "w") as file:
                        file.write("1")
        assert "inet6" not in space.run("ip", "address", "show", "lo").stdout
    net.link(server, client, ["10.99.0.1/24"], ["10.99.0.2/24"])
    first = net.timed("server", server, "local stratum 2\nallow")
    second = net.timed("client", client, "server fd00:99::1 iburst\nserver ::1 iburst\nserver 10.99.0.1 iburst")
    with client.udp_socket() as sock:
        answers = (ntp_request.ask(sock, ("10.99.0.1", 123), ntp_request.request()) for _ in range(3))
        assert any(answers), "no answer"
    second.wait_for_log("Selected source 10.99.0.1")
    assert "^?" in net.timedc("client", client, "sources")
    for daemon in (second, first):
        assert "Fatal" not in daemon.log() and len(daemon.log().splitlines()) < 15, daemon.log()
        assert daemon.stop() == 0


if __name__ == "__main__":
    lab.main(test)
