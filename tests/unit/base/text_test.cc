#include "timed/base/text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "timed/base/random.h"

namespace timed {
namespace {

TEST(Text, VisibleIsAsciiThatLeavesAMark) {
  EXPECT_TRUE(all_visible(""));
  EXPECT_TRUE(all_visible("!ntp.example-1~"));
  for (const char c : {' ', '\0', '\n', '\x7f', '\x80', '\xff'}) {
    EXPECT_FALSE(is_visible(c)) << int{c};
    EXPECT_FALSE(all_visible(std::string("a") + c));
  }
}

TEST(Format, is_printf_of_any_length) {
  EXPECT_EQ(format("%d %s %.3f", 7, "x", 1.5), "7 x 1.500");
  const std::string lengthy(5000, 'y');
  EXPECT_EQ(format("<%s>", lengthy.c_str()), "<" + lengthy + ">");
  for (std::size_t n = 509; n < 515; ++n) EXPECT_EQ(format("%s", std::string(n, 'z').c_str()).size(), n);
  EXPECT_EQ(format("%s", ""), "");
}

TEST(Words, case_is_ascii_only) {
  EXPECT_TRUE(equals_ignoring_case("MakeStep", "makestep"));
  EXPECT_FALSE(equals_ignoring_case("makestep", "makestep "));
  EXPECT_FALSE(equals_ignoring_case("\xc4", "\xe4"));
  EXPECT_EQ(lower_case("AbC@[1"), "abc@[1");
}

TEST(Words, split_with_columns) {
  const auto words = split_words(" \tserver  a.example\viburst\r\n");
  ASSERT_EQ(words.size(), 3u);
  EXPECT_EQ(words[0].text, "server");
  EXPECT_EQ(words[0].column, 2u);
  EXPECT_EQ(words[1].text, "a.example");
  EXPECT_EQ(words[1].column, 10u);
  EXPECT_EQ(words[2].text, "iburst");
  EXPECT_EQ(words[2].column, 20u);
  EXPECT_TRUE(split_words("").empty());
  EXPECT_TRUE(split_words(" \t ").empty());
}

TEST(ParseInteger, whole_tokens_only) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("-17"), -17);
  EXPECT_EQ(parse_integer("+17"), 17);
  EXPECT_EQ(parse_integer("007"), 7);
  EXPECT_EQ(parse_integer("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(parse_integer("-9223372036854775808"), INT64_MIN);
  for (const char* bad : {"", "+", "-", "+-1", "--1", "++1", "1 ", " 1", "1.0", "0x1", "1e3", "9223372036854775808"}) {
    EXPECT_FALSE(parse_integer(bad).has_value()) << bad;
  }
}

TEST(ParseInteger, prefixes_as_strtol) {
  for (const char* text : {"12abc", "-3.5", "+7", "0x10", "99999999999x", "5"}) {
    char* end = nullptr;
    const long expected = std::strtol(text, &end, 10);
    const auto got = parse_integer_prefix(text);
    ASSERT_TRUE(got.has_value()) << text;
    EXPECT_EQ(got->value, expected);
    EXPECT_EQ(got->length, static_cast<std::size_t>(end - text));
  }
  for (const char* bad : {"", "abc", "-", "+-1", "99999999999999999999"})
    EXPECT_FALSE(parse_integer_prefix(bad)) << bad;
}

// Compares with the C library's own, which is what chrony's configuration files were written against.
void expect_as_strtod(const std::string& token) {
  char* end = nullptr;
  const double expected = std::strtod(token.c_str(), &end);
  const auto length = static_cast<std::size_t>(end - token.c_str());
  const auto got = parse_real_prefix(token);
  if (length == 0) {
    EXPECT_FALSE(got.has_value()) << token;
    return;
  }
  ASSERT_TRUE(got.has_value()) << token;
  EXPECT_EQ(got->length, length) << token;
  if (std::isnan(expected)) {
    EXPECT_TRUE(std::isnan(got->value)) << token;
  } else {
    EXPECT_EQ(got->value, expected) << token;
    EXPECT_EQ(std::signbit(got->value), std::signbit(expected)) << token;
  }
}

TEST(ParseSaturatedPrefix, IsTheLargestWhereANumberDoesNotFit) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const struct {
    const char* text;
    int base;
    std::int64_t value;
    std::size_t length;
  } cases[] = {{"12x", 10, 12, 2},
               {"-7", 10, -7, 2},
               {"+7", 10, 7, 2},
               {"f3g", 16, 0xf3, 2},
               {"-A", 16, -10, 2},
               {"0x10", 16, 0, 1},
               {"99999999999999999999y", 10, kMost, 20},
               {"-99999999999999999999", 10, -kMost, 21}};
  for (const auto& c : cases) {
    const auto got = parse_saturated_prefix(c.text, c.base);
    ASSERT_TRUE(got.has_value()) << c.text;
    EXPECT_EQ(got->value, c.value) << c.text;
    EXPECT_EQ(got->length, c.length) << c.text;
  }
  for (const char* bad : {"", "-", "+", "+-1", "--1", "-+1", "x", " 1"})
    EXPECT_FALSE(parse_saturated_prefix(bad)) << bad;
}

TEST(ParseReal, matrix_against_strtod) {
  for (const std::string sign : {"", "+", "-", "+-", "--"}) {
    for (const std::string body : {"",
                                   "0",
                                   "1",
                                   "00012",
                                   ".5",
                                   "5.",
                                   ".",
                                   "1.25",
                                   "1e3",
                                   "1e",
                                   "1e+",
                                   "1e-",
                                   "1e+2",
                                   "1E-2",
                                   "1.e1",
                                   ".e1",
                                   "1e400",
                                   "1e-400",
                                   "0e400",
                                   "4.9e-324",
                                   "2e-324",
                                   "1.7976931348623157e308",
                                   "1.7976931348623159e308",
                                   "inf",
                                   "INF",
                                   "infinity",
                                   "Infinit",
                                   "in",
                                   "nan",
                                   "NaN",
                                   "nan(",
                                   "nan(1)",
                                   "nan(ab_1)",
                                   "nan()",
                                   "nan(-)",
                                   "na",
                                   "0x",
                                   "0X",
                                   "0x1",
                                   "0xa.8",
                                   "0x.8",
                                   "0x.",
                                   "0x1p",
                                   "0x1p+",
                                   "0x1p4",
                                   "0x1P-4",
                                   "0xp1",
                                   "0x-1",
                                   "0x+1",
                                   "0xinf",
                                   "0xnan",
                                   "0x0x1",
                                   "0x1p2000",
                                   "0x1p-2000",
                                   "x1",
                                   "1x",
                                   "1_000",
                                   "1,5",
                                   "1.5.5",
                                   "e5",
                                   "p5",
                                   "1e5e5",
                                   "1e99999999999999999999",
                                   "1e-99999999999999999999",
                                   "0x1p99999999999999999999",
                                   "1e9223372036854775807",
                                   "1e-9223372036854775808",
                                   "0.1e-9223372036854775808",
                                   "0x1p9223372036854775807",
                                   "0x.01p-9223372036854775808"}) {
      for (const std::string tail : {"", "x", "s", "."}) expect_as_strtod(sign + body + tail);
    }
  }
  const std::string zeros(400, '0');
  for (const std::string& token :
       {"1" + zeros, "1" + zeros + "e-1", "1" + zeros + "e-400", "0." + zeros + "1", "0." + zeros + "1e1",
        "0." + zeros + "1e401", "0xa" + zeros, "0xa" + zeros + "p-1", "0x0." + zeros + "a", "0x0." + zeros + "ap+1"}) {
    expect_as_strtod(token);
  }
}

TEST(ParseReal, random_tokens_against_strtod) {
  constexpr std::string_view kAlphabet = "0011223456789..eE+-xXpPaf inNaty()";
  SeededRandom random(20260802);
  for (int i = 0; i < 200000; ++i) {
    std::string token;
    const std::uint64_t length = random.below(12);
    for (std::uint64_t k = 0; k < length; ++k) token += kAlphabet[random.below(kAlphabet.size())];
    if (!token.empty() && is_space(token[0])) continue;
    expect_as_strtod(token);
    if (HasFailure()) return;
  }
}

TEST(NearestWord, finds_what_was_meant) {
  constexpr std::array<std::string_view, 5> kWords = {"server", "makestep", "maxupdateskew", "maxslewrate", "pool"};
  EXPECT_EQ(nearest_word("sever", kWords), "server");
  EXPECT_EQ(nearest_word("sevrer", kWords), "server");
  EXPECT_EQ(nearest_word("MAKESTPE", kWords), "makestep");
  EXPECT_EQ(nearest_word("maxslewrat", kWords), "maxslewrate");
  EXPECT_EQ(nearest_word("MakeS", kWords), "makestep") << "as far as it goes";
  EXPECT_EQ(nearest_word("max", kWords), "") << "two go on like that";
  EXPECT_EQ(nearest_word("mak", kWords), "makestep");
  EXPECT_EQ(nearest_word("xyz", kWords), "");
  EXPECT_EQ(nearest_word("", kWords), "");
  EXPECT_EQ(nearest_word("serve", {}), "");
}

}  // namespace
}  // namespace timed
