"""-N: a newline on the descriptor and its end when the daemon is ready, not before; a descriptor that is none ends it.
-P and -m: the daemon is a real-time process and locked into memory."""

import os
import select

import lab


def start(net, space, label, text, *options, descriptor=None):
    configuration = net.timed_configuration(label, text)
    words = [lab.timed(), "-d", "-x", "-u", "root", *options, "-f", configuration]
    if descriptor is not None:
        # Under a number that is known, in a program that passes it on.
        words = ["sh", "-c", f'exec 7>"{descriptor}"; exec "$@"', "sh", *words]
    return net.start(label, space.command(*words))


def test(net):
    space = net.namespace("alone")
    fifo = net.path("fifo")
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    # A server that does not answer holds the start up: seven requests of a burst.
    daemon = start(net, space, "waits", "port 0\ncmdport 0\ninitstepslew 10 127.0.0.1", "-N", "7", descriptor=fifo)
    daemon.wait_for_log("starting")
    assert not select.select([reader], [], [], 1.5)[0], "told before it is ready"
    assert select.select([reader], [], [], 30)[0], daemon.log()
    assert "No suitable source for initstepslew" in daemon.log()
    assert os.read(reader, 10) == b"\n"
    assert select.select([reader], [], [], 10)[0] and os.read(reader, 10) == b"", "the descriptor is still open"
    os.close(reader)
    assert daemon.stop() == 0

    daemon = start(net, space, "wrong", "port 0\ncmdport 0", "-N", "55")
    assert daemon.wait(15) == 1
    assert "Fatal error : Could not send notification requested by -N option" in daemon.log(), daemon.log()

    daemon = net.timed("urgent", space, "port 0\ncmdport 0", "-P", "5", "-m")
    status = lab.process_status(daemon.pid)
    if "Could not set real-time priority" not in daemon.log():
        assert os.sched_getscheduler(daemon.pid) & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO
        assert os.sched_getparam(daemon.pid).sched_priority == 5
    if "Could not lock memory" not in daemon.log():
        assert status["VmLck"] != "0 kB", status["VmLck"]
    assert "Reference ID" in net.timedc("urgent", space, "tracking")
    assert daemon.stop() == 0


if __name__ == "__main__":
    lab.main(test)
