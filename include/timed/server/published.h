// What those who serve read and one thread writes: the state of our clock, and the tables that say who is answered.
// A reader copies the state without a lock, once for each batch of requests, and takes a table only when it has
// changed.
#ifndef TIMED_SERVER_PUBLISHED_H_
#define TIMED_SERVER_PUBLISHED_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "timed/auth/cookie_keys.h"
#include "timed/base/address.h"
#include "timed/discipline/own_state.h"
#include "timed/server/acl.h"

namespace timed::server {

// Replaced as a whole, never changed.
struct ServingTables {
  AccessTable access;
  AccessTable needs_key;                        // answered only where they have authenticated themselves
  std::optional<AccessTable> limited;           // whose rate is limited; none = everybody's
  std::optional<auth::CookieKeys> cookie_keys;  // of NTS, which is served where there are some
  std::vector<Endpoint> sources;                // sorted; what they send to the server's port is not for the server
  AccessTable questions;                        // whom ntpq may ask from, beside this machine
};

// In use by whoever still reads them.
using SharedTables = std::shared_ptr<const ServingTables>;

class Published {
 public:
  // A copy of the state, and which one it is.
  struct Version {
    std::uint32_t number = 0;
    discipline::OwnState state;
  };

  // ---- one thread writes ----
  void set_state(const discipline::OwnState& state);
  void set_tables(SharedTables tables);
  // No stamp of before means anything now.
  void forget_stamps() { forgotten_.fetch_add(1, std::memory_order_release); }

  // ---- any thread reads ----
  // Writes the state to `into` where it is not that already.
  bool refresh(Version& into) const;
  std::uint32_t tables_number() const { return tables_number_.load(std::memory_order_acquire); }
  SharedTables tables() const;
  std::uint32_t forgotten() const { return forgotten_.load(std::memory_order_acquire); }

 private:
  static constexpr std::size_t kWords = sizeof(discipline::OwnState) / sizeof(std::uint64_t);
  using Words = std::array<std::uint64_t, kWords>;
  static_assert(sizeof(discipline::OwnState) % sizeof(std::uint64_t) == 0);

  // Odd while the state is being written.
  std::atomic<std::uint32_t> sequence_{0};
  std::array<std::atomic<std::uint64_t>, kWords> words_{};
  std::atomic<std::uint32_t> forgotten_{0};
  std::atomic<std::uint32_t> tables_number_{0};
  mutable std::mutex mutex_;  // of the pointer
  SharedTables tables_;
};

}  // namespace timed::server

#endif  // TIMED_SERVER_PUBLISHED_H_
