"""A timed that puts itself into the background: its parent ends with 0 when it is ready; a hangup makes it open its log
anew; SIGTERM ends it within a second, with the drift saved and pid file and socket removed; so do
the other signals that end a program."""

import os
import signal
import time

import lab


def test(net):
    space = net.namespace("alone")
    state = net.path("state")
    os.mkdir(state)
    os.chmod(state, 0o777)
    log, drift = os.path.join(state, "timed.log"), os.path.join(state, "drift")
    configuration = net.timed_configuration("back", f"local\nallow\ndriftfile {drift}")
    socket, pid_file = net.timed_socket("back"), os.path.join(os.path.dirname(net.timed_socket("back")), "timed.pid")

    started = space.run(lab.timed(), "-x", "-u", "nobody", "-l", log, "-f", configuration)
    # Ready means ready: no waiting from here on.
    pid = int(lab.read_text(pid_file))
    net.adopt(pid)
    assert started.stdout + started.stderr == "", started
    assert os.path.exists(socket) and "Reference ID" in net.timedc("back", space, "tracking")
    status = lab.process_status(pid)
    assert status["PPid"] != str(os.getpid()) and os.readlink(f"/proc/{pid}/cwd") == "/"
    assert all(os.readlink(f"/proc/{pid}/fd/{number}") == "/dev/null" for number in range(3))

    os.rename(log, log + ".1")
    os.kill(pid, signal.SIGHUP)
    # The log has one more line at the end: it must come into a file of the old name again.
    lab.wait_until(lambda: os.path.exists(log), 10, "log is opened anew")
    assert lab.process_start(pid), "a hangup has ended it"
    assert "Reference ID" in net.timedc("back", space, "tracking")

    began = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    lab.wait_until(lambda: not lab.process_start(pid), 10, "end after SIGTERM")
    took = time.monotonic() - began
    assert took < 1, f"the end took {took:.1f} s"
    assert lab.read_text(log).endswith("timed exiting\n"), lab.read_text(log)
    assert "starting" in lab.read_text(log + ".1") and "exiting" not in lab.read_text(log + ".1")
    assert not os.path.exists(pid_file) and not os.path.exists(socket)
    numbers = lab.read_text(drift).split()
    assert len(numbers) == 2 and all(float(number) > -500 for number in numbers), numbers

    # In the foreground an interrupt from the keyboard ends it as cleanly.
    for number in (signal.SIGINT, signal.SIGQUIT):
        daemon = net.timed("front", space, "cmdport 0")
        assert daemon.stop(number) == 0
        assert daemon.log().endswith("timed exiting\n"), daemon.log()
        assert os.listdir(os.path.dirname(net.timed_socket("front"))) == []


if __name__ == "__main__":
    lab.main(test)
