"""Compares what chronyc and timedc print of one daemon, byte by byte."""

import re

import lab

REPORTS = [["tracking"], ["sources"], ["sourcestats"], ["activity"], ["manual", "list"]]
# Not open over UDP: there all have the same refusal.
CLOSED_REPORTS = [["selectdata"], ["authdata"], ["ntpdata"], ["selectdata", "-a"], ["authdata", "-a"]]
TRIES = 40


def _pieces(text):
    """Lines and fields with what follows them: put together they are the text."""
    return re.findall(r"[^,\n]*[,\n]?", text)


def _same(first, ours, second):
    """Ours lies between two of chronyc's: where those agree it must agree too, elsewhere only digits may differ."""
    if ours in (first, second):
        return True
    before, between, after = _pieces(first), _pieces(ours), _pieces(second)
    if not len(before) == len(between) == len(after):
        return False
    for old, our, new in zip(before, between, after):
        shape = re.sub(r"\d", "0", our)
        if our not in (old, new) and (old == new or shape not in (re.sub(r"\d", "0", old), re.sub(r"\d", "0", new))):
            return False
    return True


def _as_4_3(report, text):
    """Without the counters of stamps, which chronyc 4.3 cannot ask for and timedc does."""
    if report[0] != "ntpdata":
        return text
    text = re.sub(r"^Total (kernel|HW) .X *: \d+\n", "", text, flags=re.M)
    return re.sub(r"^((?:[^,\n]*,){33}[^,\n]*)(?:,\d+){4}$", r"\1", text, flags=re.M)


def compare(space, hosts, reports=REPORTS, names=(["-n"],)):
    """hosts: where the daemon is asked, as -h takes it."""
    chronyc, environment = lab.peer("usr/bin/chronyc"), lab.peer_environment()

    def told_by(program, words, report):
        done = space.run(program, *words, check=False, env=environment)
        told = f"{_as_4_3(report, done.stdout)}status {done.returncode}\n{done.stderr}"
        if "-v" not in words:
            return told
        # The legend is in words of our own.
        return re.sub(r"(?s)^.*?(?=^(MS|S|Name/IP [Aa]ddress) )", "", told, flags=re.M)

    for host in hosts:
        for report in reports:
            for options in [*names, *([*name, "-c"] for name in names)]:
                words = [*options, "-h", host, *report]
                for _ in range(TRIES):
                    first, ours, second = (told_by(p, words, report) for p in (chronyc, lab.timedc(), chronyc))
                    if _same(first, ours, second):
                        break
                else:
                    told = f"--- chronyc\n{first}--- timedc\n{ours}--- chronyc\n{second}"
                    raise AssertionError(f"{' '.join(words)}\n{told}")
                assert first.startswith("status") <= ("-c" in words), f"{' '.join(words)} prints nothing"
