"""-Q measures the clock against a server, without privileges and without a trace; -q with -x reports the step that it
may not make, and fails where it might but cannot; without a server both fail; -t ends a daemon, with the status of its
clock."""

import os
import subprocess
import time

import lab

OTHER_ACCOUNT = "64322"
SERVER = "server 127.0.0.1 iburst"


def test(net):
    space = net.namespace("alone")
    net.timed("server", space, "local stratum 1\nallow\ncmdport 0")

    other = ["setpriv", "--reuid", OTHER_ACCOUNT, "--regid", OTHER_ACCOUNT, "--clear-groups"]
    begin = time.monotonic()
    done = space.run(*other, lab.timed(), "-Q", "-t", "25", SERVER)
    assert "System clock wrong by " in done.stderr and " seconds (ignored)" in done.stderr, done
    assert done.stderr.endswith("timed exiting\n") and done.stdout == "", done
    assert "Selected source" not in done.stderr and "Could not" not in done.stderr, done
    assert time.monotonic() - begin < 25
    offset = float(done.stderr.split("wrong by ")[1].split()[0])
    assert abs(offset) < 0.1, done

    done = space.run(lab.timed(), "-q", "-x", "-U", "port 0", "cmdport 0", "bindcmdaddress /", "pidfile /", "user root",
                     SERVER + " maxsamples 1")
    assert " seconds (step)" in done.stderr and "Could not step system clock" in done.stderr, done

    # Nobody who sets another clock by this one is to believe that it was set.
    done = space.run("setpriv", "--bounding-set", "-sys_time", lab.timed(), "-q", "port 0", "cmdport 0", "bindcmdaddress /",
                     "pidfile /", "user root", SERVER + " maxsamples 1", check=False)
    assert done.returncode == 1 and "Could not step system clock" in done.stderr, done

    for directives in ([], ["server 127.0.0.1 port 9 iburst maxsamples 1"]):
        done = space.run(lab.timed(), "-Q", "-t", "28", *directives, "user root", check=False)
        assert done.returncode == 1 and "No suitable source for synchronisation" in done.stderr, done

    # A daemon that runs for a while.
    text = "port 0\ncmdport 0\n"
    for label, source, status in (("some", "server 127.0.0.1 iburst maxsamples 1\n", 0), ("none", "", 1)):
        daemon = net.timed(label, space, text + source, "-t", "3")
        assert daemon.wait(20) == status, daemon.log()
        assert "Timeout reached" in daemon.log() and daemon.log().endswith("timed exiting\n"), daemon.log()
        assert os.listdir(os.path.dirname(net.timed_socket(label))) == [], "something is left"

    for word, message in (("-P100", "Bad scheduler priority: 100"), ("-tx", "Invalid argument x"),
                          ("-F3", "Unsupported filter level: 3")):
        done = subprocess.run([lab.timed(), word], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                              check=False)
        assert done.returncode == 1 and message in done.stderr, done


if __name__ == "__main__":
    lab.main(test)
