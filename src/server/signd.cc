// Samba answers in the order in which it is asked, so one question at a time is under way.  What is wrong with a reply
// is wrong with the connection: it is closed, and what waited for it is lost.
#include "timed/server/signd.h"

#include <algorithm>
#include <utility>

#include "timed/base/bytes.h"
#include "timed/base/log.h"

namespace timed::server {
namespace {

constexpr std::uint32_t kVersion = 0;
constexpr std::uint32_t kSignToClient = 0;
constexpr std::uint32_t kSuccess = 3;
constexpr std::size_t kLengthSize = 4;

}  // namespace

Signd::Signd(const std::string& directory, env::Network& network, Send send)
    : path_(directory + "/socket"), network_(network), send_(std::move(send)) {}

void Signd::sign(std::size_t place, const env::Datagram& answer) {
  if (count_ == kWaiting || !connect()) {
    ++lost_;
    return;
  }
  waiting_[(first_ + count_++) % kWaiting] = {place, answer};
  ask();
}

bool Signd::connect() {
  if (connection_) return true;
  auto opened = network_.connect_unix(path_);
  if (!opened) {
    if (!std::exchange(told_, true)) {
      log::error("Could not connect to signd socket %s : %s", path_.c_str(), opened.error().reason().c_str());
    }
    return false;
  }
  told_ = false;
  connection_ = opened.take();
  connection_->on_event([this] { on_event(); });
  return true;
}

// The next question, where none is under way.
void Signd::ask() {
  if (asked_ || count_ == 0) return;
  const env::Datagram& answer = waiting_[first_].answer;
  ByteWriter into(question_);
  into.u32(kQuestionSize - kLengthSize);
  into.u32(kVersion);
  into.u32(kSignToClient);
  into.u16(++id_);
  into.u16(0);
  into.bytes(std::span(answer.data).subspan<ntp::kHeaderSize, 4>());
  into.bytes(std::span(answer.data).first<ntp::kHeaderSize>());
  asked_ = true;
  pushed_ = taken_ = 0;
  push();
}

void Signd::push() {
  const auto sent = connection_->send(std::span(question_).subspan(pushed_));
  if (!sent) return give_up();
  pushed_ += *sent;
  connection_->want_room(pushed_ < question_.size());
}

void Signd::on_event() {
  if (asked_ && pushed_ < question_.size()) push();
  if (!connection_) return;
  const env::StreamRead read = connection_->receive(std::span(reply_).subspan(taken_));
  taken_ += read.size;
  // Other lengths are refusals, or nothing that we know.
  const bool wrong = taken_ >= kLengthSize && load_be<std::uint32_t>(reply_.data()) != kReplySize - kLengthSize;
  if (!asked_ ? read.size > 0 || read.ended : wrong || read.ended) return give_up();
  if (!asked_ || taken_ < reply_.size()) return;
  if (!take_reply()) return give_up();
  ask();
}

bool Signd::take_reply() {
  ByteReader from(reply_);
  from.skip(kLengthSize);
  if (from.u32() != kVersion || from.u32() != kSuccess || from.u32() != id_) return false;
  Waiting& done = waiting_[first_];
  std::copy_n(reply_.end() - kSignedSize, kSignedSize, done.answer.data.begin());
  done.answer.size = kSignedSize;
  first_ = (first_ + 1) % kWaiting;
  --count_;
  asked_ = false;
  taken_ = 0;
  ++signed_;
  send_(done.place, done.answer);
  return true;
}

void Signd::give_up() {
  lost_ += count_;
  count_ = 0;
  asked_ = false;
  taken_ = 0;
  connection_.reset();
}

}  // namespace timed::server
