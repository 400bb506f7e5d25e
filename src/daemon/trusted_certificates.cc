#include "timed/daemon/trusted_certificates.h"

#include <utility>

#include "timed/base/log.h"

namespace timed::daemon {
namespace {

constexpr std::uint32_t kSystemSet = 0;
constexpr std::size_t kMaxFile = 8u << 20;

}  // namespace

TrustedCertificates::TrustedCertificates(const nts::NtsClientOptions& options, env::Files& files,
                                         nts::SystemCertificates system)
    : options_(options), files_(files), system_(std::move(system)) {}

const nts::TrustStore* TrustedCertificates::set(std::uint32_t id) {
  auto& store = sets_[id];
  if (!store) {
    store = std::make_unique<nts::TrustStore>();
    if (id == kSystemSet && !options_.no_system_certificates) add_system(*store);
    for (const nts::TrustedCertificates& line : options_.trusted) {
      if (line.set != id) continue;
      const auto info = files_.info(line.path);
      info.ok() && info->is_directory ? add_directory(line.path, *store) : add_file(line.path, *store);
    }
  }
  return store->size() > 0 ? store.get() : nullptr;
}

// All of it from one place: others have the same again, and each is read whenever keys are fetched.
void TrustedCertificates::add_system(nts::TrustStore& to) {
  for (const std::string& file : system_.files) {
    if (files_.info(file).ok()) add_file(file, to);
    if (to.size() > 0) return;
  }
  for (const std::string& directory : system_.directories) {
    if (files_.info(directory).ok()) add_directory(directory, to);
    if (to.size() > 0) return;
  }
  log::warning("Could not find certificates of the system");
}

void TrustedCertificates::add_file(const std::string& path, nts::TrustStore& to) {
  const auto text = files_.read(path, kMaxFile);
  if (!text) {
    log::warning("%s", text.error().message.c_str());
    return;
  }
  if (const auto added = to.add(*text, path); !added) log::warning("%s", added.error().message.c_str());
}

// All files, whatever their names: what is no certificate may stand beside them.
void TrustedCertificates::add_directory(const std::string& path, nts::TrustStore& to) {
  const auto names = files_.list(path);
  if (!names) {
    log::warning("%s", names.error().message.c_str());
    return;
  }
  const std::string prefix = path + "/";
  for (const std::string& name : *names) {
    const std::string file = prefix + name;
    const auto info = files_.info(file);
    if (!info.ok() || info->is_directory) continue;
    const auto text = files_.read(file, kMaxFile);
    const auto added = text ? to.add(*text, file) : Result<std::size_t>(text.error());
    if (!added) log::debug("%s", added.error().message.c_str());
  }
}

}  // namespace timed::daemon
