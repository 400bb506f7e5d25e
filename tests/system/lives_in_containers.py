"""In containers: with a root file system that nobody can write to, with nothing below /run, as root or as anybody,
without CAP_SYS_TIME, timed serves and measures, and says once what it does without."""

import pwd

import lab

# As much of root as an ordinary container has.
USUAL = "-sys_time,-sys_admin,-sys_nice,-sys_resource,-net_admin"
READ_ONLY = """
mount --make-rprivate / &&
mount -t tmpfs -o mode=755 tmpfs /run && mount -o remount,ro /run &&
mount -o remount,bind,ro / &&
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" &&
shift && exec "$@"
"""


def start(net, space, label, text, *options, left=USUAL, drop=()):
    """Without a place of its own for socket and pid file: those of the default."""
    configuration = net.write(f"{label}.conf", text)
    words = ["unshare", "-m", "sh", "-c", READ_ONLY, "sh", net.directory, "setpriv", "--bounding-set", left, *drop,
             lab.timed(), "-d", *options, "-f", configuration]
    return net.start(label, space.command(*words))


def count(daemon, text):
    return daemon.log().count(text)


def is_served(client, port=123):
    with client.udp_socket(bind=("10.99.0.2", 0), timeout=0.5) as probe:
        probe.sendto(b"\x23" + bytes(47), ("10.99.0.1", port))
        try:
            return len(probe.recv(100)) == 48
        except OSError:
            return False


def test(net):
    server, client = net.pair()
    filtered = ["-F", "1"] if lab.has_filter() else []
    text = "local stratum 2\nallow\nserver 10.99.0.2 port 9\ndriftfile /var/lib/timed/drift\nlogdir /var/log/timed\nlog tracking\n"
    as_root = start(net, server, "root", text, "-u", "nobody", *filtered)
    lab.wait_until(lambda: is_served(client), 15, "an answer")
    assert count(as_root, "CAP_SYS_TIME not present") == 1, as_root.log()
    assert count(as_root, "Disabled control of system clock") == 1, as_root.log()
    assert count(as_root, "Disabled command socket /run/timed/timed.sock") == 1, as_root.log()
    assert count(as_root, "/run/timed/timed.pid") == 1, as_root.log()
    assert "Reference ID" in server.run(lab.timedc(), "-n", "-h", "127.0.0.1", "tracking").stdout
    assert as_root.stop() == 0, as_root.log()
    # It is told once that it cannot be written, and that is no reason to end.
    assert count(as_root, "/var/lib/timed/drift") == 1, as_root.log()

    nobody = pwd.getpwnam("nobody")
    drop = ["--reuid", "nobody", "--regid", str(nobody.pw_gid), "--clear-groups", "--inh-caps", "-all"]
    alone = start(net, server, "anybody", text + "port 12300\ncmdport 12301\n", "-U", *filtered, drop=drop)
    lab.wait_until(lambda: is_served(client, 12300), 15, "an answer of an ordinary process")
    status = lab.process_status(alone.pid)
    assert int(status["CapPrm"], 16) == 0 and status["NoNewPrivs"] == "1", status
    assert "Reference ID" in server.run(lab.timedc(), "-n", "-h", "127.0.0.1", "-p", "12301", "tracking").stdout
    assert alone.stop() == 0, alone.log()

    # Root who may do nothing cannot become anybody else, which is said with the way out, and serves as who it is.
    helpless = start(net, server, "helpless", text, "-u", "nobody", left="-all")
    assert helpless.wait(15) == 1, helpless.log()
    assert "becoming nobody takes CAP_SETGID and CAP_SETUID; -u root stays what it is" in helpless.log(), helpless.log()
    bare = start(net, server, "bare", text + "port 12300\n", "-u", "root", *filtered, left="-all")
    lab.wait_until(lambda: is_served(client, 12300), 15, "an answer of root without capabilities")
    assert bare.stop() == 0, bare.log()

    # Somebody waits for a pid file that he has named: to run without it would be to run unseen.
    named = start(net, server, "named", text + "pidfile /run/elsewhere.pid\n", "-u", "nobody")
    assert named.wait(15) == 1, named.log()
    assert "/run/elsewhere.pid : Read-only file system" in named.log(), named.log()


if __name__ == "__main__":
    lab.main(test)
