"""Requests of chrony's command protocol as bytes, and what comes back."""

import os
import struct

HEADER, REPLY_HEADER, LARGEST = 20, 28, 860
TRACKING, N_SOURCES, SERVER_STATS, SHUTDOWN = 33, 14, 54, 62
SUCCESS, UNAUTHORISED = 0, 2


def request(code, body=b"", length=LARGEST):
    """With zeros behind it, as long as every daemon may want it."""
    head = struct.pack("!BBBBHH4sII", 6, 1, 0, 0, code, 0, os.urandom(4), 0, 0)
    return (head + body).ljust(length, b"\0")


def status(reply):
    return struct.unpack_from("!H", reply, 8)[0]


def ask(sock, address, datagram):
    """The reply, or None.  The socket has a timeout."""
    sock.sendto(datagram, address)
    try:
        while True:
            reply = sock.recv(2000)
            if len(reply) >= REPLY_HEADER and reply[16:20] == datagram[8:12]:
                return reply
    except TimeoutError:
        return None
