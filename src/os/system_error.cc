#include "system_error.h"

#include <cerrno>
#include <cstring>
#include <string>

namespace timed::os {
namespace {

ErrorKind kind_of(int number) {
  switch (number) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return ErrorKind::NotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorKind::Permission;
    case EADDRINUSE:
      return ErrorKind::AddressInUse;
    case EADDRNOTAVAIL:
    case ENETUNREACH:
    case EHOSTUNREACH:
      return ErrorKind::NoAddress;
    case ENOBUFS:
    case ENOMEM:
    case EAGAIN:
      return ErrorKind::NoRoom;
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case EOPNOTSUPP:
    case ENOPROTOOPT:
    case ENOSYS:
      return ErrorKind::Unsupported;
    case EINVAL:
    case EISDIR:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
    case EFBIG:
      return ErrorKind::Invalid;
    default:
      return ErrorKind::Other;
  }
}

}  // namespace

Error system_error(std::string_view what, int number) {
  // strerror is not safe beside the resolver's thread.
  const char* reason = ::strerrordesc_np(number);
  std::string message(what);
  message += " : ";
  message += reason != nullptr ? reason : "Unknown error";
  return {message, kind_of(number)};
}

Error path_error(std::string_view verb, std::string_view path, int number) {
  std::string what = "Could not ";
  what += verb;
  what += ' ';
  what += path;
  return system_error(what, number);
}

}  // namespace timed::os
