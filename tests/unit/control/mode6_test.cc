#include "timed/control/mode6.h"

#include <gtest/gtest.h>

#include "datagrams.h"

namespace timed::control {
namespace {

Bytes text_bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}
std::string as_text(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte b : bytes) text.push_back(static_cast<char>(b));
  return text;
}
Mode6Question question(std::uint8_t operation, std::uint16_t association = 0) {
  Mode6Question q;
  q.operation = operation;
  q.sequence = 0x0102;
  q.association = association;
  q.well_formed = true;
  return q;
}

TEST(Mode6, ReadsWhatNtpqSends) {
  for (const char* first : {"16", "d6", "0e", "26"}) {  // classic, ntpsec's, versions 1 and 4
    const auto q = read_mode6(from_hex(std::string(first) + "02 0102 0000 0003 0000 0000"));
    ASSERT_TRUE(q);
    EXPECT_TRUE(q->well_formed);
    EXPECT_EQ(q->operation, 2);
    EXPECT_EQ(q->sequence, 0x0102);
    EXPECT_EQ(q->association, 3);
    EXPECT_TRUE(q->names.empty());
  }
}

TEST(Mode6, ReadsNamesOfVariables) {
  Bytes bytes = from_hex("1602 0102 0000 0000 0000 0011");
  const Bytes names = text_bytes("stratum, ,offset\n");
  bytes.insert(bytes.end(), names.begin(), names.end());
  bytes.resize(32);
  const auto q = read_mode6(bytes);
  ASSERT_TRUE(q && q->well_formed);
  EXPECT_EQ(q->names, (std::vector<std::string>{"stratum", "offset"}));
}

TEST(Mode6, NeverAnswersAnAnswerOrWhatIsNoQuestion) {
  for (const char* hex : {"1682 0102 0000 0000 0000 0000",  // an answer
                          "1642 0102 0000 0000 0000 0000",  // an error
                          "1622 0102 0000 0000 0000 0000",  // more follows
                          "1602 0102 0000 0000 0004 0000",  // a later fragment
                          "1702 0102 0000 0000 0000 0000",  // mode 7
                          "1302 0102 0000 0000 0000 0000",  // mode 3
                          "0602 0102 0000 0000 0000 0000",  // version 0
                          "2e02 0102 0000 0000 0000 0000",  // version 5
                          "1602 0102 0000 0000 0000 00",    // too short
                          ""}) {
    EXPECT_FALSE(read_mode6(from_hex(hex))) << hex;
  }
  EXPECT_FALSE(read_mode6(from_hex("1602 0102 0000 0000 0000 0000", kMode6MaxQuestion + 4)));
}

// CVE-2019-6442 to 6445: ntpsec's parser of mode 6 read and wrote beyond the packet.
TEST(Cve2019x6442, AQuestionThatSaysMoreThanItHasIsMalformed) {
  for (const std::size_t size : {12u, 16u, 100u, 480u}) {
    for (const unsigned count : {1u, 4u, 468u, 0x7fffu, 0x8000u, 0xffffu}) {
      Bytes bytes = from_hex("1602 0102 0000 0000 0000 0000", size);
      store_be<std::uint16_t>(&bytes[10], static_cast<std::uint16_t>(count));
      const auto q = read_mode6(bytes);
      ASSERT_TRUE(q);
      EXPECT_EQ(q->well_formed, count <= size - 12) << count << " in " << size;
    }
  }
}

// Names are not collected without end.
TEST(Mode6, KeepsOnlySoManyNames) {
  Bytes bytes = from_hex("1602 0102 0000 0000 0000 01d4", 480);
  for (std::size_t i = 12; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i % 2 == 0 ? 'a' : ',');
  EXPECT_EQ(read_mode6(bytes)->names.size(), 64u);
}

TEST(Mode6, TellsWhatIsMalformed) {
  EXPECT_FALSE(read_mode6(from_hex("1602 0102 0000 0000 0000 0001"))->well_formed);
  EXPECT_FALSE(read_mode6(from_hex("1602 0102 0000 0000 0000 0000 00"))->well_formed);
}

TEST(Mode6, WritesTextInLines) {
  std::vector<Mode6Variable> variables;
  for (int i = 0; i < 10; ++i) variables.push_back({"variable" + std::to_string(i), "0123456789"});
  const std::string text = as_text(mode6_text(variables, {}));
  EXPECT_EQ(text.substr(0, 43), "variable0=0123456789, variable1=0123456789,");
  EXPECT_EQ(text.substr(text.size() - 2), "\r\n");
  std::size_t line = 0;
  for (const char c : text) {
    line = c == '\n' ? 0 : line + 1;
    EXPECT_LE(line, 75u);
  }
  EXPECT_EQ(as_text(mode6_text(variables, std::vector<std::string>{"variable3", "none", "variable1"})),
            "variable3=0123456789, variable1=0123456789\r\n");
  EXPECT_TRUE(mode6_text(variables, std::vector<std::string>{"none"}).empty());
}

TEST(Mode6, AnswersInOneDatagram) {
  Mode6Answer answer;
  answer.status = 0x0615;
  answer.data = text_bytes("stratum=2\r\n");
  const auto datagrams = write_mode6(question(2, 7), ntp::Leap::Insert, answer, Mode6Limits::local());
  ASSERT_EQ(datagrams.size(), 1u);
  EXPECT_EQ(datagrams[0], from_hex("5682 0102 0615 0007 0000 000b 7374 7261 7475 6d3d 320d 0a00"));
}

TEST(Mode6, FragmentsForThisMachine) {
  Mode6Answer answer;
  answer.data.resize(1000, std::byte{'x'});
  const auto datagrams = write_mode6(question(2), ntp::Leap::Normal, answer, Mode6Limits::local());
  ASSERT_EQ(datagrams.size(), 3u);
  std::size_t at = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(std::to_integer<int>(datagrams[i][1]), i < 2 ? 0xa2 : 0x82);
    EXPECT_EQ(load_be<std::uint16_t>(&datagrams[i][8]), at);
    at += load_be<std::uint16_t>(&datagrams[i][10]);
    EXPECT_EQ(datagrams[i].size() % 4, 0u);
    EXPECT_LE(datagrams[i].size(), kMode6MaxQuestion);
  }
  EXPECT_EQ(at, 1000u);
  answer.data.resize(1 << 20);
  EXPECT_EQ(write_mode6(question(1), ntp::Leap::Normal, answer, Mode6Limits::local()).size(), kMode6MaxDatagrams);
}

// CVE-2013-5211 and its kind: a small question from somebody else's address, a large answer to him.
TEST(Cve2013x5211, AnAnswerToElsewhereIsNoLongerThanItsQuestion) {
  for (std::size_t asked = kMode6Header; asked <= kMode6MaxQuestion; asked += 4) {
    for (const std::size_t size : {0u, 1u, 4u, 100u, 468u, 5000u}) {
      Mode6Answer answer;
      answer.data.resize(size);
      const auto datagrams = write_mode6(question(2), ntp::Leap::Normal, answer, Mode6Limits::remote(asked));
      ASSERT_EQ(datagrams.size(), 1u);
      ASSERT_LE(datagrams[0].size(), asked);
      const bool fits = (size + 3) / 4 * 4 <= asked - kMode6Header;
      EXPECT_EQ(std::to_integer<int>(datagrams[0][1]) & 0x40, fits ? 0 : 0x40);
    }
  }
}

TEST(Mode6, AnswersAnErrorInTheStatus) {
  Mode6Answer answer;
  answer.error = Mode6Error::BadAssociation;
  answer.data.resize(100);
  const auto datagrams = write_mode6(question(2, 9), ntp::Leap::Unsynchronised, answer, Mode6Limits::remote(12));
  ASSERT_EQ(datagrams.size(), 1u);
  EXPECT_EQ(datagrams[0], from_hex("d6c2 0102 0400 0009 0000 0000"));
  EXPECT_FALSE(read_mode6(datagrams[0]));
}

}  // namespace
}  // namespace timed::control
