// Reports with a row for each source, client or sample, as chronyc prints them for people.  Lines end in a line break;
// signs as in text.h.  `wide` makes the column of names 14 characters wider.
#ifndef TIMED_CLIENT_TEXT_TABLES_H_
#define TIMED_CLIENT_TEXT_TABLES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "timed/client/fields.h"
#include "timed/control/protocol.h"

namespace timed::client::text {

// A caption says what the columns mean; it stands above the header.
std::string sources_caption(bool wide);
std::string sources_header(bool wide);
std::string sources_row(const control::SourceDataReply& report, std::string_view name, bool wide);

std::string sourcestats_caption(bool wide);
std::string sourcestats_header(bool wide);
std::string sourcestats_row(const control::SourcestatsReply& report, std::string_view name, bool wide);

std::string selectdata_caption(bool wide);
std::string selectdata_header(bool wide);
std::string selectdata_row(const control::SelectDataReply& report, std::string_view name, bool wide);

std::string authdata_caption(bool wide);
std::string authdata_header(bool wide);
std::string authdata_row(const control::AuthDataReply& report, std::string_view name, bool wide);

std::string clients_header(ClientColumns columns, bool wide);
std::string clients_row(const control::ClientAccessesReply::Client& client, std::string_view name,
                        ClientColumns columns, bool wide);

// The list as a whole, with its count and its header.
std::string manual_list(const control::ManualListReply& report);

}  // namespace timed::client::text

#endif  // TIMED_CLIENT_TEXT_TABLES_H_
