// Rules are edited in a trie of 4-bit steps, because that is what their meaning is defined by, and looked up in a
// table of wider steps, because a cache miss a step is what a look-up costs: with 100 000 subnets and random
// addresses the trie takes about ten times as long (bench_acl).  Between the two lies a list of pieces, the address
// space cut wherever the answer changes; a table node is needed exactly where a slot holds more than one piece.
#include "timed/server/acl.h"

#include <algorithm>

#include "timed/base/bytes.h"

namespace timed::server {
namespace {

constexpr int kRootBits = 16;
constexpr int kStepBits = 6;
constexpr std::uint32_t kFirstNode = 2;  // root entries below are answers
constexpr int kNibbleBits = 4;

// Bits set in x.  The compiler's own needs an instruction that the oldest x86-64 lacks and becomes a call without it.
unsigned count_bits(std::uint64_t x) {
  x -= x >> 1 & 0x5555555555555555u;
  x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  return static_cast<unsigned>(x * 0x0101010101010101u >> 56);
}

// `value` placed so that its lowest bit is bit depth - 1 of an address (the first bit is bit 0).  Bits that fall
// beyond the end of the address are zero in every value that is used.
AddressBits placed(AddressBits prefix, std::uint64_t value, int depth) {
  if (depth <= 64) {
    prefix.high |= value << (64 - depth);
  } else {
    prefix.low |= depth <= 128 ? value << (128 - depth) : value >> (depth - 128);
  }
  return prefix;
}

unsigned nibble_of(std::span<const std::uint8_t> bytes, int level) {
  const unsigned byte = bytes[static_cast<std::size_t>(level / 2)];
  return level % 2 == 0 ? byte >> 4 : byte & 15;
}

}  // namespace

AddressBits AddressBits::of(const IpAddress& address) {
  if (address.is_v4()) return {static_cast<std::uint64_t>(address.v4_value()) << 32, 0};
  const auto bytes = std::as_bytes(address.bytes());
  if (bytes.size() < 16) return {};
  return {load_be<std::uint64_t>(bytes.data()), load_be<std::uint64_t>(bytes.data() + 8)};
}

// ---- the compiled table ----

bool AccessTable::any_allowed(Family family) const {
  return family == Family::Inet4   ? v4_.any_allowed
         : family == Family::Inet6 ? v6_.any_allowed
                                   : v4_.any_allowed || v6_.any_allowed;
}

std::size_t AccessTable::memory() const {
  const auto of = [](const FamilyTable& table) {
    return table.roots.size() * sizeof(std::uint32_t) + table.nodes.size() * sizeof(Node);
  };
  return of(v4_) + of(v6_);
}

bool AccessTable::FamilyTable::allows(AddressBits bits) const {
  std::uint32_t entry = roots[bits.high >> (64 - kRootBits)];
  std::uint64_t rest = bits.high << kRootBits;
  // 48 bits are eight steps, so no step straddles the two words.
  for (int step = 1; entry >= kFirstNode; ++step) {
    const Node& node = nodes[entry - kFirstNode];
    const std::uint64_t slot = std::uint64_t{1} << (rest >> (64 - kStepBits));
    if ((node.deeper & slot) == 0) return (node.allowed & slot) != 0;
    entry = kFirstNode + node.first + count_bits(node.deeper & (slot - 1));
    rest = step == (64 - kRootBits) / kStepBits ? bits.low : rest << kStepBits;
  }
  return entry != 0;
}

namespace {

// Takes from the front of `pieces` those that reach into the slot before `end`; the last one stays for the next slot
// as well, unless that begins with a piece of its own.
template <class Piece>
std::span<const Piece> pieces_before(std::span<const Piece>& pieces, const AddressBits* end) {
  std::size_t n = 1;
  while (n < pieces.size() && (end == nullptr || pieces[n].start < *end)) ++n;
  const auto taken = pieces.first(n);
  const bool next_begins_anew = n < pieces.size() && end != nullptr && pieces[n].start == *end;
  pieces = pieces.subspan(next_begins_anew ? n : n - 1);
  return taken;
}

}  // namespace

void AccessTable::FamilyTable::build(std::span<const Piece> pieces) {
  any_allowed = std::any_of(pieces.begin(), pieces.end(), [](const Piece& piece) { return piece.allowed; });
  all_allowed = any_allowed && pieces.size() == 1;
  if (!any_allowed || all_allowed) return;
  constexpr std::size_t kRoots = std::size_t{1} << kRootBits;
  roots.resize(kRoots);
  for (std::size_t i = 0; i < kRoots; ++i) {
    const AddressBits next = placed({}, i + 1, kRootBits);
    const auto in_slot = pieces_before(pieces, i + 1 < kRoots ? &next : nullptr);
    if (in_slot.size() == 1) {
      roots[i] = in_slot.front().allowed ? 1 : 0;
      continue;
    }
    const std::size_t at = nodes.size();
    nodes.emplace_back();
    roots[i] = kFirstNode + static_cast<std::uint32_t>(at);
    build_node(at, in_slot, placed({}, i, kRootBits), kRootBits);
  }
  nodes.shrink_to_fit();
}

void AccessTable::FamilyTable::build_node(std::size_t at, std::span<const Piece> pieces, AddressBits prefix,
                                          int depth) {
  constexpr std::size_t kSlots = std::size_t{1} << kStepBits;
  // The last step of an address is shorter than the others: its slots are those whose missing bits are zero.
  const int below = depth + kStepBits;
  const int missing = below > 128 ? below - 128 : 0;
  Node node;
  std::array<std::span<const Piece>, kSlots> parts;
  for (std::size_t slot = 0; slot < kSlots; slot += std::size_t{1} << missing) {
    const std::size_t after = slot + (std::size_t{1} << missing);
    const AddressBits next = placed(prefix, after, below);
    parts[slot] = pieces_before(pieces, after < kSlots ? &next : nullptr);
    const std::uint64_t bit = std::uint64_t{1} << slot;
    if (parts[slot].size() > 1) {
      node.deeper |= bit;
    } else if (parts[slot].front().allowed) {
      node.allowed |= bit;
    }
  }
  node.first = static_cast<std::uint32_t>(nodes.size());
  nodes[at] = node;
  nodes.resize(nodes.size() + count_bits(node.deeper));
  std::size_t child = node.first;
  for (std::size_t slot = 0; slot < kSlots; ++slot) {
    if (parts[slot].size() > 1) build_node(child++, parts[slot], placed(prefix, slot, below), below);
  }
}

// ---- the rules ----

std::vector<AccessRule> key_rules(std::span<const AccessRule> rules) {
  std::vector<AccessRule> needed;
  for (const AccessRule& rule : rules) {
    if (!rule.needs_key) continue;
    needed.push_back(rule);
    needed.back().allow = *rule.needs_key;
  }
  return needed;
}

AccessList::AccessList(std::span<const AccessRule> rules) {
  for (const AccessRule& rule : rules) apply(rule);
}

void AccessList::apply(const AccessRule& rule) {
  for (const Subnet& subnet : rule.subnets) {
    if (!subnet.address().is_set()) continue;
    trie(subnet.address().family()).set(subnet, rule.allow ? Mark::Allow : Mark::Deny, rule.all);
  }
}

bool AccessList::allows(const IpAddress& address) const {
  if (!address.is_set()) return false;
  return (address.is_v4() ? v4_ : v6_).find(address) == Mark::Allow;
}

AccessTable AccessList::compile() const {
  AccessTable table;
  table.v4_.build(v4_.pieces());
  table.v6_.build(v6_.pieces());
  return table;
}

std::uint32_t AccessList::Trie::child(std::uint32_t of, unsigned nibble) {
  if (nodes_[of].children == 0) {
    std::uint32_t block = static_cast<std::uint32_t>(nodes_.size());
    if (unused_.empty()) {
      nodes_.resize(nodes_.size() + kBranches);
    } else {
      block = unused_.back();
      unused_.pop_back();
    }
    nodes_[of].children = block;
  }
  return nodes_[of].children + nibble;
}

void AccessList::Trie::discard_below(std::uint32_t node) {
  const std::uint32_t block = nodes_[node].children;
  if (block == 0) return;
  for (std::uint32_t i = 0; i < kBranches; ++i) {
    discard_below(block + i);
    nodes_[block + i] = Node();
  }
  nodes_[node].children = 0;
  unused_.push_back(block);
}

void AccessList::Trie::set(const Subnet& subnet, Mark mark, bool all) {
  const auto bytes = subnet.address().bytes();
  const auto mark_node = [&](std::uint32_t node) {
    nodes_[node].mark = mark;
    if (all) discard_below(node);
  };
  std::uint32_t node = 0;
  int level = 0;
  for (; (level + 1) * kNibbleBits <= subnet.bits(); ++level) node = child(node, nibble_of(bytes, level));
  const int odd_bits = subnet.bits() - level * kNibbleBits;
  if (odd_bits == 0) {
    mark_node(node);
    return;
  }
  const unsigned first = nibble_of(bytes, level);
  for (unsigned i = 0; i < 1u << (kNibbleBits - odd_bits); ++i) mark_node(child(node, first + i));
}

AccessList::Mark AccessList::Trie::find(const IpAddress& address) const {
  const auto bytes = address.bytes();
  std::uint32_t node = 0;
  Mark found = nodes_[0].mark;
  for (int level = 0; level * kNibbleBits < address.width() && nodes_[node].children != 0; ++level) {
    node = nodes_[node].children + nibble_of(bytes, level);
    if (nodes_[node].mark != Mark::None) found = nodes_[node].mark;
  }
  return found;
}

std::vector<AccessTable::Piece> AccessList::Trie::pieces() const {
  std::vector<AccessTable::Piece> all;
  collect(0, {}, 0, false, all);
  return all;
}

void AccessList::Trie::collect(std::uint32_t node, AddressBits prefix, int depth, bool allowed,
                               std::vector<AccessTable::Piece>& into) const {
  if (nodes_[node].mark != Mark::None) allowed = nodes_[node].mark == Mark::Allow;
  if (nodes_[node].children == 0) {
    if (into.empty() || into.back().allowed != allowed) into.push_back({prefix, allowed});
    return;
  }
  const int below = depth + kNibbleBits;
  for (std::uint32_t i = 0; i < kBranches; ++i) {
    collect(nodes_[node].children + i, placed(prefix, i, below), below, allowed, into);
  }
}

}  // namespace timed::server
