#!/usr/bin/env python3
"""Stands between clients and a daemon and answers equal requests with equal replies: the first reply to a request is
kept and repeated, with the sequence number of each new request.  So two clients see the same values, however fast they
move.  usage: candm_relay.py FRONT=BACK...  where FRONT and BACK are a UDP port on 127.0.0.1 or the path of a socket."""
import os
import select
import socket
import sys


def endpoint(text):
    return text if text.startswith("/") else ("127.0.0.1", int(text))


def open_socket(address):
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    return socket.socket(family, socket.SOCK_DGRAM)


class Relay:
    def __init__(self, front, back):
        self.kept = {}
        self.front = open_socket(front)
        self.front.bind(front)
        self.back = open_socket(back)
        if isinstance(back, str):
            self.back.bind("%s.relay.%d" % (back, os.getpid()))
            os.chmod(self.back.getsockname(), 0o666)
        self.back.connect(back)
        self.back.settimeout(2)

    def serve(self):
        request, client = self.front.recvfrom(2048)
        # All but the sequence number; the number of the attempt does not change an answer either.
        key = request[:6] + request[12:]
        if key not in self.kept:
            self.back.send(request)
            self.kept[key] = self.back.recv(2048)
        reply = bytearray(self.kept[key])
        reply[16:20] = request[8:12]
        self.front.sendto(reply, client)


relays = {}
for argument in sys.argv[1:]:
    front, back = argument.split("=")
    relay = Relay(endpoint(front), endpoint(back))
    relays[relay.front] = relay
while True:
    for ready in select.select(list(relays), [], [])[0]:
        try:
            relays[ready].serve()
        except OSError as error:
            print("relay:", error, file=sys.stderr)
