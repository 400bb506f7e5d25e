// A refusal (NAK) carries no proof of who sent it.  So it changes nothing by itself: only where no authentic response
// has come by the next poll the keys are given up, and even then a new establishment waits until its time has come.  An
// attacker that can forge refusals can stop the packets as well, and gains nothing.
#include "timed/sources/nts_auth.h"

#include <algorithm>
#include <utility>

namespace timed::sources {
namespace {

Duration retry_delay(int first_log2, unsigned attempts) {
  const int doubled = static_cast<int>(std::min(attempts, 32u)) - 1;
  return Duration::seconds(static_cast<double>(1u << std::clamp(first_log2 + doubled, 0, NtsAuth::kRetryMost)));
}

}  // namespace

bool NtsAuth::begin_request(MonoTime now) {
  if (std::exchange(refused_, false)) on_refused();
  if (is_old(now)) client_.reset();
  const bool has_cookies = client_ && client_->cookies() > 0;
  if (has_cookies || fetching_ || (next_attempt_ && now < *next_attempt_)) return false;
  fetching_ = true;
  ++attempts_;
  return true;
}

void NtsAuth::on_refused() {
  if (client_ && other_keys_) {
    client_->use_keys(*std::exchange(other_keys_, std::nullopt));
    return;
  }
  client_.reset();
}

std::optional<std::size_t> NtsAuth::write(std::span<std::byte> packet, std::size_t size, EntropyPool& random) {
  const std::size_t written = client_ ? client_->write(packet, size, random) : 0;
  starved_ = written == 0;
  return starved_ ? std::nullopt : std::optional(written);
}

bool NtsAuth::is_authentic(const ntp::PacketView& packet) {
  const auth::NtsReply reply = client_ ? client_->check(packet) : auth::NtsReply::Refused;
  if (reply == auth::NtsReply::Nak) refused_ = true;
  if (reply != auth::NtsReply::Authentic) return false;
  // The keys are right: a later refusal says that the server has lost them.
  other_keys_.reset();
  refused_ = false;
  attempts_ = 0;
  return true;
}

bool NtsAuth::take_keys(const auth::NtsSession& session, const discipline::Now& now) {
  fetching_ = false;
  const bool is_saved = session.number != 0;
  next_attempt_ = now.mono + retry_delay(kRetryEstablishment, attempts_);
  auto client = auth::NtsClient::make(session.keys);
  if (!client) return false;
  for (const auto& cookie : session.cookies) client->add_cookie(cookie);
  if (client->cookies() == 0) return false;
  client_ = std::make_unique<auth::NtsClient>(std::move(*client));
  other_keys_ = session.other_keys;
  refused_ = false;
  // One that was established later than now was so by a clock that was wrong.
  established_ = now.mono - std::max(now.local - session.established, Duration::zero());
  establishments_ = is_saved ? session.number : establishments_ + 1;
  if (!is_saved) return true;
  // Nobody was asked for them: where they turn out to be of no use, others may be fetched at once.
  attempts_ = 0;
  next_attempt_.reset();
  return true;
}

void NtsAuth::on_failure(NtsFailure failure, MonoTime now) {
  fetching_ = false;
  switch (failure) {
    case NtsFailure::NotStarted:
      next_attempt_ = now + kRetryStart;
      return;
    case NtsFailure::NoConnection:
      next_attempt_ = now + retry_delay(kRetryConnection, attempts_);
      return;
    case NtsFailure::NotEstablished:
      next_attempt_ = now + retry_delay(kRetryEstablishment, attempts_);
      return;
  }
}

void NtsAuth::forget() {
  *this = NtsAuth(refresh_);
}

std::optional<auth::NtsSession> NtsAuth::session(const discipline::Now& now) const {
  if (!client_ || client_->cookies() == 0 || refused_ || !established_) return std::nullopt;
  auth::NtsSession session;
  session.keys = client_->keys();
  session.other_keys = other_keys_;
  for (std::size_t i = 0; i < client_->cookies(); ++i) {
    const auto cookie = client_->cookie(i);
    session.cookies.emplace_back(cookie.begin(), cookie.end());
  }
  session.established = now.local + (*established_ - now.mono);
  session.number = establishments_;
  return session;
}

NtsReport NtsAuth::report(MonoTime now) const {
  NtsReport r;
  r.establishments = establishments_;
  r.attempts = static_cast<std::uint16_t>(std::min(attempts_, 0xffffu));
  if (established_) r.established = now - *established_;
  r.nak = refused_;
  if (!client_) return r;
  r.aead = client_->aead();
  r.cookies = client_->cookies();
  r.cookie_size = client_->cookie_size();
  return r;
}

}  // namespace timed::sources
