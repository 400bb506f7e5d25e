"""ntpsigndsocket: requests of Windows machines are signed by Samba's ntp_signd (a straw here) and by nobody else, with
serving threads too; without Samba they are not answered, which is told once."""

import hashlib
import os
import socket
import struct
import threading

import lab
import ntp_request

ACCOUNT = 0x1f4


def code_of(packet, account):
    return hashlib.md5(b"secret of %d" % account + packet).digest()


class Samba(threading.Thread):
    """Signs everything, one question after the other."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        os.chmod(path, 0o777)
        self.listener.listen(4)
        self.wrong = []
        self.signed = 0

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.serve(connection)

    def serve(self, connection):
        while question := connection.recv(68, socket.MSG_WAITALL):
            length, version, operation, number, pad, account = struct.unpack("!IIIHHI", question[:20])
            if (len(question), length, version, operation, pad) != (68, 64, 0, 0, 0):
                self.wrong.append(question)
                return
            packet = question[20:]
            signed = packet + struct.pack("!I", account) + code_of(packet, account)
            connection.sendall(struct.pack("!IIII", 12 + len(signed), 0, 3, number) + signed)
            self.signed += 1


def windows_request(account=ACCOUNT, version=3, code=bytes(16)):
    return ntp_request.request(version) + struct.pack("!I", account) + code


def ask(sock, datagram, seconds=2.0):
    sock.settimeout(seconds)
    sock.sendto(datagram, ("10.99.0.1", 123))
    try:
        return sock.recvfrom(2048)[0]
    except TimeoutError:
        return None


def check_signed(sock):
    for account in (ACCOUNT, 7, 0xfffffffe):
        datagram = windows_request(account)
        answer = ask(sock, datagram)
        assert answer is not None and len(answer) == 68, answer
        assert answer[24:32] == datagram[40:48] and answer[0] & 7 == ntp_request.SERVER
        assert answer[48:52] == struct.pack("!I", account)
        assert answer[52:] == code_of(answer[:48], account)
        assert answer[40:48] != bytes(8), "signed before its time was put in"


def test(net):
    server, client = net.pair()
    directory = net.path("ntp_signd")
    os.mkdir(directory)
    os.chmod(directory, 0o777)
    daemon = net.timed("samba", server, f"local\nallow\nntpsigndsocket {directory}", user="nobody")
    daemon.wait_for_log("MS-SNTP authentication enabled")
    sock = client.udp_socket()
    assert ask(sock, ntp_request.request(3)) is not None
    for _ in range(3):
        assert ask(sock, windows_request(), 0.2) is None
    assert daemon.log().count("Could not connect to signd socket") == 1, daemon.log()

    samba = Samba(os.path.join(directory, "socket"))
    samba.start()
    check_signed(sock)
    lab.wait_until(lambda: samba.signed == 3, 5, "three questions of Samba's")
    for wrong in (windows_request(0), windows_request(version=4), windows_request(code=bytes(15) + b"x"),
                  windows_request() + bytes(52)):
        assert ask(sock, wrong, 0.2) is None, wrong
    assert samba.signed == 3 and not samba.wrong, samba.wrong
    assert daemon.stop() == 0

    threads = net.timed("threads", server, f"local\nallow\nserverthreads 2\nntpsigndsocket {directory}", user="nobody")
    check_signed(sock)
    assert threads.stop() == 0

    without = net.timed("without", server, "local\nallow", user="nobody")
    assert ask(sock, windows_request(), 0.2) is None
    assert without.stop() == 0
    sock.close()
    samba.listener.close()


if __name__ == "__main__":
    lab.require_root()
    lab.main(test)
