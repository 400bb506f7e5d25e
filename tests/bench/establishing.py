"""What key establishment costs: timed beside `openssl s_server` with the same certificate and the same client, and what
NTP clients feel of it while the workers have all they can do.

    establishing.py [rounds=5] [handshakes=400] [seconds=3] [parts=handshakes,latency] | smoke

Processor time is that of the server's process, with all its threads; what is compared was measured in turn.
"""

import os
import socket
import ssl
import statistics
import subprocess
import sys
import time

import authority
import lab
import ntp_request

REQUEST = bytes.fromhex("80010002000080040002000f80000000")
NAME = "ntp.example"
OPTIONS = {"rounds": 5, "handshakes": 400, "seconds": 3.0, "parts": "handshakes,latency"}
SMOKE = {"rounds": 1, "handshakes": 10, "seconds": 0.3, "parts": "handshakes,latency"}
LEAST_HANDSHAKES, MOST_LATENCY = 0.8, 1.2
PROCESSES, LOADERS = 2, 4
NTP_INTERVAL = 0.002
# At the end of its input s_server closes each connection after the handshake, before the request.
UNENDING_INPUT = ("sh", "-c", 'mkfifo "$0" && exec "$@" <>"$0"')


def cpu_seconds(pid):
    return time.clock_gettime((~pid << 3) | 2)  # clock_getcpuclockid


def context(certificate):
    made = ssl.create_default_context(cafile=certificate)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.set_alpn_protocols(["ntske/1"])
    return made


def establish(tls, address):
    """One handshake with the request behind it, and the end from both sides; answers the octets that came back."""
    with socket.create_connection(address, timeout=10) as plain:
        # Or the request waits for the server's kernel to acknowledge the handshake: timed has it do so at once, s_server
        # has not, and whoever sleeps for 40 ms finds the caches cold.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with tls.wrap_socket(plain, server_hostname=NAME) as secure:
            secure.sendall(REQUEST)
            got = 0
            try:
                plain_again = None
                if address[1] != 4460:
                    plain_again = secure.unwrap()
                while plain_again is None and (part := secure.recv(4096)):
                    got += len(part)
            except (ssl.SSLError, OSError):
                pass
            return got


def measure(tls, server, address, count):
    """Processor seconds of the server for a handshake."""
    establish(tls, address)
    begin = cpu_seconds(server.pid)
    for _ in range(count):
        got = establish(tls, address)
        assert address[1] != 4460 or got > 800, f"{got} octets are no keys"
    return (cpu_seconds(server.pid) - begin) / count


def handshakes(net, space, ours, options):
    """By kind of key: the times of both servers, in µs."""
    tls = context(ours.certificate)
    found = {}
    for number, kind in enumerate(("ec", "rsa")):
        certificate, key = ours.sign(f"bench-{kind}", f"DNS:{NAME}", kind=kind)
        port = 5560 + number
        theirs = net.start(f"s_server-{kind}", space.command(
            *UNENDING_INPUT, net.path(f"input-{kind}"),
            # As the workers of timed: who is interrupted by everybody finds the caches cold.
            "nice", "-n", "19", "openssl", "s_server", "-accept", str(port), "-cert", certificate, "-key", key,
            "-alpn", "ntske/1", "-tls1_3", "-num_tickets", "0", "-no_cache", "-quiet"))
        timed = net.timed(f"timed-{kind}", space, f"allow\nlocal\ncmdport 0\nntsservercert {certificate}\n"
                                                  f"ntsserverkey {key}\nserverthreads 0\n")
        lab.wait_until(lambda p=port: f":{p}" in space.run("ss", "-Hltn").stdout, 10, "s_server listens")
        times = {"timed": [], "s_server": []}
        with space.entered():
            for _ in range(options["rounds"]):
                times["timed"].append(measure(tls, timed, ("127.0.0.1", 4460), options["handshakes"]))
                times["s_server"].append(measure(tls, theirs, ("127.0.0.1", port), options["handshakes"]))
        theirs.kill()
        timed.stop()
        found[kind] = times
    return found


def latencies(space, seconds):
    """Of NTP answers, in s, sorted."""
    found = []
    with space.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.settimeout(1)
        ear.connect(("127.0.0.1", 123))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            begin = time.perf_counter()
            ear.send(ntp_request.request())
            ear.recv(256)
            found.append(time.perf_counter() - begin)
            time.sleep(NTP_INTERVAL)
    return sorted(found)


def in_background(space, count, code, *words):
    """Processes of the lowest priority that run that code until they are killed."""
    with space.entered():
        return [subprocess.Popen(["nice", "-n", "19", sys.executable, "-c", code, *words]) for _ in range(count)]


def end(processes):
    for one in processes:
        one.kill()
    for one in processes:
        one.wait()


LOAD = """
import sys
import establishing
tls = establishing.context(sys.argv[1])
while True:
    try:
        establishing.establish(tls, ("127.0.0.1", 4460))
    except OSError:
        pass
"""


def saturated(net, space, ours, options):
    """Latencies under key establishment and beside busy processes in its place, by round."""
    certificate, key = ours.sign("busy", f"DNS:{NAME}", kind="rsa")
    timed = net.timed("timed-busy", space, f"allow\nlocal\ncmdport 0\nntsservercert {certificate}\nntsserverkey {key}\n"
                                           f"ntsprocesses {PROCESSES}\nserverthreads 0\n")
    rounds = []
    for _ in range(options["rounds"]):
        load = in_background(space, LOADERS, LOAD, ours.certificate)
        time.sleep(0.5)
        begin, started = cpu_seconds(timed.pid), time.monotonic()
        under = latencies(space, options["seconds"])
        share = (cpu_seconds(timed.pid) - begin) / (time.monotonic() - started)
        end(load)
        busy = in_background(space, PROCESSES + LOADERS, "while True: pass")
        time.sleep(0.5)
        beside = latencies(space, options["seconds"])
        end(busy)
        rounds.append((under, beside, share))
    timed.stop()
    return rounds


def at(values, part):
    return values[min(len(values) - 1, int(len(values) * part))]


def print_handshakes(found):
    """Answers which goals were missed."""
    print("### Handshakes, µs of processor time each\n\n| key | timed | s_server | handshakes of timed / s_server |\n"
          "|---|---|---|---|")
    missed = []
    for kind, times in found.items():
        one, other = (statistics.median(times[name]) * 1e6 for name in ("timed", "s_server"))
        ratio = statistics.median(b / a for a, b in zip(times["timed"], times["s_server"]))
        print(f"| {kind} | {one:.0f} | {other:.0f} | {ratio:.2f} |", flush=True)
        if ratio < LEAST_HANDSHAKES:
            missed.append(f"{kind}: {ratio:.2f} of s_server's handshakes")
    return missed


def print_latencies(rounds):
    print("\n### NTP answers while keys are established, µs\n\n| | keys | busy processes | ratio |\n|---|---|---|---|")
    missed = []
    for label, part in (("median", 0.5), ("99 %", 0.99)):
        under, beside = (statistics.median(at(r[i], part) for r in rounds) * 1e6 for i in (0, 1))
        ratio = statistics.median(at(r[0], part) / at(r[1], part) for r in rounds)
        print(f"| {label} | {under:.0f} | {beside:.0f} | {ratio:.2f} |")
        if ratio > MOST_LATENCY:
            missed.append(f"{label} of the latency: {ratio:.2f}")
    print(f"\nprocessors in the server: {statistics.median(r[2] for r in rounds):.2f}")
    return missed


def test(net, options=None):
    options = options or OPTIONS
    lab.require_tools("openssl", "nice")
    space = net.namespace("bench")
    ours = authority.Authority(net)
    missed = []
    if "handshakes" in options["parts"]:
        missed += print_handshakes(handshakes(net, space, ours, options))
    if "latency" in options["parts"]:
        missed += print_latencies(saturated(net, space, ours, options))
    for one in missed:
        print(f"- MISSED {one}")


def main():
    words = sys.argv[1:]
    options = dict(SMOKE if words == ["smoke"] else OPTIONS)
    for word in words:
        name, _, value = word.partition("=")
        if value:
            options[name] = type(options[name])(value)
    # Loaders import this file.
    os.environ["PYTHONPATH"] = os.pathsep.join([os.path.dirname(os.path.abspath(__file__)),
                                                os.environ.get("PYTHONPATH", "")])
    lab.main(lambda net: test(net, options))


if __name__ == "__main__":
    main()
