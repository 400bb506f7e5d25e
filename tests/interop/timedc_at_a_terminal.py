"""timedc at a terminal: banner, prompt, editing, history, completion of words, options and sources; and without one it
says nothing that was not asked for."""

import os
import pty
import re
import select
import signal
import termios
import time

import lab


class Terminal:
    """A program at a pseudo-terminal; what it shows comes without the codes that move the cursor."""

    def __init__(self, space, *words):
        command = space.command(*words)
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            # libedit does not give back what was searched for.
            sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
            os.environ.update(TERM="xterm", COLUMNS="100", HOME="/nonexistent", ASAN_OPTIONS=sanitizer)
            os.execvp(command[0], command)
        self._raw = self.shown = ""
        self.told = b""

    def type(self, text):
        """When the program edits lines: what comes before, the terminal itself would take, and echo."""
        deadline = time.monotonic() + 10
        while termios.tcgetattr(self._fd)[3] & termios.ICANON and time.monotonic() < deadline:
            time.sleep(0.01)
        os.write(self._fd, text.encode())

    def read(self, seconds):
        """False at the end."""
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if not ready:
            return True
        try:
            octets = os.read(self._fd, 4096)
        except OSError:
            return False
        self.told += octets
        told = octets.decode(errors="replace")
        # "\r" with a jump to the right is how libedit goes on where it was.
        self._raw = re.sub(r"\r\x1b\[\d+[CG]|\x1b(\[[0-9;?]*[A-Za-z]|[=>])|\x07", "", self._raw + told)
        self.shown = self._raw
        return bool(told)

    def expect(self, pattern, seconds=10):
        """Until that is shown; what came before it is forgotten."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.shown):
            assert time.monotonic() < deadline and self.read(0.2), f"no {pattern!r} in {self.shown!r}"
        found = re.search(pattern, self.shown)
        self._raw = self.shown = self.shown[found.end():]
        return found

    def complete(self, pattern, seconds=10):
        """With the tab key, again where a busy daemon was too slow to be asked."""
        deadline = time.monotonic() + seconds
        while True:
            self.type("\t")
            try:
                return self.expect(pattern, 1)
            except AssertionError:
                if time.monotonic() > deadline:
                    raise

    def end(self):
        """The exit status."""
        deadline = time.monotonic() + 10
        while self.read(0.1):
            assert time.monotonic() < deadline, f"still there: {self.shown!r}"
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test(net):
    space = net.namespace("alone")
    net.timed("daemon", space, "server 127.0.0.1 port 9 minpoll 10\nserver 127.0.0.9 port 9 noselect\nlocal stratum 7")
    path = net.timed_socket("daemon")
    at = Terminal(space, lab.timedc(), "-n", "-h", path)
    at.expect(r"timedc \(timed\) version .*\r\n.*\r\n\r\n")
    at.expect("timedc> ")

    # A command word, its option, and what it prints.
    at.type("acti\t")
    at.expect("activity ")
    at.type("\r")
    at.expect("200 OK\r\n2 sources online\r\n")
    at.expect("timedc> ")
    at.type("sources -\t\t")
    at.expect(r"-a  *-v")
    at.type("\x15")  # the line goes away
    at.type("manual l\t\r")
    at.expect("210 n_samples = 0")
    at.expect("timedc> ")

    # The sources of the daemon, and the options of a source.
    at.type("ntpdata 127.0.0.")
    at.complete(r"127\.0\.0\.1  *127\.0\.0\.9")
    at.type("9\r")
    at.expect("Remote address  : 127.0.0.9")
    at.expect("timedc> ")
    at.type("add server 192.0.2.1 offl\t\r")
    at.expect("200 OK")
    at.expect("timedc> ")

    # Editing: the word was wrong at its begin; and history: the line before, and the one found by searching.
    at.type("tivity\x01ac\r")
    at.expect("200 OK\r\n2 sources online\r\n1 sources offline\r\n")
    at.expect("timedc> ")
    at.type("\x1b[A\r")
    at.expect("1 sources offline\r\n")
    at.expect("timedc> ")
    at.type("\x12manual\r\r")
    at.expect("210 n_samples = 0")
    at.expect("timedc> ")

    # Errors are said, and the last command decides.
    at.type("nonsense\r")
    at.expect("Unrecognized command\r\n")
    at.expect("timedc> ")
    at.type("quit\r")
    assert at.end() == 0, at.told

    at = Terminal(space, lab.timedc(), "-h", path)
    at.expect("timedc> ")
    at.type("nonsense\r")
    at.expect("timedc> ")
    at.type("\x04")
    assert at.end() == 1, at.told

    # A signal ends it, the terminal is left as it was, and no socket stays behind.
    at = Terminal(space, lab.timedc(), "-h", path)
    at.expect("timedc> ")
    os.kill(at.pid, signal.SIGTERM)
    assert at.end() == -signal.SIGTERM
    left = [name for name in os.listdir(os.path.dirname(path)) if name.startswith("timedc.")]
    assert not left, left

    # Under the name of chronyc.
    link = net.path("chronyc")
    os.symlink(lab.timedc(), link)
    at = Terminal(space, link, "-h", path)
    at.expect("chronyc> ")
    at.type("exit\r")
    assert at.end() == 0, at.told

    # Colours, which chronyc has not; NO_COLOR takes them away.
    for words, coloured in (([lab.timedc()], True), (["env", "NO_COLOR=1", lab.timedc()], False), ([link], False),
                            ([lab.timedc(), "-c"], False)):
        at = Terminal(space, *words, "-n", "-h", path, "sources")
        assert at.end() == 0 and (b"\x1b[" in at.told) == coloured, (words, at.told)
    at = Terminal(space, lab.timedc(), "-h", path, "rtcdata")
    assert at.end() == 1 and at.told == b"\x1b[31m513 RTC driver not running\x1b[0m\r\n", at.told

    # What is piped in is read as it is.
    done = space.run(lab.timedc(), "-h", path, input="activity\n\nquit\n", stdin=None)
    assert "\x1b" not in done.stdout and done.stdout.startswith("200 OK\n") and "timedc>" not in done.stdout + done.stderr, done


if __name__ == "__main__":
    lab.main(test)
