// The kernel's generator takes 20 ns for eight octets however many are fetched, libcrypto's, which the kernel seeds
// and which knows of forks, 3.5 ns where 2 kB are: the low bits of a server's stamps are drawn from such blocks.  Few
// octets are fetched seldom, and come from the kernel itself.
#include "random.h"

#include <openssl/rand.h>
#include <sys/random.h>

#include <cerrno>

#include "timed/base/check.h"

namespace timed::os {
namespace {

constexpr std::size_t kMany = 1024;  // octets

bool draw_from_libcrypto(std::span<std::byte> out) {
  return ::RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) == 1;
}

}  // namespace

void random(std::span<std::byte> out) {
  constexpr std::size_t kMost = std::size_t{1} << 20;  // that an int holds
  if (out.size() >= kMany && out.size() <= kMost && draw_from_libcrypto(out)) return;
  while (!out.empty()) {
    const auto got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    // Nothing that must not be guessed may leave without it.
    TIMED_ASSERT(got > 0);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace timed::os
