#!/bin/sh
# scripts/packages on a Debian and on a Fedora that are stand-ins: a directory of programs in front of PATH which say
# what is installed and write down what they were asked to do.  Nothing is installed.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/timed-packages.XXXXXX")
trap 'rm -rf "$work"' EXIT
failures=0

# One stand-in: its name, then its body.
stand_in() {
  printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1"
  chmod +x "$work/bin/$1"
}

# A machine of a family with these packages installed, for a user with this id.
machine() {  # family uid installed...
  rm -rf "${work:?}/bin"
  mkdir -p "$work/bin"
  family=$1
  uid=$2
  shift 2
  echo "$*" >"$work/installed"
  : >"$work/did"
  for tool in sh env cat echo tr grep dirname; do ln -s "$(command -v $tool)" "$work/bin/$tool" 2>/dev/null || true; done
  stand_in id "echo $uid"
  stand_in sudo "echo \"sudo \$*\" >>'$work/did'; \"\$@\""
  if [ "$family" = fedora ]; then
    stand_in rpm "for last; do :; done; grep -qw -- \"\$last\" '$work/installed'"
    stand_in dnf "echo \"dnf \$*\" >>'$work/did'"
  else
    stand_in dpkg-query "for last; do :; done; grep -qw -- \"\$last\" '$work/installed' && printf installed"
    stand_in apt-get "echo \"apt-get \$*\" >>'$work/did'"
    stand_in apt-cache "[ \"\$2\" != libclang-rt-14-dev ]"
  fi
}

run() { PATH=$work/bin /bin/sh "$root/scripts/packages" "$@" >"$work/out" 2>&1; }

expect() {  # what, command...
  what=$1
  shift
  if ! "$@"; then
    echo "FAILED: $what" >&2
    echo "--- said" >&2
    cat "$work/out" >&2
    echo "--- did" >&2
    cat "$work/did" >&2
    failures=$((failures + 1))
  fi
}
did() { grep -q -e "$1" "$work/did"; }
did_nothing() { [ ! -s "$work/did" ]; }
said() { grep -q -e "$1" "$work/out"; }

fedora_build="gcc-c++ cmake ninja-build pkgconf-pkg-config openssl-devel libcap-devel libseccomp-devel libedit-devel \
json-devel"

machine fedora 0 "cmake"
run build
expect "Fedora, root: dnf installs what is missing" did '^dnf install -q -y .*gcc-c++.*openssl-devel'
expect "and says what" said 'installing:.*gcc-c++'
expect "but not what is there" sh -c "! grep -qw cmake '$work/did'"
expect "without sudo" sh -c "! grep -q sudo '$work/did'"

machine fedora 1000 "cmake"
run build
expect "Fedora, a user: with sudo" did '^sudo dnf install -q -y .*gcc-c++'

machine fedora 0 $fedora_build
run build
expect "Fedora, all there: nothing to do" did_nothing

machine fedora 0 $fedora_build
run check
expect "Fedora, for the tests: the sanitizers and the test library" did '^dnf install .*libasan.*gtest-devel'

machine fedora 1000 ""
rm "$work/bin/sudo"
expect "Fedora, a user without sudo: fails" sh -c "! PATH='$work/bin' /bin/sh '$root/scripts/packages' build >'$work/out' 2>&1"
expect "and tells what to install by hand" said 'no sudo.*gcc-c++'

machine debian 1000 "g++ cmake"
run build
expect "Debian, a user: refreshes the list with sudo" did '^sudo env DEBIAN_FRONTEND=noninteractive apt-get update'
expect "and installs" did '^apt-get install .*libssl-dev'

machine debian 0 "g++ cmake ninja-build pkg-config libssl-dev libcap-dev libseccomp-dev libedit-dev nlohmann-json3-dev"
run build
expect "Debian, all there: nothing to do" did_nothing
run check
expect "Debian, for the tests: takes the name that this release has" did '^apt-get install .*libclang-rt-dev'

machine none 0
rm -f "$work/bin/dpkg-query" "$work/bin/apt-get"
expect "neither: fails" sh -c "! PATH='$work/bin' /bin/sh '$root/scripts/packages' build >'$work/out' 2>&1"
expect "and says so" said 'neither apt-get nor dnf'

[ $failures = 0 ] || exit 1
echo "all as expected"
