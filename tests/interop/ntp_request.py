"""NTP packets as a client makes and reads them."""

import dataclasses
import os
import socket
import struct
import time

CLIENT, SERVER, ACTIVE, PASSIVE, BROADCAST, CONTROL, PRIVATE = 3, 4, 1, 2, 5, 6, 7
SIZE = 48
_HEADER = struct.Struct("!BBbbIII8s8s8s8s")


def request(version=4, mode=CLIENT, transmit=None, extra=b""):
    stamp = transmit or os.urandom(8)
    return _HEADER.pack(version << 3 | mode, 0, 6, 0, 0, 0, 0, bytes(8), bytes(8), bytes(8), stamp) + extra


@dataclasses.dataclass
class Answer:
    leap: int
    version: int
    mode: int
    stratum: int
    reference_id: int
    origin: bytes
    receive: bytes
    transmit: bytes
    size: int
    sender: str

    def transmit_seconds(self):
        whole, fraction = struct.unpack("!II", self.transmit)
        return whole - 2208988800 + fraction / 2**32


def read(datagram, sender=""):
    first, stratum, _, _, _, _, reference_id, _, origin, receive, transmit = _HEADER.unpack(datagram[:SIZE])
    return Answer(first >> 6, first >> 3 & 7, first & 7, stratum, reference_id, origin, receive, transmit,
                  len(datagram), sender)


def ask(sock, address, datagram, seconds=2.0):
    """The first answer to this very request, or None.  Address: (host, port)."""
    sock.sendto(datagram, address)
    deadline = time.monotonic() + seconds
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        sock.settimeout(left)
        try:
            received, sender = sock.recvfrom(2048)
        except (TimeoutError, ConnectionRefusedError, socket.timeout):
            return None
        if len(received) >= SIZE and received[24:32] == datagram[40:48]:
            return read(received, sender[0])
