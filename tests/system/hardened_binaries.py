"""The programs as they are linked: position independent, relocations resolved at the start and read-only afterwards, no
memory that is both writable and executable, stacks with a canary, calls of libc that check lengths, and, where the
machine has them, landing marks for indirect jumps."""

import os
import platform
import re
import shutil
import subprocess
import sys

SKIP = 77
# What is loaded into a program that begins as root is to be little: no libsystemd, which brings compressors with it.
LIBRARIES = {"libc", "libm", "libgcc_s", "libstdc++", "ld-linux-x86-64", "ld-linux-aarch64", "libcap", "libseccomp",
             "libcrypto", "libssl", "libedit"}


def readelf(program, *options):
    return subprocess.run(["readelf", "-W", *options, program], capture_output=True, text=True, check=True).stdout


def segments(program):
    """Type and flags of each."""
    found = []
    for line in readelf(program, "-l").splitlines():
        words = line.split()
        if len(words) >= 8 and words[1].startswith("0x") and words[2].startswith("0x"):
            found.append((words[0], "".join(words[6:-1])))
    return found


def check(program):
    found = segments(program)
    kinds = [kind for kind, _ in found]
    assert "GNU_RELRO" in kinds, "no RELRO"
    assert "GNU_STACK" in kinds, found
    for kind, flags in found:
        assert not ("W" in flags and "E" in flags), f"{kind} {flags}"
    dynamic = readelf(program, "-d")
    assert re.search(r"FLAGS_1.* PIE", dynamic), "no PIE"
    assert "BIND_NOW" in dynamic and re.search(r"FLAGS_1.* NOW", dynamic), "relocations are not all resolved at once"
    for word in ("RPATH", "RUNPATH", "TEXTREL"):
        assert word not in dynamic, word
    libraries = set(re.findall(r"NEEDED.*\[(\S+?)\.so", dynamic))
    assert libraries and libraries <= LIBRARIES, f"more code than is needed: {libraries - LIBRARIES}"
    symbols = readelf(program, "--dyn-syms")
    assert "__stack_chk_fail" in symbols, "no canaries"
    assert "glibcxx_assert_fail" in symbols, "containers do not check their indices"
    checked = set(re.findall(r"\b(__\w+_chk)@", symbols)) - {"__stack_chk_fail"}
    assert checked, "nothing of libc checks lengths"
    if platform.machine() in ("x86_64", "i686"):
        code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", program], capture_output=True, text=True,
                              check=True).stdout
        marks = len(re.findall(r"\tendbr(?:64|32)", code))
        assert marks > 500, f"{marks} landing marks"


def main():
    for tool in ("readelf", "objdump"):
        if shutil.which(tool) is None:
            print(f"skipped: {tool} is absent")
            return SKIP
    for variable in ("TIMED_BIN", "TIMEDC_BIN"):
        program = os.environ[variable]
        try:
            check(program)
        except AssertionError as fault:
            print(f"{program}: {fault}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
