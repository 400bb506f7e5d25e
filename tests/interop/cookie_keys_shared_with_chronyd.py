"""Debian's chronyd and timed share the file of server keys: a cookie of the one is taken by the other, both ways, by a
client that goes on as if nothing had happened when one takes the other's place."""

import json
import os

import authority
import lab

LIMIT_SECONDS = 20
ESTABLISHES, ANSWERS = "10.99.0.1", "10.99.0.7"


def row_of(net, space, socket, report, key, column):
    rows = [line.split(",") for line in net.chronyc(space, socket, *report).splitlines()]
    return next((row for row in rows if row[column] == key), None)


class Client:
    """A chronyd that keeps its keys for as long as it lives."""

    def __init__(self, net, space, label, trusted):
        self._net, self._space = net, space
        self._daemon = net.chronyd(label, space, f"server {ESTABLISHES} nts iburst minpoll 0 maxpoll 0\n"
                                   f"ntstrustedcerts {trusted}\nnosystemcert\ncmdport 0\nauthselectmode require\n")
        self._socket = net.chronyd_socket(label)
        lab.wait_until(lambda: os.path.exists(self._socket), 10, "chronyd's command socket")

    def is_answered(self, what):
        """Five times more, with the keys of the first establishment and without a refusal."""
        def good():
            row = row_of(self._net, self._space, self._socket, ("ntpdata",), ANSWERS, 0)
            return int(row[31]) if row else 0
        lab.wait_until(lambda: good() > 0, LIMIT_SECONDS, f"an answer {what}")
        before = good()
        lab.wait_until(lambda: good() >= before + 5, LIMIT_SECONDS, f"answers {what}")
        row = row_of(self._net, self._space, self._socket, ("-a", "authdata"), ANSWERS, 0)
        assert row[1:3] == ["NTS", "1"] and row[7] == "0", f"{what}: {row}"

    def stop(self):
        self._daemon.stop()


def nts_report(net, label, space):
    return json.loads(net.timedc(label, space, "--json", "ntsserver"))


def answering(net, space, pair, keys):
    """timed at the second address, and then chronyd in its place."""
    text = f"local stratum 3\nallow\ncmdport 0\nbindaddress {ANSWERS}\nntsrotate 0\nntsdumpdir {keys}\n"

    def by_timed(label):
        daemon = net.timed(label, space, text)
        report = nts_report(net, label, space)
        assert report["serves"] and not report["establishes"] and report["keys_origin"] == "shared", report
        return daemon

    def by_chronyd(label):
        return net.chronyd(label, space, f"{text}ntsservercert {pair[0]}\nntsserverkey {pair[1]}\nntsport 4461\n")
    return by_timed, by_chronyd


def share(net, server, client, trusted, name, pair, establishes, keys):
    """The client's cookies come from `establishes` first, and then from each of the two that answer."""
    lab.wait_until(lambda: os.path.exists(os.path.join(keys, "ntskeys")), 10, "the keys are saved")
    by_timed, by_chronyd = answering(net, server, pair, keys)
    answers = by_timed(f"{name}-timed")
    asks = Client(net, client, f"{name}-client", trusted)
    asks.is_answered(f"by timed, with cookies of {name}")
    counts = nts_report(net, f"{name}-timed", server)["counts"]
    assert counts["ntp_answered"] >= 6, counts
    refused = {key: counts[key] for key in ("ntp_unknown_key", "ntp_bad_cookie", "ntp_not_authentic", "ntp_malformed")}
    assert not any(refused.values()), refused
    assert answers.stop() == 0
    # More polls than a client has cookies: in the end all are of who answers now.
    answers = by_chronyd(f"{name}-chronyd")
    for turn in range(2):
        asks.is_answered(f"by chronyd, with cookies of timed ({turn})")
    answers.stop()
    answers = by_timed(f"{name}-again")
    asks.is_answered("by timed, with cookies of chronyd")
    counts = nts_report(net, f"{name}-again", server)["counts"]
    assert counts["ntp_unknown_key"] == counts["ntp_bad_cookie"] == 0, counts
    asks.stop()
    assert answers.stop() == 0
    establishes.stop()


def test(net):
    lab.require_tools("openssl")
    server, client = net.pair()
    server.run("ip", "address", "add", f"{ANSWERS}/24", "dev", "lab0")
    ours = authority.Authority(net)
    pair = ours.sign("server", f"IP:{ESTABLISHES}")
    certificate = f"ntsservercert {pair[0]}\nntsserverkey {pair[1]}\nntsntpserver {ANSWERS}\n"
    for name, start, more in (("chronyd", net.chronyd, ""), ("timed", net.timed, "ntsaeads 15\n")):
        keys = net.path(f"keys-{name}")
        os.makedirs(keys, mode=0o700)
        text = f"local stratum 3\nallow\ncmdport 0\nbindaddress {ESTABLISHES}\nntsdumpdir {keys}\n{certificate}{more}"
        establishes = start(f"{name}-establishing", server, text)
        share(net, server, client, ours.certificate, name, pair, establishes, keys)


if __name__ == "__main__":
    lab.main(test)
