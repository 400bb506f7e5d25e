"""What key establishment costs: timed beside `openssl s_server` with the same certificate and the same client, and what
NTP clients feel of it while the workers have all they can do: beside the same clients served by s_server of the same
priority, and beside processes that only compute.  Clients that sleep and wake disturb more than those, whoever serves
them: the kernel gives who has slept what it is owed in one piece, whatever its priority.

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


def s_server(net, space, port, certificate, key):
    """Of the priority of timed's workers: who is interrupted by everybody finds the caches cold."""
    started = net.start(f"s_server-{port}", space.command(
        *UNENDING_INPUT, net.path(f"input-{port}"), "nice", "-n", "19", "openssl", "s_server", "-accept", str(port),
        "-cert", certificate, "-key", key, "-alpn", "ntske/1", "-tls1_3", "-num_tickets", "0", "-no_cache", "-quiet"))
    lab.wait_until(lambda: f":{port}" in space.run("ss", "-Hltn").stdout, 10, "s_server listens")
    return started


def handshakes(net, space, ours, options):
    """By kind of key: the times of both servers, in µs."""
    tls = context(ours.certificate)
    found = {}
    for number, kind in enumerate(("ec", "rsa")):
        certificate, key = ours.sign(f"bench-{kind}", f"DNS:{NAME}", kind=kind)
        port = 5560 + number
        theirs = s_server(net, space, port, certificate, key)
        timed = net.timed(f"timed-{kind}", space, f"allow\nlocal\ncmdport 0\nntsservercert {certificate}\n"
                                                  f"ntsserverkey {key}\nserverthreads 0\n")
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
        establishing.establish(tls, ("127.0.0.1", int(sys.argv[2])))
    except OSError:
        pass
"""


def loaders(space, ours, ports):
    """Clients that ask these servers for keys without a pause."""
    return [one for i in range(LOADERS) for one in in_background(space, 1, LOAD, ours.certificate,
                                                                 str(ports[i % len(ports)]))]


def saturated(net, space, ours, options):
    """By round: latencies under key establishment, under that of s_server, beside processes that only compute, and the
    processors that timed took of the first."""
    certificate, key = ours.sign("busy", f"DNS:{NAME}", kind="rsa")
    timed = net.timed("timed-busy", space, f"allow\nlocal\ncmdport 0\nntsservercert {certificate}\nntsserverkey {key}\n"
                                           f"ntsprocesses {PROCESSES}\nserverthreads 0\n")
    ports = [5570 + i for i in range(PROCESSES)]
    theirs = [s_server(net, space, port, certificate, key) for port in ports]
    disturbers = (lambda: loaders(space, ours, [4460]), lambda: loaders(space, ours, ports),
                  # As many as want to run at once: of a client and its server one waits for the other.
                  lambda: in_background(space, LOADERS, "while True: pass"))
    rounds = []
    for _ in range(options["rounds"]):
        found, shares = [], []
        for disturb in disturbers:
            processes = disturb()
            time.sleep(0.5)
            begin, started = cpu_seconds(timed.pid), time.monotonic()
            found.append(latencies(space, options["seconds"]))
            shares.append((cpu_seconds(timed.pid) - begin) / (time.monotonic() - started))
            end(processes)
        rounds.append((*found, shares[0]))
    timed.stop()
    for one in theirs:
        one.kill()
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
    print("\n### NTP answers while keys are established, µs\n\n"
          "| | by timed | by s_server | only computing | timed / s_server | timed / computing |\n|---|---|---|---|---|---|")
    missed = []
    for label, part in (("median", 0.5), ("99 %", 0.99)):
        times = [statistics.median(at(r[i], part) for r in rounds) * 1e6 for i in range(3)]
        ratios = [statistics.median(at(r[0], part) / at(r[i], part) for r in rounds) for i in (1, 2)]
        print(f"| {label} | " + " | ".join([*(f"{t:.0f}" for t in times), *(f"{r:.2f}" for r in ratios)]) + " |")
        if ratios[0] > MOST_LATENCY:
            missed.append(f"{label} of the latency: {ratios[0]:.2f} of that under s_server")
        if ratios[1] > MOST_LATENCY:
            missed.append(f"{label} of the latency: {ratios[1]:.2f} of that beside processes that only compute")
    print(f"\nprocessors in the server: {statistics.median(r[3] for r in rounds):.2f}")
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
