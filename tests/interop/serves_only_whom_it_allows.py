"""Nobody is answered without "allow"; with it, whom the rules name, over IPv4 and IPv6."""

import socket

import lab
import ntp_request

PORT = 123


def listening(space):
    """Local addresses of UDP sockets on the NTP port."""
    lines = space.run("ss", "-Hlun").stdout.splitlines()
    return [line.split()[3] for line in lines if line.split()[3].endswith(f":{PORT}")]


def answered(space, family, source, server):
    with space.udp_socket(family, (source, 0)) as client:
        # What is denied cannot be told from what is lost: three requests, a second each.
        return any(ntp_request.ask(client, (server, PORT), ntp_request.request(), 1.0) for _ in range(3))


def test(net):
    lab.require_tools("ss")
    server, client = net.namespace("server"), net.namespace("client")
    net.link(server, client, ["10.99.0.1/24", "fd00:99::1/64"],
             ["10.99.0.2/24", "10.99.0.130/24", "fd00:99::2/64", "fd00:99::8002/64"])
    v4, v6 = socket.AF_INET, socket.AF_INET6

    denying = net.timed("denying", server, "local")
    assert not listening(server), "a port is open though nobody may ask"
    assert not answered(client, v4, "10.99.0.2", "10.99.0.1")
    assert denying.stop() == 0

    net.timed("allowing", server, "local\nallow 10.99.0/25\nallow fd00:99::/112\ndeny fd00:99::8000/113")
    assert len(listening(server)) == 2, listening(server)
    assert answered(client, v4, "10.99.0.2", "10.99.0.1")
    assert not answered(client, v4, "10.99.0.130", "10.99.0.1")
    assert answered(client, v6, "fd00:99::2", "fd00:99::1")
    assert not answered(client, v6, "fd00:99::8002", "fd00:99::1")


if __name__ == "__main__":
    lab.main(test)
