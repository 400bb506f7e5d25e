"""systemd-timesyncd takes timed for its server.

It has no switch against steering, so it runs under an account number of its own and without any capability: what it
would do to the clock is refused by the kernel.  It reads and writes below /etc, /run and /var: in its mount namespace
these are directories of the test's.
"""

import os

import lab

ACCOUNT = "64321"
# Everything happens inside a new mount namespace; setpriv comes last, so that nothing can be mounted any more.
SCRIPT = """
set -e
mount --make-rprivate /
mkdir -p /var/lib/systemd
mount --bind "$1/etc" /etc/systemd
mount --bind "$1/run" /run
mount --bind "$1/lib" /var/lib/systemd
exec setpriv --reuid {account} --regid {account} --clear-groups --bounding-set -all --inh-caps -all --no-new-privs "$2"
"""


def require_directories():
    for path in ("/etc/systemd", "/var/lib/systemd"):
        if not os.path.isdir(path):
            raise lab.Skip(f"{path} is absent, so that nothing can be mounted there")


def test(net):
    require_directories()
    server, client = net.pair()
    net.timed("server", server, "local stratum 2\nallow 10.99.0.0/24")
    timesyncd = lab.peer("lib/systemd/systemd-timesyncd")
    for name in ("etc", "run/systemd/timesync", "lib/timesync"):
        os.makedirs(net.path("timesyncd", name))
    for name in ("run/systemd/timesync", "lib/timesync"):
        os.chown(net.path("timesyncd", name), int(ACCOUNT), int(ACCOUNT))
    net.write("timesyncd/etc/timesyncd.conf", "[Time]\nNTP=10.99.0.1\nFallbackNTP=\n")
    environment = dict(lab.peer_environment(), SYSTEMD_LOG_LEVEL="debug", SYSTEMD_LOG_TARGET="console")
    daemon = net.start("timesyncd", client.command("unshare", "--mount", "sh", "-c", SCRIPT.format(account=ACCOUNT),
                                                   "sh", net.path("timesyncd"), timesyncd), environment)
    daemon.wait_for_log("Contacted time server 10.99.0.1", 30)
    status = lab.process_status(daemon.pid)
    assert status["Uid"].split()[0] == ACCOUNT and int(status["CapBnd"], 16) == 0, status


if __name__ == "__main__":
    lab.main(test)
