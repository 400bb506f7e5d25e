// chrony.conf: taken word by word, but for what has no meaning any more and for the directories of chrony's account.
#ifndef TIMED_SRC_CLIENT_IMPORT_CHRONY_H_
#define TIMED_SRC_CLIENT_IMPORT_CHRONY_H_

#include <string_view>

#include "imported_text.h"

namespace timed::client {

// Whether timed reads lines that begin with it, whatever the case.
bool is_directive(std::string_view word);

void import_chrony(std::string_view text, ImportedText& out);

}  // namespace timed::client

#endif  // TIMED_SRC_CLIENT_IMPORT_CHRONY_H_
