"""Where the NTP port or the command port is taken, or the command socket cannot be, timed says so and goes on."""

import os

import lab


def test(net):
    space = net.namespace("alone")
    with space.udp_socket(bind=("0.0.0.0", 123)), space.udp_socket(bind=("127.0.0.1", 323)):
        daemon = net.timed("busy", space, "local stratum 4\nallow 0/0")
        daemon.wait_for_log("Could not open NTP socket on 0.0.0.0:123 : ")
        daemon.wait_for_log("Could not open NTP sockets")
        daemon.wait_for_log("Could not open command socket on 127.0.0.1:323 : ")
        assert "Address already in use" in daemon.log()
        assert "Stratum         : 4" in net.timedc("busy", space, "tracking")
        assert "Fatal" not in daemon.log()
        assert daemon.stop() == 0

    # A directory that others can write to is no place for a socket.
    os.mkdir(net.path("run-open"))
    os.chmod(net.path("run-open"), 0o777)
    unsafe = net.start("open", space.command(lab.timed(), "-d", "-x", "-u", "root", "-f",
                                             net.timed_configuration("open", "")))
    unsafe.wait_for_log(f"Wrong permissions on {net.path('run-open')}")
    unsafe.wait_for_log(f"Disabled command socket {net.timed_socket('open')}")
    lab.wait_until(lambda: "Reference ID" in space.run(lab.timedc(), "-n", "-h", "127.0.0.1", "tracking",
                                                       check=False).stdout, 15, "an answer over UDP")
    assert not os.path.exists(net.timed_socket("open"))
    assert unsafe.stop() == 0

    # A file in the socket's place is somebody's.
    os.mkdir(net.path("run-file"), 0o770)
    net.write("run-file/timed.sock", "precious")
    blocked = net.timed("file", space, "")
    blocked.wait_for_log(f"Disabled command socket {net.timed_socket('file')}")
    assert lab.read_text(net.timed_socket("file")) == "precious"
    assert blocked.stop() == 0
    assert lab.read_text(net.timed_socket("file")) == "precious"


if __name__ == "__main__":
    lab.main(test)
