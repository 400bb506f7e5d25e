"""The configuration that is shipped, unedited, on a machine with a network: the account, the directories and the DNS
that a package and a network bring, names of the pool that lead to servers, and nothing else.  Within the first minute
the clock follows them, and `timedc` says so without an option."""

import os
import socket
import struct
import threading

import lab

SHIPPED = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "conf", "timed.conf"))
SERVERS = [f"10.99.0.{i}" for i in (11, 12, 13, 14)]
POOL = b"\x04pool\x03ntp\x03org\x00"
TYPE_A, TYPE_AAAA = 1, 28
NAME_ERROR = 3


def answer(query):
    """What a name server says: four addresses of any name of the pool, no other names."""
    number, _, questions = struct.unpack_from("!HHH", query)
    end = query.index(b"\x00", 12) + 1
    question = query[12:end + 4]
    kind = struct.unpack_from("!H", query, end)[0]
    known = question.lower()[:-4].endswith(POOL)
    records = [b"\xc0\x0c" + struct.pack("!HHIH", TYPE_A, 1, 60, 4) + socket.inet_aton(address)
               for address in SERVERS] if known and kind == TYPE_A else []
    flags = 0x8580 | (0 if known else NAME_ERROR)
    return struct.pack("!HHHHHH", number, flags, questions, len(records), 0, 0) + question + b"".join(records)


def serve_names(space, asked):
    """A thread that ends with the test."""
    served = space.udp_socket(bind=("10.99.0.1", 53), timeout=None)

    def run():
        while True:
            query, sender = served.recvfrom(512)
            asked.append(query)
            served.sendto(answer(query), sender)
    threading.Thread(target=run, daemon=True).start()


def machine(net):
    """What is mounted over the machine's own files, for the daemon alone."""
    net.write("resolv.conf", "nameserver 10.99.0.1\noptions timeout:1\n")
    net.write("nsswitch.conf", "passwd: files\ngroup: files\nhosts: dns\n")
    net.write("passwd", lab.read_text("/etc/passwd") + "timed:x:64323:64323::/var/lib/timed:/usr/sbin/nologin\n")
    net.write("group", lab.read_text("/etc/group") + "timed:x:64323:\n")
    for name in ("resolv.conf", "passwd", "group", "nsswitch.conf"):
        os.chmod(net.path(name), 0o644)
    mounts = " && ".join(f"mount --bind {net.path(name)} /etc/{name}"
                         for name in ("resolv.conf", "passwd", "group", "nsswitch.conf"))
    script = (f"mount --make-rprivate / && {mounts} && mount -t tmpfs -o mode=755 tmpfs /run && "
              "mount -t tmpfs -o mode=755 tmpfs /var/lib && install -d -m 750 -o timed -g timed /var/lib/timed && "
              'exec "$@"')
    return ["unshare", "-m", "sh", "-c", script, "sh"]


def test(net):
    server, client = net.pair()
    for address in SERVERS:
        server.run("ip", "address", "add", f"{address}/24", "dev", "lab0")
    net.timed("server", server, "local stratum 1\nallow\ncmdport 0")
    asked = []
    serve_names(server, asked)

    # With -x: the clock of this machine stays as it is.
    shipped = net.start("shipped", client.command(*machine(net), lab.timed(), "-d", "-x", "-f", SHIPPED))
    shipped.wait_for_log("Selected source", 40)
    assert asked, "no name was looked up"

    def timedc(*words):
        return client.run("nsenter", "-m", "-t", str(shipped.pid), lab.timedc(), "-n", *words).stdout

    def used():
        """^- is one whose first answers a busy machine has held up: good, but too far from the others for a while."""
        rows = [line.split() for line in timedc("sources").splitlines()]
        return sorted(row[1] for row in rows if row and row[0] in ("^*", "^+", "^-"))
    lab.wait_until(lambda: used() == SERVERS, 30, "all four servers are used")
    assert timedc("sources").count("\n^*") == 1, timedc("sources")
    tracking = timedc("tracking")
    assert "Leap status     : Normal" in tracking and "Stratum         : 2\n" in tracking, tracking
    assert any(address in tracking for address in SERVERS), tracking
    assert timedc("waitsync", "1").startswith("try: 1"), "it is not synchronised"
    status = lab.process_status(shipped.pid)
    assert set(status["Uid"].split()) == {"64323"}, status["Uid"]
    for word in ("warning", "Could not", "not available"):
        assert word not in shipped.log(), shipped.log()
    assert shipped.stop() == 0


if __name__ == "__main__":
    lab.main(test)
