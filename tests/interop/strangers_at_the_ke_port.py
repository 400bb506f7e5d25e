"""What the port of key establishment says to other people's TLS (openssl s_client and gnutls-cli, where it is), and what
it does with connections that want no keys: too many of them, silent ones, slow ones, garbage and resets.  NTP is
answered meanwhile."""

import json
import os
import shutil
import socket
import struct
import time

import authority
import lab
import ntp_request

PLACES = 10
# Next protocol NTPv4, AES-SIV-CMAC-256, end of message.
REQUEST = bytes.fromhex("80010002 0000 80040002 000f 80000000".replace(" ", ""))
PORT = 4460


def cookies_in(answer):
    """How many cookies; zero where the answer is none."""
    count, at, ended = 0, 0, False
    while at + 4 <= len(answer) and not ended:
        kind, size = struct.unpack_from("!HH", answer, at)
        assert kind & 0x7fff in (0, 1, 4, 5), f"a record of type {kind & 0x7fff}"
        count += kind == 5
        ended = kind == 0x8000
        at += 4 + size
    return count if ended else 0


def ask(space, *words):
    """Answers what came back on the connection, and what the program has said of it."""
    path = space.request
    with open(path, "rb") as request:
        done = space.run(*words, stdin=request, text=False, check=False, timeout=20)
    return done.stdout, done.stderr.decode(errors="replace")


def other_tls(net, client, ours):
    client.request = net.path("request")
    with open(client.request, "wb") as file:
        file.write(REQUEST)
    openssl = ["timeout", "10", "openssl", "s_client", "-connect", f"10.99.0.1:{PORT}", "-CAfile", ours.certificate,
               "-verify_return_error", "-quiet"]
    for name in ("a.example", "b.example"):
        answer, told = ask(client, *openssl, "-alpn", "ntske/1", "-servername", name, "-verify_hostname", name)
        assert cookies_in(answer) == 8, f"{name}: {answer!r}\n{told}"
    for words in (["-alpn", "ntske/1", "-tls1_2"], [], ["-alpn", "h2"], ["-alpn", "ntske/1", "-groups", "P-521"]):
        answer, told = ask(client, *openssl, "-servername", "a.example", *words)
        assert answer == b"", f"{words} {answer!r}"
        assert "alert" in told, f"refused without a word: {words}\n{told}"
    if shutil.which("gnutls-cli") is None:
        return
    answer, told = ask(client, "timeout", "10", "gnutls-cli", "--x509cafile", ours.certificate, "--alpn", "ntske/1",
                       "--verify-hostname", "b.example", "--sni-hostname", "b.example", "--logfile",
                       net.path("gnutls.log"), "-p", str(PORT), "10.99.0.1")
    assert cookies_in(answer) == 8, f"gnutls: {answer!r}\n{told}\n{lab.read_text(net.path('gnutls.log'))}"


def connect(client):
    with client.entered():
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.settimeout(5)
    made.connect(("10.99.0.1", PORT))
    return made


def is_closed(connection, seconds):
    connection.settimeout(seconds)
    try:
        return connection.recv(4096) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def answers_ntp(client):
    with client.udp_socket() as ear:
        ear.sendto(ntp_request.request(), ("10.99.0.1", 123))
        return len(ear.recv(1024)) == 48


def resident(daemon):
    return int(lab.process_status(daemon.pid)["VmRSS"].split()[0])


def connections(net, label, server):
    return json.loads(net.timedc(label, server, "--json", "ntsserver"))["connections"]


def nobody_wants_keys(net, server, client, daemon, label):
    def dropped():
        return int(net.timedc(label, server, "-c", "serverstats").split(",")[6])
    lab.wait_until(lambda: connections(net, label, server) == 0, 5, "all before have ended")
    # More than there are places: the rest is closed at once, and the silent ones after two seconds.
    before = dropped()
    begin = time.monotonic()
    silent = [connect(client) for _ in range(3 * PLACES)]
    lab.wait_until(lambda: dropped() - before == 2 * PLACES, 5, "the surplus is dropped")
    assert answers_ntp(client)
    assert all(is_closed(one, 5) for one in silent)
    assert 2 < time.monotonic() - begin < 6, time.monotonic() - begin
    # One octet at a time makes nobody wait longer.
    slow = connect(client)
    begin = time.monotonic()
    while time.monotonic() - begin < 6:
        try:
            slow.send(b"\x16")
        except ConnectionError:
            break
        time.sleep(0.2)
    assert time.monotonic() - begin < 5, "slow"
    # Garbage, and connections that are gone before they are looked at.
    small = resident(daemon)
    for i in range(300):
        one = connect(client)
        if i % 3 == 0:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif i % 3 == 1:
            one.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert is_closed(one, 5)
        one.close()
    assert answers_ntp(client)
    # Sanitizers keep what was freed.
    if lab.has_filter():
        assert resident(daemon) < small + 4096, f"{small} KiB have become {resident(daemon)}"


def test(net):
    lab.require_tools("openssl")
    server, client = net.pair()
    ours = authority.Authority(net)
    first, second = ours.sign("a", "DNS:a.example"), ours.sign("b", "DNS:b.example", kind="rsa")
    pairs = "".join(f"ntsservercert {c}\nntsserverkey {k}\n" for c, k in (first, second))
    for processes in (0, 1):
        label = f"timed-{processes}"
        daemon = net.timed(label, server, f"local stratum 3\nallow\ncmdport 0\n{pairs}ntsprocesses {processes}\n"
                                          f"maxntsconnections {PLACES}\n",
                           # A system call that is refused ends it.
                           *(["-F", "-1"] if lab.has_filter() else []))
        other_tls(net, client, ours)
        nobody_wants_keys(net, server, client, daemon, label)
        other_tls(net, client, ours)
        lines = len(daemon.log().splitlines())
        assert lines < 15, f"{lines} lines of a log that strangers can fill"
        assert daemon.stop() == 0
    # All the rest is done; without it the test is told of as skipped.
    lab.require_tools("gnutls-cli")


if __name__ == "__main__":
    lab.main(test)
