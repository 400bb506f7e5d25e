"""What timed and Debian's chronyd do with each kind of authentication, right and wrong, packet by packet: whom they
answer as servers, and what they make of answers as clients."""

import hashlib
import os
import struct
import threading
import time

import lab
import ntp_request

SECRET, OTHER = b"0123456789abcdef", b"another-secret-1"
KEYS = f"1 MD5 ASCII:{SECRET.decode()}\n2 MD5 ASCII:{OTHER.decode()}\n"
FIELD = struct.pack("!HH", 0xf323, 28) + bytes(24)
SERVERS = {"chronyd": "10.99.0.11", "timed": "10.99.0.12"}
EPOCH = 2208988800
SILENT = ("key that is missing", "field in version 3", "field in version 3 and key")


def mac(key, packet, secret=SECRET):
    return struct.pack("!I", key) + hashlib.md5(secret + packet).digest()


# What follows a packet.
TRAILERS = {
    "none": lambda p: b"",
    "right": lambda p: mac(1, p),
    "its other key": lambda p: mac(2, p, OTHER),
    "wrong MAC": lambda p: mac(1, p + b"x"),
    "unknown key": lambda p: mac(77, p),
    "key 0": lambda p: mac(0, p),
    "cut MAC": lambda p: mac(1, p)[:12],
    "crypto-NAK": lambda p: bytes(4),
    "field": lambda p: FIELD,
    "field and MAC": lambda p: FIELD + mac(1, p + FIELD),
}


def answers(net, server, client, keys):
    """By request, what comes back of each program: its size, version, mode and whether it is signed rightly."""
    for name, address in SERVERS.items():
        server.run("ip", "address", "add", f"{address}/24", "dev", "lab0")
        start = net.chronyd if name == "chronyd" else net.timed
        start(f"serving-{name}", server, f"local stratum 5\nallow\nkeyfile {keys}\nbindaddress {address}\ncmdport 0\n")
    lab.wait_until(lambda: all(f"{a}:123" in server.run("ss", "-Hlun").stdout for a in SERVERS.values()), 10, "servers")

    def reaction(address, packet):
        with client.udp_socket(timeout=0.2) as ear:
            ear.sendto(packet, (address, 123))
            try:
                answer = ear.recv(2048)
            except TimeoutError:
                return None
        head, tail = answer[:48], answer[48:]
        signed = next((key for key, secret in ((1, SECRET), (2, OTHER)) if tail == mac(key, head, secret)), None)
        return len(answer), answer[0] & 0x3f, answer[1], signed

    for version in (1, 2, 3, 4):
        for mode in (ntp_request.CLIENT, ntp_request.ACTIVE):
            for what, trailer in TRAILERS.items():
                packet = ntp_request.request(version, mode)
                told = {name: reaction(address, packet + trailer(packet)) for name, address in SERVERS.items()}
                assert told["timed"] == told["chronyd"], (version, mode, what, told)
                if what == "right":
                    assert told["timed"] and told["timed"][3] == 1, (version, mode, told)


def serve(ears, stop):
    """A stratum 1 that answers at each address with its own trailer."""
    while not stop.is_set():
        for trailer, ear in ears:
            try:
                request, sender = ear.recvfrom(2048)
            except BlockingIOError:
                continue
            now = int((time.time() + EPOCH) * 2**32)
            head = struct.pack("!BBbbIII8s8sQQ", request[0] & 0x38 | ntp_request.SERVER, 1, 0, -20, 0, 0, 0x47505300,
                               bytes(8), request[40:48], now, now + 1000)
            ear.sendto(head + trailer(head), sender)
        time.sleep(0.001)


def reactions(net, server, client, keys):
    """By answer, what chronyc says of the source that gets it."""
    ears, lines, addresses = [], [], []
    cases = [(f"key 1 of {what}", "key 1", trailer) for what, trailer in TRAILERS.items()]
    cases += [(what, "", trailer) for what, trailer in TRAILERS.items()]
    cases += [("key that is missing", "key 99", TRAILERS["none"]), ("version 3", "version 3 key 1", TRAILERS["right"]),
              ("field in version 3", "version 3 extfield F323", TRAILERS["none"]),
              ("field in version 3 and key", "version 3 extfield F323 key 1", TRAILERS["right"])]
    for number, (_, options, trailer) in enumerate(cases, 101):
        address = f"10.99.0.{number}"
        server.run("ip", "address", "add", f"{address}/24", "dev", "lab0")
        ear = server.udp_socket(bind=(address, 123))
        ear.setblocking(False)
        ears.append((trailer, ear))
        addresses.append(address)
        lines.append(f"server {address} minpoll 0 maxpoll 0 maxdelaydevratio 1e6 {options}\n")
    stop = threading.Event()
    helper = threading.Thread(target=serve, args=(ears, stop))
    helper.start()
    try:
        text = "".join(lines) + f"keyfile {keys}\ncmdport 0\nauthselectmode ignore\n"
        sockets = {}
        for name in SERVERS:
            start = net.chronyd if name == "chronyd" else net.timed
            start(f"asking-{name}", client, text)
            socket_of = net.chronyd_socket if name == "chronyd" else net.timed_socket
            sockets[name] = socket_of(f"asking-{name}")
        lab.wait_until(lambda: os.path.exists(sockets["chronyd"]), 10, "chronyd's command socket")
        case_of = {address: what for address, (what, _, _) in zip(addresses, cases)}
        data = {}

        def polled():
            for name, path in sockets.items():
                for address in addresses:
                    data[name, address] = net.chronyc(client, path, "ntpdata", address).strip().split(",")
            # Sources keep apart: a round of so many takes seconds.
            return all(int(fields[-4]) > 2 or case_of[address] in SILENT for (_, address), fields in data.items())
        lab.wait_until(polled, 40, "everybody was asked three times")
        for address, what in case_of.items():
            told = {}
            for name, path in sockets.items():
                fields = data[name, address]
                rows = [row.split(",") for row in net.chronyc(client, path, "sources").splitlines()]
                source = next(row for row in rows if row[2] == address)
                # The tests that failed, whether it was authenticated, and up to two packets of each kind: sent,
                # received, valid and good.
                told[name] = fields[-11:-6], [min(int(n), 2) for n in fields[-4:]], int(source[5], 8) & 3, source[3]
            assert told["timed"] == told["chronyd"], (what, told)
            assert (told["timed"][1][0] == 0) == (what in SILENT), (what, told)
    finally:
        stop.set()
        helper.join()


def test(net):
    server, client = net.pair()
    keys = net.write("keys", KEYS)
    os.chmod(keys, 0o600)
    answers(net, server, client, keys)
    reactions(net, server, client, keys)


if __name__ == "__main__":
    lab.main(test)
