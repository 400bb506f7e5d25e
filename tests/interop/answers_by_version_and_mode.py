"""Through real sockets: which version and mode is answered with what; never longer than the request, never to an answer
or to anything else that is no request; and bad lengths not at all."""

import os
import time

import lab
import ntp_request
from ntp_request import ACTIVE, CLIENT, PASSIVE, SERVER


def expected_mode(version, mode, port):
    if version == 1 and mode == 0 and port != 123:
        return SERVER
    if 1 <= version <= 4:
        return {CLIENT: SERVER, ACTIVE: PASSIVE}.get(mode)
    return None


def send_all(client, requests):
    """Answers to many requests by their transmit stamp; all that come are read, none is waited for one by one."""
    for sent in requests:
        client.sendto(sent, ("10.99.0.1", 123))
    # The last one is answered for certain, and a socket is served in order.
    last = ntp_request.request()
    answers = {}
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        client.sendto(last, ("10.99.0.1", 123))
        client.settimeout(1.0)
        try:
            while last[40:48] not in answers:
                received, _ = client.recvfrom(2048)
                answers[received[24:32]] = received
        except TimeoutError:
            continue
        del answers[last[40:48]]
        return answers
    raise AssertionError("no answer at all")


def check_table(client, port):
    requests = {(version, mode): ntp_request.request(version, mode) for version in range(8) for mode in range(8)}
    answers = send_all(client, requests.values())
    for (version, mode), sent in requests.items():
        received = answers.pop(sent[40:48], None)
        wanted = expected_mode(version, mode, port)
        found = ntp_request.read(received) if received else None
        what = f"version {version} mode {mode} from port {port}"
        assert (found.mode if found else None) == wanted, f"{what}: answered with {found}"
        if not found:
            continue
        assert found.version == version and found.stratum == 5 and found.leap == 0, f"{what}: {found}"
        assert len(received) == len(sent), f"{what}: {len(received)} octets"
        assert abs(found.transmit_seconds() - time.time()) < 30, f"{what}: {found}"
        assert found.receive[7] & 1 == 1 and found.transmit[7] & 1 == 0, f"{what}: low bits {found}"
    assert not answers, "answers to what was not asked"


def check_lengths(client):
    good = ntp_request.request()
    field = bytes.fromhex("fe01") + (28).to_bytes(2, "big") + bytes(24)
    cut = [ntp_request.request()[:size] for size in (0, 1, 4, 44, 47)]
    odd = [ntp_request.request(extra=bytes(size)) for size in (1, 2, 3)]
    too_long = [ntp_request.request(extra=bytes(1096)), ntp_request.request(extra=os.urandom(1400))]
    with_field = ntp_request.request(extra=field)
    answers = send_all(client, [*cut, *odd, *too_long, with_field, good])
    assert len(answers.pop(good[40:48])) == 48
    assert len(answers.pop(with_field[40:48])) == 48, "unknown fields are passed over and not echoed"
    assert not answers, f"bad lengths were answered: {list(answers.values())}"


def test(net):
    server, client = net.pair()
    net.timed("server", server, "local stratum 5\nallow")
    with client.udp_socket(bind=("10.99.0.2", 4321)) as sock:
        check_table(sock, 4321)
        check_lengths(sock)
    with client.udp_socket(bind=("10.99.0.2", 123)) as sock:
        check_table(sock, 123)


if __name__ == "__main__":
    lab.main(test)
