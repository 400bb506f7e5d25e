// Who may ask: access rules as they are edited, and the table they are compiled into (timed.conf(5), "allow").  One
// list serves NTP, another the command port.
#ifndef TIMED_SERVER_ACL_H_
#define TIMED_SERVER_ACL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "timed/base/address.h"
#include "timed/server/options.h"

namespace timed::server {

// An address as the table sees it: 128 bits, most significant first; an IPv4 address lies in the upper 32.
struct AddressBits {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  static AddressBits of(const IpAddress& address);
  constexpr auto operator<=>(const AddressBits&) const = default;
};

// The compiled rules: immutable, looked up once a request without allocating.  No address is allowed by a default
// constructed one.
class AccessTable {
 public:
  AccessTable() = default;

  bool allows(const IpAddress& address) const {
    const FamilyTable& table = address.is_v4() ? v4_ : v6_;
    if (!address.is_set() || !table.any_allowed) return false;
    return table.all_allowed || table.allows(AddressBits::of(address));
  }
  // Asks the processor for what a look-up will need first.
  void prefetch(const IpAddress& address) const {
    const FamilyTable& table = address.is_v4() ? v4_ : v6_;
    if (!table.roots.empty()) __builtin_prefetch(&table.roots[address.octets()[0] * 256u + address.octets()[1]]);
  }
  // Whether some address of the family is allowed: without one no server socket is needed.
  bool any_allowed(Family family) const;
  // Octets that the table takes.
  std::size_t memory() const;

 private:
  friend class AccessList;

  // From `start` up to the next piece every address is treated alike.
  struct Piece {
    AddressBits start;
    bool allowed = false;
  };
  // 64 slots, 6 bits of an address.  A slot is an answer, or, where its bit is in `deeper`, a further node; these
  // lie one after another from `first`.
  struct Node {
    std::uint64_t deeper = 0;
    std::uint64_t allowed = 0;
    std::uint32_t first = 0;
  };
  class FamilyTable {
   public:
    // Of pieces that begin at zero, ascend and differ from their neighbours.
    void build(std::span<const Piece> pieces);
    // Where some are allowed and some are not.
    bool allows(AddressBits bits) const;

    bool any_allowed = false;
    bool all_allowed = false;
    std::vector<std::uint32_t> roots;  // by the first 16 bits: an answer (0, 1) or 2 + the number of a node
    std::vector<Node> nodes;

   private:
    void build_node(std::size_t at, std::span<const Piece> pieces, int depth);
  };

  FamilyTable v4_;
  FamilyTable v6_;
};

// The rules in a form that can be changed: per family the prefixes that they mark, which are whole steps of four bits
// long.  A rule marks its prefix; where the length is not a multiple of four, all prefixes of the next multiple that it
// covers, so that there a later rule overwrites an earlier one.  The longest marked prefix of an address decides;
// nothing is allowed at first.
class AccessList {
 public:
  AccessList() = default;
  // Many at once; applied one by one they would take the square of the time.
  explicit AccessList(std::span<const AccessRule> rules);

  void apply(const AccessRule& rule);
  bool allows(const IpAddress& address) const;
  AccessTable compile() const;

 private:
  struct Mark {
    AddressBits prefix;
    std::uint32_t order = 0;  // of the rules, until they are settled
    std::uint8_t bits = 0;    // of the prefix
    bool allowed = false;
    bool all = false;  // what was marked below before goes; until they are settled
  };
  class Marks {
   public:
    // One more rule for what is settled.
    void set(const Subnet& subnet, bool allowed, bool all);
    // Rules in their order, of which settle() leaves what holds.
    void add(const Subnet& subnet, bool allowed, bool all, std::uint32_t order);
    void settle();
    bool allows(const IpAddress& address) const;
    std::vector<AccessTable::Piece> pieces() const;

   private:
    std::vector<Mark>::iterator first_from(const Mark& mark);

    std::vector<Mark> marks_;  // ascending; a prefix lies before all that begin with it
  };

  static bool is_before(const Mark& a, const Mark& b);
  static bool is_same(const Mark& a, const Mark& b) { return a.prefix == b.prefix && a.bits == b.bits; }
  static AddressBits last_of(const Mark& mark);
  template <class Take>
  static void for_each_mark(const Subnet& subnet, bool allowed, bool all, const Take& take);

  Marks v4_;
  Marks v6_;
};

// Of the rules those that say whether a key is needed, as rules that "allow" whoever needs one.
std::vector<AccessRule> key_rules(std::span<const AccessRule> rules);

}  // namespace timed::server

#endif  // TIMED_SERVER_ACL_H_
