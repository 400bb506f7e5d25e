#include "timed/daemon/change_mail.h"

#include <gtest/gtest.h>

namespace timed::daemon {
namespace {

TEST(ChangeMail, SaysWhoWhereWhenAndHowMuch) {
  EXPECT_EQ(change_mail({"root@example.org", Duration::seconds(0.5)}, "timed", "clock.example.org",
                        Duration::seconds(-12.3456), RawTime::from_seconds(1767225600)),
            "To: root@example.org\n"
            "Subject: timed reports change to system clock on node [clock.example.org]\n"
            "\n"
            "Date of the change, by the clock before it: 2026-01-01 00:00:00 UTC\n"
            "Adjustment (positive: the clock was slow): -12.346 seconds\n"
            "Threshold for this mail: 0.500 seconds\n");
}

}  // namespace
}  // namespace timed::daemon
