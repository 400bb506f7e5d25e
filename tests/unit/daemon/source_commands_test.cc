#include "timed/daemon/source_commands.h"

#include <gtest/gtest.h>

namespace timed::daemon {
namespace {

sources::SourceLine added(const control::AddSourceRequest& request) {
  const auto line = line_of(request);
  if (!std::holds_alternative<sources::SourceLine>(line)) {
    ADD_FAILURE() << "refused";
    return {};
  }
  return std::get<sources::SourceLine>(line);
}

control::AddSourceRequest server(const char* name) {
  control::AddSourceRequest request;
  request.name = name;
  return request;
}

TEST(AddSource, WithoutOptionsIsALineWithoutOptions) {
  sources::SourceLine plain;
  plain.name = "ntp.example";
  EXPECT_EQ(added(server("ntp.example")), plain);
}

// As the request of chronyc 4.3 has it.
TEST(AddSource, NoUnreachableAnswersAtAllMeansTheUsualNumber) {
  control::AddSourceRequest request = server("ntp.example");
  request.max_unreach = 0;
  EXPECT_EQ(added(request).max_unreach, 100000u);
  request.max_unreach = 5;
  EXPECT_EQ(added(request).max_unreach, 5u);
}

// As chronyd takes them.
TEST(AddSource, BringsWhatIsOutOfRangeIntoIt) {
  control::AddSourceRequest request = server("ntp.example");
  request.port = 65536 + 123;
  request.max_poll = 77;
  EXPECT_EQ(added(request).port, 123);
  EXPECT_EQ(added(request).poll.max_poll, 24);
  request.min_stratum = request.version = request.poll_target = 0xffffffff;  // -1
  EXPECT_EQ(added(request).check.min_stratum, 0);
  EXPECT_EQ(added(request).version, 1);
  EXPECT_EQ(added(request).poll.poll_target, 1);
  request.max_poll = -0x7fffffff;
  EXPECT_EQ(added(request).poll.max_poll, 10);
}

TEST(AddSource, KnowsWhereKeysAreEstablishedAndWhoIsTrustedThere) {
  control::AddSourceRequest request = server("ntp.example");
  request.flags |= control::AddSourceRequest::kNts;
  request.nts_port = 14460;
  request.cert_set = 4'000'000'000;
  EXPECT_TRUE(added(request).nts);
  EXPECT_EQ(added(request).nts_port, 14460);
  EXPECT_EQ(added(request).cert_set, 4'000'000'000u);
}

TEST(AddSource, RefusesNamesThatAreNone) {
  EXPECT_EQ(std::get<control::ReplyStatus>(line_of(server(""))), control::ReplyStatus::InvalidName);
  EXPECT_EQ(std::get<control::ReplyStatus>(line_of(server("a b"))), control::ReplyStatus::InvalidName);
  control::AddSourceRequest endless = server("ntp.example");
  endless.name_complete = false;
  EXPECT_EQ(std::get<control::ReplyStatus>(line_of(endless)), control::ReplyStatus::InvalidName);
  control::AddSourceRequest other = server("ntp.example");
  other.type = static_cast<control::AddSourceRequest::Type>(4);
  EXPECT_EQ(std::get<control::ReplyStatus>(line_of(other)), control::ReplyStatus::Invalid);
}

}  // namespace
}  // namespace timed::daemon
