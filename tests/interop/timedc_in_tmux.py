"""timedc in a window of tmux, as an operator sees it: whole screens, with prompt, editing, history, completion, help, a
report wider than what was before it, and the end.  The server of tmux is this test's own and ends with it."""

import re
import time

import lab

COLUMNS, ROWS = 80, 24
PROMPT = "timedc>"


class Window:
    """A window of a tmux server of its own, which nobody else's settings reach."""

    def __init__(self, net, space, *words):
        self._space = space
        self._socket, self._status = net.path("tmux.sock"), net.path("status")
        self._do("-f", "/dev/null", "new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS),
                 "env", f"HOME={net.path('home')}", "NO_COLOR=1", "ASAN_OPTIONS=detect_leaks=0",
                 "sh", "-c", f'"$@"; echo $? > {self._status}', "sh", *words)
        net.adopt(int(self._do("display-message", "-p", "#{pid}")))

    def _do(self, *words, check=True):
        return self._space.run("env", "-u", "TMUX", "LC_ALL=C.UTF-8", "tmux", "-S", self._socket, *words,
                               check=check).stdout

    def type(self, *keys):
        """Names of keys, or texts, as tmux knows them."""
        self._do("send-keys", *keys)

    def screen(self):
        """The lines that are shown, without blanks behind them and without empty ones below."""
        return [line.rstrip() for line in self._do("capture-pane", "-p").rstrip().split("\n")]

    def shows(self, last, seconds=15, least=1, most=ROWS):
        """The screen when its last line is that one (a regular expression), and it stays; of how many lines."""
        deadline = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if re.fullmatch(last, screen[-1]) and least <= len(screen) <= most and screen == self.screen():
                return screen
            assert time.monotonic() < deadline, f"{last!r} is not the last line of\n" + "\n".join(screen)
            time.sleep(0.05)

    def after(self, *keys, last=PROMPT):
        """What was added to the screen by keys that were typed at an empty prompt; the command line is the first."""
        self.type("C-l")
        self.shows(PROMPT, most=1)
        self.type(*keys)
        return self.shows(last, least=2 if last == PROMPT else 1)

    def cursor(self):
        return tuple(int(n) for n in self._do("display-message", "-p", "#{cursor_x} #{cursor_y}").split())

    def exit_status(self, seconds=15):
        return int(lab.wait_until(lambda: lab.read_text(self._status), seconds, "end of timedc"))

    def kill(self):
        self._do("kill-server", check=False)


def check_line(window):
    # A typing error at the begin is mended with the keys of a shell.
    window.type("tivity", "C-a", "ac")
    assert window.shows(f"{PROMPT} activity") and window.cursor() == (len(PROMPT) + 3, 0), window.cursor()
    window.type("C-e", "x", "BSpace", "Enter")
    report = ["200 OK", "2 sources online", "0 sources offline", "0 sources doing burst (return to online)",
              "0 sources doing burst (return to offline)", "0 sources with unknown address"]
    assert window.shows(PROMPT, least=2) == [f"{PROMPT} activity", *report, PROMPT]
    # History: the arrow key, and the search for what the line had.
    assert window.after("manual list", "Enter") == [f"{PROMPT} manual list", "210 n_samples = 0",
                                                    "#    Date     Time(UTC)    Slewed   Original   Residual",
                                                    "=======================================================", PROMPT]
    assert window.after("Up", "Up", last=f"{PROMPT} activity") == [f"{PROMPT} activity"]
    window.type("Enter")
    window.shows(PROMPT, least=2)
    assert window.after("C-r", "man", last="bck:man") == [f"{PROMPT} manual list", "bck:man"]
    window.type("Enter")
    assert window.shows(PROMPT, least=2)[1] == "210 n_samples = 0"
    # A word that is wider than the window can still be edited.
    window.after("x" * 100, last="x+")
    window.type("C-u")
    window.shows(PROMPT)


def check_completion(window):
    assert window.after("trac", "Tab", last=f"{PROMPT} tracking") and window.cursor()[0] == len(f"{PROMPT} tracking ")
    window.type("C-u")
    window.shows(PROMPT)
    # Several words: what they have in common, then all of them in columns, and the line again.
    window.after("so", "Tab", last=f"{PROMPT} source")
    window.type("Tab")
    screen = window.shows(f"{PROMPT} source")
    assert screen[-2].split() == ["sourcename", "sources", "sourcestats", "sourceverdicts"], screen
    window.type("s", "Tab")
    window.shows(f"{PROMPT} sources")
    window.type("C-u")
    window.after("ntpdata 127.0.0.", "Tab", last=re.escape(f"{PROMPT} ntpdata 127.0.0."))
    window.type("Tab")
    # A busy daemon may have been too slow to be asked: the key is pressed again.
    lab.wait_until(lambda: any(line.split() == ["127.0.0.1", "127.0.0.9"] for line in window.screen()) or
                   window.type("Tab"), 10, "the sources are shown")
    window.type("C-u")


def check_reports(window):
    screen = window.after("sources", "Enter")
    rows = [f"{PROMPT} sources",
            "MS Name/IP address         Stratum Poll Reach LastRx Last sample", "=" * 79,
            "^? 127.0.0.1                     0  10     0     -     +0ns[   +0ns] +/-    0ns",
            "^? 127.0.0.9                     0  10     0     -     +0ns[   +0ns] +/-    0ns", PROMPT]
    assert screen == rows, "\n".join(screen)
    screen = window.after("tracking", "Enter")
    assert [line.split(":")[0].rstrip() for line in screen[1:-1]] == [
        "Reference ID", "Stratum", "Ref time (UTC)", "System time", "Last offset", "RMS offset", "Frequency",
        "Residual freq", "Skew", "Root delay", "Root dispersion", "Update interval", "Leap status"], screen
    assert screen[1:3] == ["Reference ID    : 7F7F0101 ()", "Stratum         : 7"], screen
    # The help is longer than the window: its end is shown, and above it are commands with what they do.
    screen = window.after("help", "Enter")
    assert len(screen) == ROWS and screen[-2].split()[0] == "exit|quit" and screen[-2].endswith("Leave"), screen
    assert all(len(line) <= COLUMNS for line in screen)
    assert window.after("nonsense", "Enter") == [f"{PROMPT} nonsense", "Unrecognized command", PROMPT]


def test(net):
    lab.require_tools("tmux")
    space = net.namespace("alone")
    net.timed("daemon", space, "server 127.0.0.1 port 9 minpoll 10 maxpoll 10\n"
              "server 127.0.0.9 port 9 minpoll 10 maxpoll 10 noselect\nlocal stratum 7\nmanual")
    net.timedc("daemon", space, "offline")  # nothing is to change while it is looked at
    net.timedc("daemon", space, "online")
    window = Window(net, space, lab.timedc(), "-n", "-h", net.timed_socket("daemon"))
    try:
        screen = window.shows(PROMPT)
        assert re.fullmatch(r"timedc \(timed\) version \S+ \(.*", screen[0]), screen
        assert screen[1:] == ["This is free software, without any warranty.", "", PROMPT], screen
        window.type("C-l")
        window.shows(PROMPT)
        check_line(window)
        check_completion(window)
        check_reports(window)
        window.type("quit", "Enter")
        assert window.exit_status() == 0
    finally:
        window.kill()


if __name__ == "__main__":
    lab.main(test)
