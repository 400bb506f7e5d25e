"""Random and distorted datagrams at the NTP port, the command port and the command socket: none is logged, none ends
the daemon, and what is asked properly is answered as before."""

import os
import random
import socket

import lab
import ntp_request

ROUNDS = 1500


def distorted(source, good):
    data = bytearray(good)
    for _ in range(source.randint(1, 4)):
        data[source.randrange(len(data))] = source.randrange(256)
    return bytes(data[:source.randint(0, len(data))]) if source.random() < 0.3 else bytes(data)


def command(code, version=6):
    """A request of the command protocol: version, type, command, sequence, padding."""
    return bytes([version, 1, 0, 0]) + code.to_bytes(2, "big") + bytes(2) + os.urandom(4) + bytes(8) + bytes(460)


def test(net):
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    source = random.Random(seed)
    space = net.namespace("alone")
    daemon = net.timed("target", space, "local stratum 4\nallow\nserver 127.0.0.9 noselect")
    wanted = net.timedc("target", space, "-c", "sources")
    before = daemon.log()
    with space.udp_socket() as sock, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local:
        local.bind(net.path("run-target", "garbage.sock"))
        local.setblocking(False)
        local.connect(net.timed_socket("target"))
        for _ in range(ROUNDS):
            junk = source.randbytes(source.choice((0, 1, 20, 47, 48, 68, 92, 500, 1400)))
            request = distorted(source, command(source.randrange(80)))
            sock.sendto(distorted(source, ntp_request.request(extra=source.randbytes(source.choice((0, 20, 28))))),
                        ("127.0.0.1", 123))
            sock.sendto(junk, ("127.0.0.1", source.choice((123, 323))))
            sock.sendto(request, ("127.0.0.1", 323))
            try:
                # Of another version: this socket takes orders, and one that is whole is no garbage.
                local.send(source.choice((junk, bytes([source.choice((0, 4, 5, 7, 255))]) + request[1:])))
            except BlockingIOError:
                pass  # its queue is full, as it may be
    with space.udp_socket() as sock:
        answers = (ntp_request.ask(sock, ("127.0.0.1", 123), ntp_request.request()) for _ in range(5))
        answer = next((found for found in answers if found), None)
    assert answer and answer.stratum == 4, answer
    assert net.timedc("target", space, "-c", "sources").split(",")[:5] == wanted.split(",")[:5]
    assert daemon.log() == before, "garbage was logged"
    assert daemon.stop() == 0


if __name__ == "__main__":
    lab.main(test)
