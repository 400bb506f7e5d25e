// ntp.conf, of ntp and of ntpsec.
#ifndef TIMED_SRC_CLIENT_IMPORT_NTP_H_
#define TIMED_SRC_CLIENT_IMPORT_NTP_H_

#include <string_view>

#include "imported_text.h"

namespace timed::client {

void import_ntp(std::string_view text, ImportedText& out);

}  // namespace timed::client

#endif  // TIMED_SRC_CLIENT_IMPORT_NTP_H_
