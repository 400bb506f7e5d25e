"""Every order that Debian's chronyc can give over the socket: timed and chronyd say the same, exit with the same status
and log the same of it."""

import hashlib
import re
import time

import lab
import ntp_request

CONFIGURATION = "server 192.0.2.1 offline minpoll 6 maxpoll 8\nserver no.such.name.invalid offline\nnoclientlog\n"
SOURCE = "192.0.2.1"
SHORT_BURST = f"burst 1/2 {SOURCE}"
COMMANDS = [
    f"minpoll {SOURCE} 4", f"minpoll {SOURCE} 9", f"minpoll {SOURCE} 25", f"maxpoll {SOURCE} 5", f"maxpoll {SOURCE} -9",
    f"maxdelay {SOURCE} 0.5", f"maxdelay {SOURCE} 1e9", f"maxdelayratio {SOURCE} 3.5", f"maxdelaydevratio {SOURCE} -2",
    f"minstratum {SOURCE} 3", f"polltarget {SOURCE} 30", f"polltarget {SOURCE} 1",
    *(f"{word} 198.51.100.9 1" for word in ("minpoll", "maxpoll", "maxdelay", "maxdelayratio", "maxdelaydevratio",
                                            "minstratum", "polltarget")),
    "minpoll ID#0000000001 3", "minpoll ID#0000000099 3",
    "accheck 10.1.2.3", "allow 10/8", "accheck 10.1.2.3", "deny 10.1/16", "accheck 10.1.2.3", "accheck 10.2.0.1",
    "allow all 10/8", "accheck 10.1.2.3", "deny all", "accheck 10.1.2.3", "allow", "accheck 2001:db8::1",
    "deny 2001:db8::/32", "accheck 2001:db8::1", "deny all 0.0.0.0/0", "allow 2001:db8::/129", "allow 10.0.0.0/33",
    "cmdaccheck 127.0.0.1", "cmdallow 127.0.0.1", "cmdaccheck 127.0.0.1", "cmddeny all", "cmdaccheck 127.0.0.1",
    "cmdallow all 10/8", "cmdaccheck 10.0.0.1", "cmddeny 10.0.0.1", "cmdaccheck 10.0.0.1", "cmdaccheck ::1",
    "online 192.0.2.0/24", f"offline {SOURCE}", "online 198.51.100.0/24", SHORT_BURST, "offline",
    "onoffline", "offline", "refresh", "reload sources", "reset sources", "reselect", "reselectdist 0.001",
    "dump", "cyclelogs", "rekey",
    "add server 192.0.2.7 offline", "add server 192.0.2.7 offline", "add peer 192.0.2.8 offline", "add server 192.0.2.9x;",
    "delete 192.0.2.7", "delete 192.0.2.7", "delete 192.0.2.8",
    "manual on", "manual list", "manual delete 3", "manual reset", "manual off", "settime 12:00",
    "local stratum 5", "local off", "local stratum 5 orphan distance 0.5", "local off",
    "smoothtime reset", "smoothtime activate", "smoothing", "makestep", "makestep 0.1 3", "makestep 0 -1",
    "maxupdateskew 100", "dfreq 0.5", "doffset 0.001",
    "rtcdata", "writertc", "trimrtc", "clients", "clients -p 5 -k", "activity",
    f"online {SOURCE}", f"burst 1/9 {SOURCE}", "activity", "offline", "activity", f"online {SOURCE}", "activity",
    "allow all", "local stratum 4",
]
# What chronyd 4.3 cannot do, asked of timed as chronyc 4.8 does, is told by the unit tests from the tables of bytes.
# Key 7 of both.
KEY = "0123456789abcdef0123456789abcdef01234567"


def said(space, socket_path, words):
    done = space.run(lab.peer("usr/bin/chronyc"), "-h", socket_path, *words.split(" "), check=False,
                     env=lab.peer_environment())
    return done.returncode, done.stdout, done.stderr


def let_end(words, activities):
    """A burst that would end while other orders are given, of each daemon before another one of them.  All are asked as
    often, which is counted."""
    if words == SHORT_BURST:
        lab.wait_until(lambda: all([ask().count("\n0 sources doing burst") == 2 for ask in activities]), 20,
                       "the bursts end")


def told(daemon):
    """What a log says of what was changed; of other changes chronyd 4.3 says nothing."""
    lines = [re.sub(r"^\S+Z |^\S+ \S+ ", "", line) for line in daemon.log().splitlines()]
    return [line for line in lines if re.search(r"^Source \S+ new |^New reselect |Accumulated|Could not step", line)]


def ask_for_time(space):
    """The same of each program."""
    with space.udp_socket(bind=("127.0.0.1", 0)) as sock:
        good = ntp_request.request()
        signed = good + b"\0\0\0\7" + hashlib.sha1(bytes.fromhex(KEY) + good).digest()
        # Unsigned, with a wrong signature, a good one; an answer, a later version, one that is cut, one of mode 6.
        for datagram, count in ((good, 3), (good + b"\0\0\0\7" + bytes(20), 5), (signed, 2),
                                (ntp_request.request(mode=4), 7), (ntp_request.request(version=5), 2), (good[:40], 4),
                                (bytes([0x16, 1]) + bytes(10), 6)):
            for _ in range(count):
                sock.sendto(datagram, ("127.0.0.1", 123))
        time.sleep(0.3)


def test(net):
    spaces = {"ours": net.namespace("ours"), "theirs": net.namespace("theirs")}
    keys = net.write("keys", f"7 SHA1 HEX:{KEY}\n")
    ours = net.timed("ours", spaces["ours"], CONFIGURATION + f"keyfile {keys}\n")
    theirs = net.chronyd("theirs", spaces["theirs"], CONFIGURATION + f"keyfile {keys}\n")
    sockets = {"ours": net.timed_socket("ours"), "theirs": net.chronyd_socket("theirs")}
    for label in sockets:
        lab.wait_until(lambda: said(spaces[label], sockets[label], "activity")[0] == 0, 10, f"{label} answers")
    differences = []
    for words in COMMANDS:
        our, their = (said(spaces[label], sockets[label], words) for label in ("ours", "theirs"))
        if our != their:
            differences.append(f"{words}\n  ours   {our}\n  theirs {their}")
        let_end(words, [lambda label=label: said(spaces[label], sockets[label], "activity")[1] for label in sockets])
    assert not differences, "\n".join(differences)
    assert told(ours) == told(theirs), "\n".join(["ours", *told(ours), "theirs", *told(theirs)])

    for label in sockets:
        ask_for_time(spaces[label])
    our, their = (said(spaces[label], sockets[label], "serverstats")[1] for label in ("ours", "theirs"))
    assert our == their, f"ours\n{our}theirs\n{their}"
    assert "NTP packets received       : 10\n" in our and "Authenticated NTP packets  : 2\n" in our, our
    for label, daemon in (("ours", ours), ("theirs", theirs)):
        assert said(spaces[label], sockets[label], "shutdown") == (0, "200 OK\n", "")
        assert daemon.wait() == 0


if __name__ == "__main__":
    lab.main(test)
