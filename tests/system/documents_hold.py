"""What the documents say exists: every option of the programs is in its manual page and the other way round, blocks of
configuration parse, and commands of timedc in examples are commands.  Needs no privileges and no daemon."""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIP = 77
SOURCE = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
TIMED, TIMEDC = os.environ["TIMED_BIN"], os.environ["TIMEDC_BIN"]
# Of what only chronyd's developers use, or what is told in prose.
UNSHOWN = {TIMED: {"-F"}, TIMEDC: {"-a", "-d", "-f"}}
# Files that an example names, which are not on this machine.
FILES = re.compile(r"^(keyfile|ntsservercert|ntsserverkey|ntstrustedcerts|include|tempcomp) .*", flags=re.M)


def read(path):
    with open(os.path.join(SOURCE, path)) as file:
        return file.read()


def ask(*words):
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)


def options_of_help(program):
    heads = re.findall(r"^ +(-[^\t]*)", ask(program, "--help").stdout, flags=re.M)
    return {word for head in heads for word in re.findall(r"(?<![\w-])(--?[A-Za-z0-9][\w-]*)", head)}


def options_of_page(page):
    """Of the paragraphs in the section of options that begin with one."""
    section = re.search(r"^\.SH OPTIONS\n(.*?)^\.SH ", page, flags=re.S | re.M).group(1).replace("\\-", "-")
    section = re.sub(r"\\f.", "", section)
    heads = re.findall(r"^\.TP\n(.*)$", section, flags=re.M)
    return {word for head in heads for word in re.findall(r"(?<![\w-])(--?[A-Za-z0-9][\w-]*)", head)}


def check_options():
    for program, page in ((TIMED, "docs/timed.8"), (TIMEDC, "docs/timedc.1")):
        helped, told = options_of_help(program), options_of_page(read(page))
        assert helped, program
        assert helped - told == set(), f"{page} has no {helped - told}"
        assert told - helped <= UNSHOWN[program], f"--help has no {told - helped}"


def configurations():
    """(where, text) of each block of configuration."""
    for path in sorted(glob.glob(os.path.join(SOURCE, "docs", "*.md")) + [os.path.join(SOURCE, "README.md")]):
        name = os.path.relpath(path, SOURCE)
        for number, block in enumerate(re.findall(r"^ *```conf\n(.*?)^ *```", read(name), flags=re.S | re.M)):
            yield f"{name}, block {number + 1}", block
    page = re.search(r"^\.SH ACCESS\n(.*?)^\.SH ", read("docs/timed.conf.5"), flags=re.S | re.M).group(1)
    for number, block in enumerate(re.findall(r"^\.nf\n\.RS\n(.*?)^\.RE\n", page, flags=re.S | re.M)):
        yield f"docs/timed.conf.5, ACCESS, block {number + 1}", block


def check_configurations(directory):
    keys = os.path.join(directory, "keys")
    with open(keys, "w") as file:
        os.chmod(keys, 0o600)
        file.write("7 SHA1 HEX:0102030405060708090a0b0c0d0e0f1011121314\n")
    found = 0
    for where, text in configurations():
        path = os.path.join(directory, "example.conf")
        with open(path, "w") as file:
            file.write(re.sub(r"^keyfile .*", f"keyfile {keys}", text, flags=re.M))
        done = ask(TIMED, "-p", "-u", "root", "-f", path)
        # A sentence about what is to come is no false one; an unknown word is.  A block may be a part of a file.
        faults = [line for line in done.stderr.splitlines() if re.match(r"\S", line)
                  and "not available yet" not in line and "Could not open" not in line
                  and not re.match(r"(\d+ error|Configuration ok)", line) and "open to everybody" not in line
                  and line != "No source of time is specified"]
        assert not faults, f"{where}:\n{done.stderr}"
        found += 1
    assert found >= 12, found


def check_commands():
    helped = {word for line in ask(TIMEDC, "help").stdout.splitlines() if line[0] != " "
              for word in line.split()[0].split("|")}
    used = set()
    for path in [*sorted(glob.glob(os.path.join(SOURCE, "docs", "*.md"))), os.path.join(SOURCE, "README.md")]:
        text = read(os.path.relpath(path, SOURCE))
        shell = "\n".join(re.findall(r"^ *```sh\n(.*?)^ *```", text, flags=re.S | re.M))
        for line in shell.splitlines() + re.findall(r"`(timedc [^`]*)`", text):
            called = re.search(r"(?:^|[\s/|])timedc((?: -\S+)*) ([a-z]\S*)", line)
            if called and called.group(2) not in ("bash", "fish"):
                used.add(called.group(2))
                assert called.group(2) in helped, f"{path}: {line}"
    assert len(used) > 15, used


def check_drawing():
    rooms = re.findall(r"^timed_room\((\w+)", read("CMakeLists.txt"), flags=re.M)
    drawn = set(re.findall(r'<text class="t"[^>]*>([^<]*)<', read("docs/architecture.svg")))
    assert len(rooms) > 10 and set(rooms) <= drawn, f"docs/architecture.svg lacks {set(rooms) - drawn}"


def check_links():
    """Of documents to one another and to files of the tree."""
    for path in sorted(glob.glob(os.path.join(SOURCE, "docs", "*.md")) + glob.glob(os.path.join(SOURCE, "*.md"))):
        name = os.path.relpath(path, SOURCE)
        for target in re.findall(r"\]\((?!https?:)([^)#\s]+)[^)]*\)", read(name)):
            assert os.path.exists(os.path.join(os.path.dirname(path), target)), f"{name}: {target}"


def check_pages():
    """By a strict reader of manual pages."""
    for page in ("timed.8", "timedc.1", "timed.conf.5"):
        done = ask("groff", "-man", "-Tutf8", "-ww", "-z", os.path.join(SOURCE, "docs", page))
        assert done.stderr == "", done.stderr


def main():
    if shutil.which("groff") is None:
        print("skipped: groff is absent")
        return SKIP
    check_options()
    with tempfile.TemporaryDirectory(prefix="timed-test-") as directory:
        check_configurations(directory)
    check_commands()
    check_drawing()
    check_links()
    check_pages()
    return 0


if __name__ == "__main__":
    sys.exit(main())
