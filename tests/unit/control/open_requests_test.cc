#include "timed/control/open_requests.h"

#include <gtest/gtest.h>

#include <vector>

namespace timed::control {
namespace {

std::vector<std::size_t> codes(const std::set<OpenReport>& reports) {
  std::vector<std::size_t> set;
  const OpenRequests open = open_requests(reports);
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (open.test(i)) set.push_back(i);
  }
  return set;
}

TEST(OpenRequests, AreNineByDefault) {
  EXPECT_EQ(codes(ControlOptions().open_reports), (std::vector<std::size_t>{14, 15, 33, 34, 35, 41, 44, 51, 65}));
}

TEST(OpenRequests, AreThoseOfEveryReport) {
  using R = OpenReport;
  const struct {
    R report;
    std::vector<std::size_t> codes;
  } kCases[] = {{R::Activity, {44}},       {R::Authdata, {14, 67}},      {R::Clients, {68}},
                {R::Manual, {41}},         {R::Ntpdata, {14, 57}},       {R::Rtcdata, {35}},
                {R::Selectdata, {14, 69}}, {R::Serverstats, {54}},       {R::Smoothing, {51}},
                {R::Sourcename, {65}},     {R::Sources, {14, 15}},       {R::Sourcestats, {14, 34}},
                {R::Tracking, {33}},       {R::Daemonstatus, {75}},      {R::Reloadstatus, {75, 76}},
                {R::Serververdicts, {77}}, {R::Sourceverdicts, {14, 78}},
                {R::Ntsserver, {79}},      {R::Estimators, {14, 80}}};
  std::set<R> all;
  for (const auto& c : kCases) {
    EXPECT_EQ(codes({c.report}), c.codes);
    all.insert(c.report);
  }
  EXPECT_TRUE(codes({}).empty());
  for (const std::size_t place : codes(all)) {
    const std::size_t code = place < kRequestCodes ? place : place - kRequestCodes + kFirstOwnCode;
    const Access access = request_row(static_cast<std::uint16_t>(code))->access;
    EXPECT_TRUE(access == Access::Open || access == Access::Openable) << code;
  }
}

}  // namespace
}  // namespace timed::control
