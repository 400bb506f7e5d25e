"""10 000 requests over UDP that are well formed, of every kind and with any content: nothing that chronyc can show has
changed afterwards, and no reply was longer than its request."""

import os
import random
import struct

import commands
import lab

COUNT = 10000
CONFIGURATION = """local stratum 4
allow 10/8
cmdallow 192.0.2.0/24
server 192.0.2.1 offline minpoll 6 maxpoll 8 prefer
server 192.0.2.2 offline key 5
server no.such.name.invalid offline
manual
smoothtime 400 0.01
"""
# What an operator could have changed.
SHOWN = ["sources -a", "sourcestats", "selectdata -a", "authdata -a", "activity", "manual list", "smoothing",
         *(f"accheck {address}" for address in ("10.1.2.3", "192.0.2.1", "::1")),
         *(f"cmdaccheck {address}" for address in ("10.1.2.3", "192.0.2.1", "::1"))]


def address(source):
    """Ours, anybody's, none, or of a number."""
    kind = source.randrange(4)
    if kind == 0:
        return bytes([192, 0, 2, source.randrange(1, 3)]) + bytes(12) + b"\0\1\0\0"
    if kind == 1:
        return struct.pack("!I12xHH", source.randrange(1, 5), 3, 0)
    return source.randbytes(16) + struct.pack("!HH", source.randrange(4), 0) if kind == 2 else bytes(20)


def body(source):
    words = [address(source) if source.random() < 0.5 else b"",
             b"".join(source.choice((struct.pack("!i", source.randrange(-3, 12)), source.randbytes(4)))
                      for _ in range(source.randrange(10)))]
    return b"".join(words)[:400]


def shown(net, space):
    told = {words: net.chronyc(space, net.timed_socket("target"), *words.split(), check=False) for words in SHOWN}
    told["tracking"] = net.chronyc(space, net.timed_socket("target"), "tracking").split(",")[:3]
    return told


def test(net):
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    source = random.Random(seed)
    space = net.namespace("alone")
    keys = net.write("keys", "5 SHA1 HEX:0123456789abcdef\n")
    daemon = net.timed("target", space, CONFIGURATION + f"keyfile {keys}")
    lab.wait_until(lambda: "Could not resolve" in daemon.log(), 15, "the name was looked up")
    before, log = shown(net, space), daemon.log()
    answered = longest = 0
    with space.udp_socket(bind=("127.0.0.1", 0), timeout=2.0) as sock:
        for _ in range(COUNT):
            length = source.choice((28, 32, 44, 52, 60, 76, 104, 196, 372, 416, 520, 860))
            code = 0x4000 + source.randrange(5) if source.random() < 0.05 else source.randrange(75)
            datagram = commands.request(code, body(source), length)[:commands.LARGEST]
            reply = commands.ask(sock, ("127.0.0.1", 323), datagram)
            assert reply is not None, f"no reply to {datagram.hex()}"
            assert len(reply) <= len(datagram), f"{len(reply)} for {datagram.hex()}"
            answered += commands.status(reply) == commands.SUCCESS
            longest = max(longest, len(reply))
    print(f"{answered} of {COUNT} had success, the longest reply was of {longest} octets")
    assert answered > COUNT // 40 and longest > 400, "the requests were not well formed"
    after = shown(net, space)
    assert after == before, {words: (before[words], after[words]) for words in before if before[words] != after[words]}
    assert daemon.log() == log, "something was logged"
    assert daemon.stop() == 0


if __name__ == "__main__":
    lab.main(test)
