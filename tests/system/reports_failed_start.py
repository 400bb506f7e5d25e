"""Put into the background, a timed that cannot start says why on standard error and its parent ends with 1; the pid
file of another one that runs is such a reason."""

import os

import lab


def failing(net, space, text, *options):
    log = net.path("failing.log")
    configuration = net.timed_configuration("failing", text)
    done = space.run(lab.timed(), "-x", "-l", log, *options, "-f", configuration, check=False)
    assert done.returncode == 1, done
    return done.stderr.strip()


def test(net):
    space = net.namespace("alone")
    message = failing(net, space, "user no-such-account")
    assert message == "Could not get user/group ID of no-such-account", message
    assert "Fatal error : Could not get user/group ID" in lab.read_text(net.path("failing.log"))

    first = net.timed("first", space, "cmdport 0")
    pid_file = os.path.join(os.path.dirname(net.timed_socket("first")), "timed.pid")
    assert lab.read_text(pid_file) == f"{first.pid}\n"
    second = net.write("second.conf",
                       f"pidfile {pid_file}\ncmdport 0\nbindcmdaddress {net.path('second', 'timed.sock')}\n")
    wanted = f"Another timed may already be running (pid={first.pid}), check {pid_file}"
    done = space.run(lab.timed(), "-x", "-u", "root", "-l", net.path("second.log"), "-f", second, check=False)
    assert done.returncode == 1 and done.stderr.strip() == wanted, done
    done = space.run(lab.timed(), "-d", "-x", "-u", "root", "-f", second, check=False)
    assert done.returncode == 1 and done.stderr.endswith(f"Fatal error : {wanted}\n"), done
    assert first.alive() and lab.read_text(pid_file) == f"{first.pid}\n", "the first one was disturbed"
    assert not os.path.exists(net.path("second")), "the second one has left a directory"

    # What a crash has left is in nobody's way.
    first.kill()
    assert os.path.exists(pid_file)
    again = net.start("again", space.command(lab.timed(), "-d", "-x", "-u", "root", "-f", net.path("first.conf")))
    lab.wait_until(lambda: lab.read_text(pid_file) == f"{again.pid}\n", 15, "pid file of the next one")
    lab.wait_until(lambda: "Reference ID" in net.timedc("first", space, "tracking", check=False), 15, "an answer")


if __name__ == "__main__":
    lab.main(test)
