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
    void build_node(std::size_t at, std::span<const Piece> pieces, AddressBits prefix, int depth);
  };

  FamilyTable v4_;
  FamilyTable v6_;
};

// The rules in a form that can be changed: per family a trie whose nodes have 16 branches.  A rule marks the node of
// its prefix; where the length is not a multiple of four, all nodes of the next multiple that it covers, so that
// there a later rule overwrites an earlier one.  The deepest mark on the way to an address decides; nothing is
// allowed at first.
class AccessList {
 public:
  AccessList() = default;
  explicit AccessList(std::span<const AccessRule> rules);

  void apply(const AccessRule& rule);
  bool allows(const IpAddress& address) const;
  AccessTable compile() const;

 private:
  enum class Mark : std::uint8_t { None, Allow, Deny };
  static constexpr std::size_t kBranches = 16;
  // children: the first of 16 nodes, or 0 (the root is nobody's child).
  struct Node {
    std::uint32_t children = 0;
    Mark mark = Mark::None;
  };
  class Trie {
   public:
    void set(const Subnet& subnet, Mark mark, bool all);
    Mark find(const IpAddress& address) const;
    std::vector<AccessTable::Piece> pieces() const;

   private:
    std::uint32_t child(std::uint32_t of, unsigned nibble);
    void discard_below(std::uint32_t node);
    void collect(std::uint32_t node, AddressBits prefix, int depth, bool allowed,
                 std::vector<AccessTable::Piece>& into) const;

    std::vector<Node> nodes_ = std::vector<Node>(1);
    std::vector<std::uint32_t> unused_;  // blocks of 16 nodes that rules with "all" have discarded
  };

  Trie& trie(Family family) { return family == Family::Inet4 ? v4_ : v6_; }

  Trie v4_;
  Trie v6_;
};

// Of the rules those that say whether a key is needed, as rules that "allow" whoever needs one.
std::vector<AccessRule> key_rules(std::span<const AccessRule> rules);

}  // namespace timed::server

#endif  // TIMED_SERVER_ACL_H_
