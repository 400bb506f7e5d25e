"""Without CAP_SYS_TIME timed says so and runs as with -x: it is synchronised and serves, and leaves the clock alone."""

import lab

WITHOUT = ["setpriv", "--bounding-set", "-sys_time"]
SYS_TIME = 1 << 25


def test(net):
    server, client = net.pair()
    probe = client.run(*WITHOUT, "cat", "/proc/self/status").stdout
    effective = next(line.split()[1] for line in probe.splitlines() if line.startswith("CapEff"))
    # Only where it cannot steer may it run without -x here.
    assert int(effective, 16) & SYS_TIME == 0, "setpriv has left CAP_SYS_TIME"

    net.timed("server", server, "local stratum 2\nallow")
    daemon = net.timed("client", client, "server 10.99.0.1 iburst\nallow", user="nobody", steer=True, prefix=WITHOUT)
    daemon.wait_for_log("CAP_SYS_TIME not present")
    daemon.wait_for_log("Disabled control of system clock")
    assert int(lab.process_status(daemon.pid)["CapPrm"], 16) & SYS_TIME == 0
    daemon.wait_for_log("Selected source 10.99.0.1")
    lab.wait_until(lambda: "Stratum         : 3" in net.timedc("client", client, "tracking"), 10, "synchronisation")
    assert daemon.stop() == 0


if __name__ == "__main__":
    lab.main(test)
