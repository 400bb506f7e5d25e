#include "src/config/access_rule.h"

#include <gtest/gtest.h>

#include "memory_files.h"
#include "timed/config/parser.h"

namespace timed::config {
namespace {

TEST(AccessRules, KeepTheirOrder) {
  MemoryFiles files;
  const ParseOutcome outcome = parse_text(files, "allow\ndeny 10\nallow all 10.1/16\ndeny all", "t.conf");
  ASSERT_TRUE(outcome.ok());
  const auto& rules = outcome.config.access;
  ASSERT_EQ(rules.size(), 4u);
  EXPECT_TRUE(rules[0].allow);
  EXPECT_FALSE(rules[0].all);
  ASSERT_EQ(rules[0].subnets.size(), 2u);
  EXPECT_EQ(rules[0].subnets[0].to_string(), "0.0.0.0/0");
  EXPECT_EQ(rules[0].subnets[1].to_string(), "::/0");
  EXPECT_FALSE(rules[1].allow);
  ASSERT_EQ(rules[1].subnets.size(), 1u);
  EXPECT_EQ(rules[1].subnets[0].to_string(), "10.0.0.0/8");
  EXPECT_TRUE(rules[2].all);
  EXPECT_EQ(rules[2].subnets[0].to_string(), "10.1.0.0/16");
  EXPECT_TRUE(rules[3].all);
  EXPECT_EQ(rules[3].subnets.size(), 2u);
}

TEST(AccessRules, TakeNamesToBeLookedUp) {
  MemoryFiles files;
  const auto outcome = parse_text(files, "allow a.example\ndeny all b-2.example\nallow localhost", "t.conf");
  ASSERT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome.warnings.empty());
  const auto& rules = outcome.config.access;
  ASSERT_EQ(rules.size(), 3u);
  for (const auto& rule : rules) EXPECT_FALSE(rule.is_known());
  EXPECT_EQ(rules[0].host, "a.example");
  EXPECT_TRUE(rules[0].allow);
  EXPECT_FALSE(rules[1].allow);
  EXPECT_TRUE(rules[1].all);
  EXPECT_EQ(rules[1].host, "b-2.example");
  EXPECT_EQ(rules[2].host, "localhost");
}

}  // namespace
}  // namespace timed::config
