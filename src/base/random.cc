#include "timed/base/random.h"

#include <algorithm>
#include <cstring>

namespace timed {

void EntropyPool::refill() {
  left_ = std::min(fetch_, pool_.size());
  fetch_ = pool_.size();
  fill_(std::as_writable_bytes(std::span(pool_).first(left_)));
}

void EntropyPool::bytes(std::span<std::byte> into) {
  while (!into.empty()) {
    const std::uint64_t word = u64();
    const std::size_t n = std::min(into.size(), sizeof(word));
    std::memcpy(into.data(), &word, n);
    into = into.subspan(n);
  }
}

}  // namespace timed
