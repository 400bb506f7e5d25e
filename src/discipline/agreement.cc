#include "timed/discipline/agreement.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace timed::discipline {
namespace {

struct Edge {
  Duration at;
  bool is_high;  // low ends come first where both lie at one point: claims that touch overlap
  std::size_t claim;
};

std::vector<Edge> sorted_edges(std::span<const Claim> claims) {
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    edges.push_back({claims[i].low, false, i});
    edges.push_back({claims[i].high, true, i});
  }
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
    return std::tie(a.at, a.is_high, a.claim) < std::tie(b.at, b.is_high, b.claim);
  });
  return edges;
}

}  // namespace

bool Agreement::is_shared_by(const Claim& claim) const {
  const bool contains = claim.low <= low && claim.high >= high;
  const bool contained = claim.low >= low && claim.high <= high;
  return contains || contained;
}

bool Agreement::admits(const Claim& claim) const {
  return trusted_sources == 0 || claim.trusted || (claim.low >= trusted_low && claim.high <= trusted_high);
}

Agreement find_agreement(std::span<const Claim> claims) {
  Agreement best;
  best.sources = static_cast<int>(claims.size());
  int depth = 0, trusted_depth = 0;
  for (const Edge& edge : sorted_edges(claims)) {
    const int trusted = claims[edge.claim].trusted ? 1 : 0;
    if (!edge.is_high) {
      ++depth;
      trusted_depth += trusted;
      best.trusted_sources += trusted;
      if (trusted_depth > best.trusted_depth) {
        best.trusted_depth = trusted_depth;
        best.trusted_low = edge.at;
        best.depth = 0;
      }
      if (trusted_depth == best.trusted_depth && depth > best.depth) {
        best.depth = depth;
        best.low = edge.at;
      }
      continue;
    }
    if (trusted_depth == best.trusted_depth) {
      if (depth == best.depth) best.high = edge.at;
      best.trusted_high = edge.at;
    }
    --depth;
    trusted_depth -= trusted;
  }
  return best;
}

}  // namespace timed::discipline
