// Opening and writing files so that nobody who may write to the directory can make us follow a link of his.
#ifndef TIMED_SRC_OS_FILE_IO_H_
#define TIMED_SRC_OS_FILE_IO_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "timed/base/result.h"
#include "timed/os/descriptor.h"

namespace timed::os {

// As open(2).  Where root may not pass by the permissions of files, as the owner of the directory.
Descriptor open_file(const std::string& path, int flags, std::uint32_t mode = 0);
// Fails where the name is that of a device.
Status refuse_device(const std::string& path);
// A new file, whatever was there before but a device: an old one or a link is removed, never opened.
Result<Descriptor> create_exclusively(const std::string& path, std::uint32_t mode);
// All of it; false with errno set.
bool write_all(const Descriptor& descriptor, std::string_view text);
// For appending, created where it is missing; a link is refused.
Result<Descriptor> open_for_appending(const std::string& path, std::uint32_t mode);

}  // namespace timed::os

#endif  // TIMED_SRC_OS_FILE_IO_H_
