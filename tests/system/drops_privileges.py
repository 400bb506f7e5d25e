"""Started as root, timed opens its ports, becomes its account for good and keeps the capabilities that it still needs,
and only then opens the Unix socket and polls."""

import os
import pwd
import stat

import lab

ACCOUNT = "nobody"
BIND_LOW_PORT = 1 << 10


def check_status(daemon, capabilities):
    account = pwd.getpwnam(ACCOUNT)
    status = lab.process_status(daemon.pid)
    assert set(status["Uid"].split()) == {str(account.pw_uid)}, status["Uid"]
    assert set(status["Gid"].split()) == {str(account.pw_gid)}, status["Gid"]
    assert status.get("Groups", "") == "", status["Groups"]
    for name in ("CapPrm", "CapEff"):
        assert int(status[name], 16) == capabilities, f"{name} {status[name]}, not {capabilities:x}"
    for name in ("CapInh", "CapAmb"):
        assert int(status[name], 16) == 0, f"{name} {status[name]}"
    assert status["NoNewPrivs"] == "1", status["NoNewPrivs"]


def owner(path):
    found = os.lstat(path)
    return pwd.getpwuid(found.st_uid).pw_name, stat.S_IMODE(found.st_mode)


def is_bound(space, port):
    with space.udp_socket(bind=None) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def test(net):
    space = net.namespace("alone")
    # Without control of the clock and with no port of its own to open again, it keeps nothing; yet it has port 323.
    plain = net.timed("plain", space, "port 0", user=ACCOUNT)
    check_status(plain, 0)
    assert is_bound(space, 323), "command port is not bound"
    directory, mode = owner(os.path.dirname(net.timed_socket("plain")))
    assert directory == ACCOUNT and mode & ~0o770 == 0, (directory, oct(mode))
    assert owner(net.timed_socket("plain"))[0] == ACCOUNT
    assert plain.stop() == 0
    assert os.listdir(os.path.dirname(net.timed_socket("plain"))) == [], "socket or pid file is left"

    high = net.timed("high", space, "port 12345\nallow", user=ACCOUNT)
    check_status(high, 0)
    assert is_bound(space, 12345)
    assert high.stop() == 0

    low = net.timed("low", space, "allow\nserver 127.0.0.1", user=ACCOUNT)
    check_status(low, BIND_LOW_PORT)
    assert is_bound(space, 123)
    lab.wait_until(lambda: "1 sources online" in net.timedc("low", space, "activity"), 10, "the source is there")
    assert low.stop() == 0

    # Requests of initstepslew, and those after it, leave from a port that was opened as root before either.
    net.timed("asked", space, "local\nallow\ncmdport 0")
    asks = net.timed("asks", space, "server 127.0.0.1 iburst\nport 0\nacquisitionport 900\n"
                     "cmdport 0\ninitstepslew 30 127.0.0.1", user=ACCOUNT)
    check_status(asks, BIND_LOW_PORT)
    asks.wait_for_log("Selected source 127.0.0.1")
    assert is_bound(space, 900)
    assert "Permission denied" not in asks.log(), asks.log()
    assert asks.stop() == 0

    # The account may also come from the configuration.
    named = net.start("named", space.command(lab.timed(), "-d", "-x", "-f",
                                             net.timed_configuration("named", f"user {ACCOUNT}\ncmdport 0\nport 0")))
    lab.wait_until(lambda: os.path.exists(net.timed_socket("named")), 15, "command socket")
    check_status(named, 0)


if __name__ == "__main__":
    lab.main(test)
