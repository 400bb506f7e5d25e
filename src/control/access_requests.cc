#include "timed/control/access_requests.h"

namespace timed::control {
namespace {

struct AccessRow {
  RequestCode code;
  AccessTable table;
  bool allow;
  bool all;
};
constexpr AccessRow kRows[] = {
    {RequestCode::Allow, AccessTable::Ntp, true, false},
    {RequestCode::AllowAll, AccessTable::Ntp, true, true},
    {RequestCode::Deny, AccessTable::Ntp, false, false},
    {RequestCode::DenyAll, AccessTable::Ntp, false, true},
    {RequestCode::CmdAllow, AccessTable::Command, true, false},
    {RequestCode::CmdAllowAll, AccessTable::Command, true, true},
    {RequestCode::CmdDeny, AccessTable::Command, false, false},
    {RequestCode::CmdDenyAll, AccessTable::Command, false, true},
};

}  // namespace

RequestCode code_of(const AccessRequest& q) {
  for (const AccessRow& row : kRows) {
    if (row.table == q.table && row.allow == q.allow && row.all == q.all) return row.code;
  }
  return RequestCode::Null;  // not reached: every combination has its row
}

RequestCode code_of(const AccheckRequest& q) {
  return q.table == AccessTable::Ntp ? RequestCode::Accheck : RequestCode::CmdAccheck;
}

std::optional<AccessRequest> read_access(RequestCode code, ByteReader& from) {
  for (const AccessRow& row : kRows) {
    if (row.code != code) continue;
    const SourceAddress network = read_address(from);
    return AccessRequest{row.table, row.allow, row.all, network, from.i32()};
  }
  return std::nullopt;
}

std::optional<AccheckRequest> read_accheck(RequestCode code, ByteReader& from) {
  if (code == RequestCode::Accheck) return AccheckRequest{AccessTable::Ntp, read_address(from)};
  if (code == RequestCode::CmdAccheck) return AccheckRequest{AccessTable::Command, read_address(from)};
  return std::nullopt;
}

void write_body(ByteWriter& into, const AccessRequest& q) {
  write_address(into, q.network);
  into.i32(q.bits);
}

void write_body(ByteWriter& into, const AccheckRequest& q) {
  write_address(into, q.address);
}

}  // namespace timed::control
