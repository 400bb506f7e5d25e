"""Compares what chronyc and timedc print of one daemon, byte by byte."""

import re

import lab

REPORTS = [["tracking"], ["sources"], ["sourcestats"], ["activity"]]
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


def compare(space, hosts, reports=REPORTS, names=(["-n"],)):
    """hosts: where the daemon is asked, as -h takes it."""
    chronyc, environment = lab.peer("usr/bin/chronyc"), lab.peer_environment()

    def told_by(program, words):
        done = space.run(program, *words, check=False, env=environment)
        assert done.returncode == 0, f"{program} {words}: status {done.returncode}\n{done.stdout}{done.stderr}"
        if "-v" not in words:
            return done.stdout
        # The legend is in words of our own.
        return re.sub(r"(?s)^.*?(?=^(MS|Name/IP Address) )", "", done.stdout, flags=re.M)

    for host in hosts:
        for report in reports:
            for options in [*names, *([*name, "-c"] for name in names)]:
                words = [*options, "-h", host, *report]
                for _ in range(TRIES):
                    first, ours, second = (told_by(p, words) for p in (chronyc, lab.timedc(), chronyc))
                    if _same(first, ours, second):
                        break
                else:
                    told = f"--- chronyc\n{first}--- timedc\n{ours}--- chronyc\n{second}"
                    raise AssertionError(f"{' '.join(words)}\n{told}")
                assert first or "-c" in words, f"{' '.join(words)} prints nothing"
