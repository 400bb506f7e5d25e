#include "timed/nts/server_keys.h"

#include <algorithm>
#include <utility>

#include "timed/auth/cookies.h"
#include "timed/auth/digest.h"
#include "timed/base/log.h"
#include "timed/base/random.h"
#include "timed/base/text.h"
#include "timed/env/file_permissions.h"

namespace timed::nts {
namespace {

constexpr std::uint32_t kFileMode = 0600;
constexpr std::size_t kMostOctets = 4096;  // of either file
constexpr Duration kMaxAge = Duration::seconds(3.2e9);
// A period may end a moment after its timer, where the clock is slowed down: then it waits so long once more.
constexpr Duration kLeastWait = Duration::seconds(1);

void tell_permissions(env::Files& files, const std::string& path) {
  if (const auto open = env::world_access(files, path)) log::warning("%s", open->c_str());
}

}  // namespace

ServerKeys::ServerKeys(const NtsOptions& options, Seams seams, Changed changed)
    : options_(options),
      path_(options.dump_directory.empty() ? std::string() : file_in(options.dump_directory)),
      seams_(std::move(seams)),
      changed_(std::move(changed)),
      timer_(seams_.timers, [this] { on_timer(); }) {}

std::string ServerKeys::file_in(const std::string& directory) {
  return directory + "/ntskeys";
}

ServerKeys::~ServerKeys() {
  auth::wipe(secret_);
}

void ServerKeys::start() {
  if (derives()) return rekey();
  if (path_.empty()) {
    log::warning("No ntsdumpdir to save server keys");
  } else if (const Status loaded = load(); !loaded) {
    // Where nothing was kept yet there is nothing to tell.
    const bool first_time = owns_file() && loaded.error().kind == ErrorKind::NotFound;
    if (!first_time) log::error("Could not load server NTS keys : %s", loaded.error().message.c_str());
  }
  if (shares_file()) return;
  if (!keys_) generate();
  if (options_.server.rotate > 0) timer_.arm_in(until_rotation());
}

void ServerKeys::stop() {
  timer_.disarm();
  save();
}

void ServerKeys::rekey() {
  if (derives()) {
    if (const Status taken = take_secret(); !taken) return log::error("%s", taken.error().message.c_str());
    period_.reset();
    return derive();
  }
  if (!shares_file()) return;
  if (const Status loaded = load(); !loaded) {
    log::error("Could not load server NTS keys : %s", loaded.error().message.c_str());
  }
}

void ServerKeys::save() {
  if (!keys_ || !owns_file()) return;
  std::string text = keys_->to_text(age());
  const Status saved = seams_.host.files().replace(path_, text, kFileMode);
  auth::wipe(std::as_writable_bytes(std::span(text)));
  if (!saved) log::error("Could not save server NTS keys : %s", saved.error().message.c_str());
}

void ServerKeys::on_clock_stepped() {
  if (!secret_.empty()) derive();
}

ServerKeys::Report ServerKeys::report() const {
  Report report;
  if (!keys_) return report;
  report.origin = origin_;
  report.keys = &*keys_;
  if (options_.server.rotate > 0 || !derives()) report.age = age();
  if (timer_.armed()) report.next_change = timer_.when() - seams_.timers.now();
  return report;
}

// The cipher of cookies: the one that makes them shorter where it may be used.  With a secret always the same, so that
// all who have it derive the same keys.
auth::AeadId ServerKeys::aead() const {
  const auto& aeads = options_.aeads;
  const bool allowed = std::find(aeads.begin(), aeads.end(), static_cast<int>(auth::AeadId::GcmSiv128)) != aeads.end();
  return allowed || derives() ? auth::AeadId::GcmSiv128 : auth::AeadId::SivCmac256;
}

Duration ServerKeys::age() const {
  return seams_.timers.now() - since_;
}

Duration ServerKeys::until_rotation() const {
  return std::max(Duration::seconds(options_.server.rotate) - age(), Duration::zero());
}

Status ServerKeys::load() {
  auto text = seams_.host.files().read(path_, kMostOctets);
  if (!text) return text.error();
  auto reading = auth::CookieKeys::read(text.take());
  if (!reading) return Error{reading.error().message + " of " + path_, ErrorKind::Invalid};
  tell_permissions(seams_.host.files(), path_);
  origin_ = shares_file() ? Origin::Shared : Origin::Generated;
  // An age that no daemon reaches is as good as the longest that it can.
  since_ = seams_.timers.now() - std::min(reading->age, kMaxAge);
  use(reading->keys);
  log::info("Loaded server NTS keys");
  return {};
}

Result<std::vector<std::byte>> ServerKeys::read_secret(const std::string& path, env::Files& files) {
  auto text = files.read(path, kMostOctets);
  if (!text) return Error{"Could not read ntskeysecret : " + text.error().message, text.error().kind};
  auto secret = auth::CookieKeys::read_secret(text.take());
  if (secret) return secret;
  return Error{"Could not read ntskeysecret : " + secret.error().message + " in " + path, ErrorKind::Invalid};
}

Status ServerKeys::take_secret() {
  const std::string& path = options_.server.secret_file;
  auto secret = read_secret(path, seams_.host.files());
  if (!secret) return secret.error();
  tell_permissions(seams_.host.files(), path);
  auth::wipe(secret_);
  secret_ = secret.take();
  return {};
}

// The pool is filled for this alone: a server without NTS draws nothing.
void ServerKeys::generate() {
  EntropyPool random([this](std::span<std::byte> out) { seams_.host.random(out); });
  origin_ = Origin::Generated;
  since_ = seams_.timers.now();
  use(auth::CookieKeys::generate(aead(), random));
  save();
}

void ServerKeys::rotate() {
  EntropyPool random([this](std::span<std::byte> out) { seams_.host.random(out); });
  auth::CookieKeys next = *keys_;
  next.rotate(aead(), random);
  since_ = seams_.timers.now();
  use(next);
  save();
  timer_.arm_in(until_rotation());
}

// Those of the period that is now; nothing changes where they are those already.  Without periods others change the
// secret.
void ServerKeys::derive() {
  const LocalTime now = seams_.now();
  const std::int64_t length = options_.server.rotate;
  const std::uint64_t period = length > 0 ? auth::CookieKeys::period_at(now, length) : 0;
  if (length > 0) {
    const auto begin = LocalTime::from_seconds(static_cast<std::int64_t>(period) * length);
    since_ = seams_.timers.now() - std::max(now - begin, Duration::zero());
    timer_.arm_in(std::max(Duration::seconds(static_cast<double>(length)) - (now - begin), kLeastWait));
  }
  if (period_ == period) return;
  auto keys = auth::CookieKeys::derive(secret_, aead(), period);
  if (!keys) return log::error("Could not derive server NTS keys");
  origin_ = Origin::Derived;
  period_ = period;
  use(*keys);
}

void ServerKeys::on_timer() {
  derives() ? derive() : rotate();
}

void ServerKeys::use(const auth::CookieKeys& keys) {
  keys_ = keys;
  // Who serves cannot tell.
  if (!auth::Cookies().use(*keys_)) log::error("Could not use server NTS keys : libcrypto has no AES");
  changed_(*keys_);
}

}  // namespace timed::nts
