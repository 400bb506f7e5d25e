"""The whole daemon really steers the kernel: with a drift file one ppm beside the frequency in force the kernel follows
by one ppm.  Afterwards everything is as it was, whatever happens.  There is no source, so nothing is ever stepped."""

import os

import lab
from lab import KernelClock

SYS_TIME = 1 << 25
STATUS_UNSYNC = 0x40
LARGEST_PPM = 490


def test(net):
    space = net.namespace("alone")
    with KernelClock.kept(net):
        before = KernelClock.frequency_ppm()
        change = 1.0 if before < LARGEST_PPM else -1.0
        os.mkdir(net.path("state"))
        os.chmod(net.path("state"), 0o777)
        # The file says how fast the oscillator is: the clock is made to run by as much slower.
        drift = net.write("state/drift", f"{-(before + change):20.6f} {1.0:20.6f}\n")
        # A call that the filter refused would end it.
        options = ["-F", "-1"] if lab.has_filter() else []
        daemon = net.timed("steering", space, f"driftfile {drift}\ncmdport 0\nport 0", *options, user="nobody",
                           steer=True)
        daemon.wait_for_log(f"+/- 1.000 ppm read from {drift}")
        assert "Disabled control" not in daemon.log()
        status = lab.process_status(daemon.pid)
        assert int(status["CapPrm"], 16) == int(status["CapEff"], 16) == SYS_TIME, status["CapPrm"]
        lab.wait_until(lambda: abs(KernelClock.frequency_ppm() - before - change) < 0.01, 10,
                       f"the kernel follows from {before:.3f} ppm by {change} ppm")
        state = KernelClock.read()
        assert state.status & STATUS_UNSYNC, "the kernel was told that it is synchronised"
        frequency = next(line for line in net.timedc("steering", space, "tracking").splitlines()
                         if line.startswith("Frequency"))
        # In this report what the clock would gain without us: fast or slow, without a sign.
        assert abs(float(frequency.split()[2]) - abs(before + change)) < 0.01, frequency
        assert daemon.stop() == 0
        # The frequency stays in force, and is saved.
        assert abs(KernelClock.frequency_ppm() - before - change) < 0.01
        saved = float(lab.read_text(drift).split()[0])
        assert abs(saved + before + change) < 0.01, lab.read_text(drift)
    assert abs(KernelClock.frequency_ppm() - before) < 1e-6, "not restored"


if __name__ == "__main__":
    lab.main(test)
