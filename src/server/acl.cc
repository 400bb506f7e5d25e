// Rules are kept as the prefixes of whole steps of four bits that they mark, because that is what their meaning is
// defined by, and looked up in a table of wider steps, because a cache miss a step is what a look-up costs.  Between
// the two lies a list of pieces, the address space cut wherever the answer changes; a table node is needed exactly
// where a slot holds more than one piece.
//
// All of it is made in one pass over what is sorted: with 100 000 subnets a trie of these steps has ten million nodes
// (docs/decisions.md, 132).
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

// The most significant bits of an address, so many of them; 0 … 128.
constexpr AddressBits first_bits(int count) {
  constexpr std::uint64_t kOnes = ~std::uint64_t{0};
  if (count <= 64) return {count == 0 ? 0 : kOnes << (64 - count), 0};
  return {kOnes, kOnes << (128 - count)};
}

// The bit before which so many others are.
constexpr AddressBits bit_at(int depth) {
  if (depth < 64) return {std::uint64_t{1} << (63 - depth), 0};
  return {0, std::uint64_t{1} << (127 - depth)};
}

constexpr AddressBits plus(AddressBits a, AddressBits b) {
  const std::uint64_t low = a.low + b.low;
  return {a.high + b.high + (low < a.low ? 1 : 0), low};
}

constexpr AddressBits kLastAddress = {~std::uint64_t{0}, ~std::uint64_t{0}};

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

// Steps do not straddle the two words.  The last of an address is shorter: the bits that are missing are zero.
unsigned slot_of(AddressBits bits, int depth) {
  const std::uint64_t rest = depth < 64 ? bits.high << depth : bits.low << (depth - 64);
  return static_cast<unsigned>(rest >> (64 - kStepBits));
}

bool begins_slot(AddressBits bits, int depth) {
  const AddressBits mask = first_bits(std::min(depth + kStepBits, 128));
  return (bits.high & ~mask.high) == 0 && (bits.low & ~mask.low) == 0;
}

// The slots from `first` on, without that of `end`; 64 is behind the last.
std::uint64_t slots_between(unsigned first, unsigned end) {
  const auto below = [](unsigned slot) { return slot >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << slot) - 1; };
  return below(end) & ~below(first);
}

}  // namespace

// Slots between two pieces' starts have one answer, so the starts are what is gone through: most nodes have two pieces.
void AccessTable::FamilyTable::build(std::span<const Piece> pieces) {
  any_allowed = std::any_of(pieces.begin(), pieces.end(), [](const Piece& piece) { return piece.allowed; });
  all_allowed = any_allowed && pieces.size() == 1;
  if (!any_allowed || all_allowed) return;
  constexpr std::size_t kRoots = std::size_t{1} << kRootBits;
  constexpr AddressBits kBelowRoot = {(std::uint64_t{1} << (64 - kRootBits)) - 1, ~std::uint64_t{0}};
  roots.resize(kRoots);
  const auto root_of = [](const Piece& piece) { return piece.start.high >> (64 - kRootBits); };
  const auto begins_root = [&](const Piece& piece) {
    return (piece.start.high & kBelowRoot.high) == 0 && piece.start.low == 0;
  };
  for (std::size_t i = 0; i < pieces.size();) {
    const std::size_t root = root_of(pieces[i]);
    std::size_t end = i + 1;
    while (end < pieces.size() && root_of(pieces[end]) == root) ++end;
    const bool whole = begins_root(pieces[i]);
    const std::size_t first = whole ? i : i - 1;  // the one before reaches into this slot
    std::size_t next_root = end < pieces.size() ? root_of(pieces[end]) : kRoots;
    std::size_t after = root;
    if (!whole || end - i > 1) {
      const std::size_t at = nodes.size();
      nodes.emplace_back();
      roots[root] = kFirstNode + static_cast<std::uint32_t>(at);
      build_node(at, pieces.subspan(first, end - first), kRootBits);
      ++after;
    }
    const std::uint32_t answer = pieces[end - 1].allowed ? 1 : 0;
    std::fill(roots.begin() + static_cast<std::ptrdiff_t>(after),
              roots.begin() + static_cast<std::ptrdiff_t>(next_root), answer);
    i = end;
  }
  nodes.shrink_to_fit();
}

// The first piece begins at or before the node, the others within.
void AccessTable::FamilyTable::build_node(std::size_t at, std::span<const Piece> pieces, int depth) {
  struct Part {
    std::uint32_t first, end;
  };
  constexpr unsigned kSlots = 1u << kStepBits;
  std::array<Part, kSlots> deeper;
  std::size_t parts = 0;
  Node node;
  unsigned slot = 0;  // the first without an answer
  for (std::size_t i = 1; i < pieces.size();) {
    const unsigned next = slot_of(pieces[i].start, depth);
    if (pieces[i - 1].allowed) node.allowed |= slots_between(slot, next);
    slot = next;
    std::size_t end = i + 1;
    while (end < pieces.size() && slot_of(pieces[end].start, depth) == next) ++end;
    const bool whole = begins_slot(pieces[i].start, depth);
    if (!whole || end - i > 1) {
      node.deeper |= std::uint64_t{1} << next;
      deeper[parts++] = {static_cast<std::uint32_t>(whole ? i : i - 1), static_cast<std::uint32_t>(end)};
      ++slot;
    }
    i = end;
  }
  if (pieces.back().allowed) node.allowed |= slots_between(slot, kSlots);
  node.first = static_cast<std::uint32_t>(nodes.size());
  nodes[at] = node;
  nodes.resize(nodes.size() + parts);
  for (std::size_t i = 0; i < parts; ++i) {
    build_node(node.first + i, pieces.subspan(deeper[i].first, deeper[i].end - deeper[i].first), depth + kStepBits);
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
  std::uint32_t order = 0;
  for (const AccessRule& rule : rules) {
    ++order;
    for (const Subnet& subnet : rule.subnets) {
      if (!subnet.address().is_set()) continue;
      (subnet.address().is_v4() ? v4_ : v6_).add(subnet, rule.allow, rule.all, order);
    }
  }
  v4_.settle();
  v6_.settle();
}

void AccessList::apply(const AccessRule& rule) {
  for (const Subnet& subnet : rule.subnets) {
    if (!subnet.address().is_set()) continue;
    (subnet.address().is_v4() ? v4_ : v6_).set(subnet, rule.allow, rule.all);
  }
}

bool AccessList::allows(const IpAddress& address) const {
  return address.is_set() && (address.is_v4() ? v4_ : v6_).allows(address);
}

AccessTable AccessList::compile() const {
  AccessTable table;
  table.v4_.build(v4_.pieces());
  table.v6_.build(v6_.pieces());
  return table;
}

bool AccessList::is_before(const Mark& a, const Mark& b) {
  if (a.prefix != b.prefix) return a.prefix < b.prefix;
  return a.bits != b.bits ? a.bits < b.bits : a.order < b.order;
}

AddressBits AccessList::last_of(const Mark& mark) {
  const AddressBits mask = first_bits(mark.bits);
  return {mark.prefix.high | ~mask.high, mark.prefix.low | ~mask.low};
}

template <class Take>
void AccessList::for_each_mark(const Subnet& subnet, bool allowed, bool all, const Take& take) {
  const int bits = (subnet.bits() + kNibbleBits - 1) / kNibbleBits * kNibbleBits;
  Mark mark{AddressBits::of(subnet.address()), 0, static_cast<std::uint8_t>(bits), allowed, all};
  for (int left = 1 << (bits - subnet.bits()); left > 0; --left) {
    take(mark);
    if (left > 1) mark.prefix = plus(mark.prefix, bit_at(bits - 1));
  }
}

std::vector<AccessList::Mark>::iterator AccessList::Marks::first_from(const Mark& mark) {
  return std::lower_bound(marks_.begin(), marks_.end(), mark, is_before);
}

void AccessList::Marks::set(const Subnet& subnet, bool allowed, bool all) {
  for_each_mark(subnet, allowed, all, [this](const Mark& mark) {
    auto at = first_from(mark);
    if (at == marks_.end() || !is_same(*at, mark)) at = marks_.insert(at, mark);
    at->allowed = mark.allowed;
    if (!mark.all) return;
    const AddressBits last = last_of(mark);
    const auto below = at + 1;
    marks_.erase(below, std::find_if(below, marks_.end(), [&](const Mark& m) { return m.prefix > last; }));
  });
}

void AccessList::Marks::add(const Subnet& subnet, bool allowed, bool all, std::uint32_t order) {
  for_each_mark(subnet, allowed, all, [this, order](Mark mark) {
    mark.order = order;
    marks_.push_back(mark);
  });
}

// Of marks of one prefix the last holds, unless one with "all" of a shorter prefix came after it.
void AccessList::Marks::settle() {
  std::sort(marks_.begin(), marks_.end(), is_before);
  struct Around {
    AddressBits last;
    std::uint32_t all_order;  // the last with "all", of those around it too
  };
  std::vector<Around> around;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < marks_.size();) {
    const Mark first = marks_[i];
    while (!around.empty() && around.back().last < first.prefix) around.pop_back();
    const std::uint32_t of_others = around.empty() ? 0 : around.back().all_order;
    std::uint32_t all_order = of_others;
    Mark last = first;
    for (; i < marks_.size() && is_same(marks_[i], first); ++i) {
      last = marks_[i];
      if (last.all) all_order = std::max(all_order, last.order);
    }
    around.push_back({last_of(first), all_order});
    last.order = 0;
    if (marks_[i - 1].order > of_others) marks_[kept++] = last;
  }
  marks_.resize(kept);
  marks_.shrink_to_fit();
}

bool AccessList::Marks::allows(const IpAddress& address) const {
  const AddressBits bits = AddressBits::of(address);
  for (int length = address.width(); length >= 0; length -= kNibbleBits) {
    const AddressBits mask = first_bits(length);
    const Mark wanted{{bits.high & mask.high, bits.low & mask.low}, 0, static_cast<std::uint8_t>(length)};
    const auto found = std::lower_bound(marks_.begin(), marks_.end(), wanted, is_before);
    if (found != marks_.end() && is_same(*found, wanted)) return found->allowed;
  }
  return false;
}

namespace {

// The answer from there on.  What was said of the same address before is not: something smaller begins there too.
template <class Piece>
void begin_piece(std::vector<Piece>& pieces, AddressBits start, bool allowed) {
  if (!pieces.empty() && pieces.back().start == start) pieces.pop_back();
  if (pieces.empty() || pieces.back().allowed != allowed) pieces.push_back({start, allowed});
}

}  // namespace

std::vector<AccessTable::Piece> AccessList::Marks::pieces() const {
  std::vector<AccessTable::Piece> pieces = {{{}, false}};
  struct Around {
    AddressBits last;
    bool allowed;
  };
  std::vector<Around> around;
  const auto end_one = [&] {
    const AddressBits last = around.back().last;
    around.pop_back();
    if (last == kLastAddress) return;
    begin_piece(pieces, plus(last, {0, 1}), !around.empty() && around.back().allowed);
  };
  for (const Mark& mark : marks_) {
    while (!around.empty() && around.back().last < mark.prefix) end_one();
    begin_piece(pieces, mark.prefix, mark.allowed);
    around.push_back({last_of(mark), mark.allowed});
  }
  while (!around.empty()) end_one();
  return pieces;
}

}  // namespace timed::server
