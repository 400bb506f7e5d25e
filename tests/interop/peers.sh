# For the scripts beside it: where a peer's package comes from, and an orderly end.

skip() {
  echo "skipped: $*"
  exit 77
}

# unpack_peer PACKAGE DIRECTORY: from TIMED_PEERS, else downloaded once into TIMED_PEER_CACHE.
unpack_peer() {
  local package=$1 into=$2 cache=${TIMED_PEER_CACHE:-/tmp/timed-peers} found
  command -v dpkg >/dev/null || skip "no dpkg to unpack $package"
  found=$(find "${TIMED_PEERS:-$cache}" -maxdepth 1 -name "${package}_*.deb" 2>/dev/null | sort | tail -n 1)
  if [ -z "$found" ]; then
    command -v apt-get >/dev/null || skip "no apt-get to fetch $package"
    mkdir -p "$cache"
    (cd "$cache" && flock "$cache" apt-get -q download "$package") >/dev/null 2>&1 || skip "cannot fetch $package"
    found=$(find "$cache" -maxdepth 1 -name "${package}_*.deb" | sort | tail -n 1)
  fi
  [ -n "$found" ] || skip "no package of $package"
  dpkg -x "$found" "$into" || skip "cannot unpack $found"
}
