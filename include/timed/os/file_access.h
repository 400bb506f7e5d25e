// What this process may do with a file, and where the file really is.
#ifndef TIMED_OS_FILE_ACCESS_H_
#define TIMED_OS_FILE_ACCESS_H_

#include <string>

#include "timed/base/result.h"

namespace timed::os {

// Asked of the kernel, who knows more than permission bits say: lists of access, file systems that are read-only, and
// the way to the file.  A directory must let in as well.
Status may_read(const std::string& path);
Status may_write(const std::string& path);

// Links followed to their end; the path itself where that does not lead anywhere.
std::string true_path(const std::string& path);

}  // namespace timed::os

#endif  // TIMED_OS_FILE_ACCESS_H_
