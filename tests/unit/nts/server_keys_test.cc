#include "timed/nts/server_keys.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/unit/daemon/one_file.h"
#include "tests/unit/fake_timers.h"
#include "tests/unit/server/fakes.h"
#include "timed/base/log.h"

namespace timed::nts {
namespace {

using auth::AeadId;
using auth::CookieKeys;
using daemon::CapturedLog;
using daemon::OneFile;
using Lines = std::vector<std::string>;
using Origin = ServerKeys::Origin;

constexpr const char* kFile = "/d/ntskeys";
constexpr double kWeek = 604800;
// The older form, as chronyd 4.3 writes it.
const std::string kOld =
    "NKS0\n15 1000.5\n"
    "2F0E5B1D 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F\n"
    "31A4C7D6 101112131415161718191A1B1C1D1E1F000102030405060708090A0B0C0D0E0F\n"
    "56789ABF 202122232425262728292A2B2C2D2E2F000102030405060708090A0B0C0D0E0F\n"
    "0BADF004 303132333435363738393A3B3C3D3E3F000102030405060708090A0B0C0D0E0F\n";

class DiskHost : public server::FakeHost {
 public:
  explicit DiskHost(std::string path) : disk(std::move(path)) {}
  void random(std::span<std::byte> out) override {
    ++drawn;
    FakeHost::random(out);
  }
  env::Files& files() override { return disk; }

  OneFile disk;
  int drawn = 0;
};

// A machine with one file, on which one daemon after the other runs.
class ServerKeysTest : public testing::Test {
 protected:
  NtsOptions options() const {
    NtsOptions made;
    made.dump_directory = "/d";
    return made;
  }
  ServerKeys& run(const NtsOptions& with) {
    if (daemon) daemon->stop();
    changes = 0;
    latest.reset();
    daemon = std::make_unique<ServerKeys>(with, ServerKeys::Seams{host, timers, [this] { return now; }},
                                          [this](const CookieKeys& keys) {
                                            ++changes;
                                            latest = keys;
                                          });
    daemon->start();
    return *daemon;
  }
  void pass(double seconds) {
    const MonoTime until = timers.mono + Duration::seconds(seconds);
    while (!timers.queue.empty() && timers.queue.begin()->first.first <= until) {
      const auto due = timers.queue.extract(timers.queue.begin());
      advance(due.key().first - timers.mono);
      due.mapped()();
    }
    advance(until - timers.mono);
  }
  void advance(Duration d) {
    timers.mono = timers.mono + d;
    now = now + d;
  }
  std::uint32_t current() const { return latest->current().id; }

  CapturedLog log;
  DiskHost host{kFile};
  FakeTimers timers;
  LocalTime now = LocalTime::from_seconds(1'800'000'000);
  int changes = 0;
  std::optional<CookieKeys> latest;
  std::unique_ptr<ServerKeys> daemon;
};

TEST_F(ServerKeysTest, are_made_where_there_are_none_and_kept) {
  run(options());
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(latest->current().aead, AeadId::GcmSiv128);
  EXPECT_EQ(log.lines, Lines{});
  ASSERT_TRUE(host.disk.contents);
  EXPECT_EQ(host.disk.mode, 0600u);
  const auto kept = CookieKeys::read(*host.disk.contents);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->keys.current().id, current());
  EXPECT_EQ(daemon->report().origin, Origin::Generated);
}

TEST_F(ServerKeysTest, have_the_cipher_that_is_allowed) {
  NtsOptions only_siv = options();
  only_siv.aeads = {15};
  run(only_siv);
  EXPECT_EQ(latest->current().aead, AeadId::SivCmac256);
  EXPECT_EQ(host.disk.contents->substr(0, 4), "NKS0") << "which every chronyd reads";
}

TEST_F(ServerKeysTest, change_when_their_time_has_come) {
  run(options());
  const auto first = *latest;
  pass(kWeek - 1);
  EXPECT_EQ(changes, 1);
  pass(1);
  EXPECT_EQ(changes, 2);
  EXPECT_EQ(current(), first.next().id);
  EXPECT_NE(latest->find(first.current().id), nullptr);
  EXPECT_EQ(CookieKeys::read(*host.disk.contents)->keys.current().id, current()) << "written at once";
  pass(2 * kWeek);
  EXPECT_EQ(changes, 4);
  EXPECT_EQ(latest->find(first.current().id), nullptr) << "two are kept";
}

TEST_F(ServerKeysTest, age_goes_on_after_a_restart) {
  run(options());
  const std::uint32_t before = current();
  pass(100);
  run(options());
  EXPECT_EQ(current(), before);
  EXPECT_EQ(log.lines, Lines{"info: Loaded server NTS keys"});
  EXPECT_NEAR(daemon->report().age->to_seconds(), 100, 0.1);
  EXPECT_NEAR(daemon->report().next_change->to_seconds(), kWeek - 100, 0.1);
  pass(kWeek - 101);
  EXPECT_EQ(changes, 1);
  pass(2);
  EXPECT_EQ(changes, 2);
}

TEST_F(ServerKeysTest, that_are_older_than_they_may_be_change_at_once) {
  host.disk.contents = kOld;
  NtsOptions often = options();
  often.server.rotate = 1000;
  run(often);
  pass(0);
  EXPECT_EQ(changes, 2);
  EXPECT_EQ(current(), 0x0badf004u);
  EXPECT_EQ(latest->next().aead, AeadId::GcmSiv128);
}

TEST_F(ServerKeysTest, a_damaged_file_is_told_of_and_replaced) {
  host.disk.contents = kOld + "1 2 3\n";
  run(options());
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(log.lines, Lines{"error: Could not load server NTS keys : More than four keys, after the one in line 6 of "
                             "/d/ntskeys"});
  EXPECT_TRUE(CookieKeys::read(*host.disk.contents));
}

TEST_F(ServerKeysTest, a_file_that_cannot_be_written_is_told_of_and_the_keys_hold) {
  host.disk.unwritable = Error{"Could not open /d/ntskeys.tmp : Permission denied", ErrorKind::Permission};
  run(options());
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(log.lines, Lines{"error: Could not save server NTS keys : Could not open /d/ntskeys.tmp : Permission "
                             "denied"});
}

TEST_F(ServerKeysTest, without_a_directory_nothing_is_written) {
  NtsOptions none = options();
  none.dump_directory.clear();
  run(none);
  daemon->save();
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(host.disk.writes, 0u);
  EXPECT_EQ(log.lines, Lines{"warning: No ntsdumpdir to save server keys"});
  pass(kWeek);
  EXPECT_EQ(changes, 2);
}

TEST_F(ServerKeysTest, of_others_are_read_at_rekey_and_never_written_or_changed) {
  NtsOptions shared = options();
  shared.server.rotate = 0;
  host.disk.contents = kOld;
  run(shared);
  EXPECT_EQ(current(), 0x56789abfu);
  EXPECT_EQ(daemon->report().origin, Origin::Shared);
  EXPECT_FALSE(daemon->report().next_change);
  pass(100 * kWeek);
  daemon->save();
  EXPECT_EQ(changes, 1);
  EntropyPool random([this](std::span<std::byte> out) { host.random(out); });
  const auto others = CookieKeys::generate(AeadId::SivCmac256, random);
  host.disk.contents = others.to_text(Duration::zero());
  daemon->rekey();
  EXPECT_EQ(changes, 2);
  EXPECT_EQ(current(), others.current().id);
  host.disk.contents = "nonsense";
  daemon->rekey();
  EXPECT_EQ(changes, 2) << "what cannot be read leaves them";
  daemon->stop();
  EXPECT_EQ(host.disk.writes, 0u);
  EXPECT_EQ(log.lines, (Lines{"info: Loaded server NTS keys", "info: Loaded server NTS keys",
                              "error: Could not load server NTS keys : Unknown format in line 1 of /d/ntskeys"}));
}

TEST_F(ServerKeysTest, of_others_that_are_not_there_yet_are_waited_for) {
  NtsOptions shared = options();
  shared.server.rotate = 0;
  run(shared);
  EXPECT_EQ(changes, 0);
  EXPECT_EQ(daemon->keys(), nullptr);
  EXPECT_EQ(daemon->report().origin, Origin::None);
  EXPECT_EQ(host.drawn, 0) << "random ones nobody else would know";
  EXPECT_EQ(log.lines, Lines{"error: Could not load server NTS keys : Could not open /d/ntskeys : not there"});
  host.disk.contents = kOld;
  daemon->rekey();
  EXPECT_EQ(changes, 1);
}

TEST_F(ServerKeysTest, of_our_own_are_not_read_again) {
  run(options());
  host.disk.contents = kOld;
  daemon->rekey();
  EXPECT_EQ(changes, 1);
}

class SecretKeysTest : public ServerKeysTest {
 protected:
  SecretKeysTest() {
    host.disk.contents.reset();
    secret_options.server.secret_file = kFile;
    secret_options.server.rotate = 1000;
    host.disk.contents = " 000102030405060708090a0b0c0d0E0F\n";
  }
  NtsOptions secret_options;
};

TEST_F(SecretKeysTest, who_has_the_secret_has_the_same_keys_at_the_same_time) {
  run(secret_options);
  EXPECT_EQ(changes, 1);
  const auto first = *latest;
  EXPECT_EQ(daemon->report().origin, Origin::Derived);
  NtsOptions other = secret_options;
  other.aeads = {15};
  run(other);
  EXPECT_EQ(current(), first.current().id);
  EXPECT_EQ(latest->current().octets, first.current().octets);
  EXPECT_EQ(host.drawn, 0);
  EXPECT_EQ(host.disk.writes, 0u);
  EXPECT_EQ(log.lines, Lines{});
}

TEST_F(SecretKeysTest, change_with_the_date) {
  now = LocalTime::from_seconds(1'800'000'900);
  run(secret_options);
  const auto first = *latest;
  EXPECT_NEAR(daemon->report().age->to_seconds(), 900, 1e-3);
  pass(99);
  EXPECT_EQ(changes, 1);
  pass(1);
  EXPECT_EQ(changes, 2);
  EXPECT_EQ(current(), first.next().id);
  pass(3000);
  EXPECT_EQ(changes, 5);
}

TEST_F(SecretKeysTest, wait_for_a_clock_that_is_slowed_down) {
  now = LocalTime::from_seconds(1'800'000'900);
  run(secret_options);
  now = now - Duration::seconds(0.5);
  pass(100);
  EXPECT_EQ(changes, 1);
  pass(1);
  EXPECT_EQ(changes, 2);
}

TEST_F(SecretKeysTest, follow_a_clock_that_is_stepped) {
  run(secret_options);
  const auto first = *latest;
  now = now + Duration::seconds(86400);
  daemon->on_clock_stepped();
  EXPECT_EQ(changes, 2);
  EXPECT_EQ(latest->find(first.current().id), nullptr);
  daemon->on_clock_stepped();
  EXPECT_EQ(changes, 2) << "the same date";
  now = now - Duration::seconds(86400);
  daemon->on_clock_stepped();
  EXPECT_EQ(current(), first.current().id);
}

TEST_F(SecretKeysTest, change_with_the_secret_at_rekey) {
  run(secret_options);
  const auto first = *latest;
  daemon->rekey();
  EXPECT_EQ(current(), first.current().id);
  host.disk.contents = "ffffffffffffffffffffffffffffffff";
  daemon->rekey();
  EXPECT_NE(current(), first.current().id);
  const auto second = *latest;
  const Lines wrong = {"", "ff", "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0", "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0g"};
  for (const std::string& text : wrong) {
    host.disk.contents = text;
    daemon->rekey();
  }
  EXPECT_EQ(current(), second.current().id);
  const std::string shape = "error: Could not read ntskeysecret : ", in = " in /d/ntskeys";
  const std::string odd = shape + "Not an even number of hexadecimal digits" + in,
                    few = shape + "Less than 32 hexadecimal digits" + in;
  EXPECT_EQ(log.lines, (Lines{few, few, odd, odd}));
}

TEST_F(SecretKeysTest, stay_the_same_where_they_are_not_to_change) {
  secret_options.server.rotate = 0;
  run(secret_options);
  const std::uint32_t first = current();
  EXPECT_TRUE(timers.queue.empty());
  now = now + Duration::seconds(1e8);
  daemon->on_clock_stepped();
  EXPECT_EQ(current(), first);
  EXPECT_FALSE(daemon->report().age);
}

}  // namespace
}  // namespace timed::nts
