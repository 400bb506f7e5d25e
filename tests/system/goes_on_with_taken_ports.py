"""Where ports of NTP, of NTS keys or of commands are taken, or the command socket cannot be, timed says so and goes on; each
port is its own as soon as it is free.  One that it has no right to is tried again where the operator asks for it."""

import os
import socket

import certificates
import lab
import tells_the_service_manager


WITHOUT = ["setpriv", "--bounding-set", "-net_bind_service"]


def listener(space, address):
    with space.entered():
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.bind(address)
    made.listen()
    return made


def serves_when_it_can(net, space, identity):
    """With its threads, as an account without privileges and under the filter; the service manager knows of both."""
    manager = tells_the_service_manager.Manager(net, "late")
    certificate, key = identity
    text = f"local stratum 4\nallow 0/0\nserverthreads 1\nntsservercert {certificate}\nntsserverkey {key}"
    with space.udp_socket(bind=("0.0.0.0", 123)), space.udp_socket(bind=("127.0.0.1", 323)), \
            listener(space, ("0.0.0.0", 4460)):
        daemon = tells_the_service_manager.start(net, space, "late", text, manager)
        daemon.wait_for_log("Could not open NTP sockets")
        manager.wait_for("STATUS=Local reference, stratum 4, NTP port not open, NTS port not open")
    daemon.wait_for_log("Opened NTP socket on 0.0.0.0:123")
    daemon.wait_for_log("Opened NTS-KE socket on 0.0.0.0:4460")
    daemon.wait_for_log("Opened command socket on 127.0.0.1:323")
    manager.wait_for("STATUS=Local reference, stratum 4, serving")
    space.tcp_connection(("127.0.0.1", 4460)).close()
    assert "Stratum         : 4" in space.run(lab.timedc(), "-n", "-h", "127.0.0.1", "tracking").stdout
    measured = space.run(lab.timed(), "-Q", "-t", "10", "server 127.0.0.1 iburst maxsamples 1", "user root", check=False)
    assert measured.returncode == 0, measured
    # The second family, which was not asked for, is neither missed nor tried.
    for name in ("NTP socket", "NTS-KE socket", "command socket"):
        assert daemon.log().count(f"Opened {name} on") == daemon.log().count(f"Could not open {name} on") == 1, daemon.log()
    assert daemon.stop() == 0


def commands_of_a_client(net, space):
    """That serves nobody: the right to open low ports is kept for the command port alone, where that was taken."""
    with space.udp_socket(bind=("127.0.0.1", 323)):
        daemon = net.timed("client", space, "port 0\nserver 127.0.0.1", user="nobody")
        daemon.wait_for_log("Could not open command socket on 127.0.0.1:323 : ")
    daemon.wait_for_log("Opened command socket on 127.0.0.1:323")
    assert daemon.stop() == 0


def forbidden_ports(net, space, identity):
    """Without the right to open low ports: each is told once, and tried again only where the operator asks for it."""
    manager = tells_the_service_manager.Manager(net, "forbidden")
    certificate, key = identity
    text = f"local stratum 4\nallow 0/0\nntsservercert {certificate}\nntsserverkey {key}\nntsport 460"
    daemon = tells_the_service_manager.start(net, space, "forbidden", text, manager, prefix=WITHOUT)
    refused = [f"Could not open {name} : Permission denied" for name in
               ("NTP socket on 0.0.0.0:123", "NTS-KE socket on 0.0.0.0:460", "command socket on 127.0.0.1:323")]
    for line in refused:
        daemon.wait_for_log(line)
    net.timedc("forbidden", space, "allow", "127/8")
    manager.wait_for("STATUS=Local reference, stratum 4, NTP port not open, NTS port not open")
    space.run("sysctl", "-qw", "net.ipv4.ip_unprivileged_port_start=0")
    net.timedc("forbidden", space, "allow", "127/8")
    daemon.wait_for_log("Opened NTP socket on 0.0.0.0:123")
    daemon.wait_for_log("Opened NTS-KE socket on 0.0.0.0:460")
    manager.wait_for("STATUS=Local reference, stratum 4, serving")
    space.run("sysctl", "-qw", "net.ipv4.ip_unprivileged_port_start=1024")
    for line in refused:
        assert daemon.log().count(line) == 1, daemon.log()
    assert daemon.stop() == 0


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

    identity = certificates.Authority(net).sign("server", ["IP:127.0.0.1"])
    serves_when_it_can(net, space, identity)
    commands_of_a_client(net, space)
    forbidden_ports(net, space, identity)

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
