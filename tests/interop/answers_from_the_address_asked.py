"""With several addresses on one interface the answer comes from the one that was asked, whatever the kernel would
choose; over IPv4 and IPv6."""

import socket

import lab
import ntp_request


def test(net):
    server, client = net.namespace("server"), net.namespace("client")
    addresses = {socket.AF_INET: ["10.99.0.1", "10.99.0.51", "10.99.0.52"],
                 socket.AF_INET6: ["fd00:99::1", "fd00:99::51", "fd00:99::52"]}
    net.link(server, client, [f"{a}/24" for a in addresses[socket.AF_INET]] +
             [f"{a}/64" for a in addresses[socket.AF_INET6]], ["10.99.0.2/24", "fd00:99::2/64"])
    net.timed("server", server, "local\nallow")
    for family, asked in addresses.items():
        for address in asked * 2:
            with client.udp_socket(family) as sock:
                # Not connected: an answer from elsewhere is seen.
                answers = (ntp_request.ask(sock, (address, 123), ntp_request.request()) for _ in range(3))
                answer = next((found for found in answers if found), None)
                assert answer, f"no answer from {address}"
                assert answer.sender == address, f"asked {address}, answered by {answer.sender}"


if __name__ == "__main__":
    lab.main(test)
