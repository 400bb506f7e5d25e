#include "timed/discipline/temperature.h"

#include <gtest/gtest.h>

#include <cmath>

namespace timed::discipline {
namespace {

TEST(TemperatureCurve, IsAPolynomial) {
  const TemperatureCurve curve(TemperatureOptions{
      .file = "/t", .interval = {}, .t0 = 26000, .k0 = 0.1, .k1 = 0.0003, .k2 = 2e-8, .points_file = {}});
  EXPECT_NEAR(curve.at(26000).to_ppm(), 0.1, 1e-12);
  EXPECT_NEAR(curve.at(27000).to_ppm(), 0.1 + 0.3 + 0.02, 1e-12);
  EXPECT_NEAR(curve.at(20000).to_ppm(), 0.1 - 1.8 + 0.72, 1e-12);
}

TEST(TemperatureCurve, GoesThroughItsPoints) {
  const TemperatureCurve curve({{10, Frequency::ppm(1)}, {20, Frequency::ppm(3)}, {40, Frequency::ppm(2)}});
  EXPECT_NEAR(curve.at(10).to_ppm(), 1.0, 1e-12);
  EXPECT_NEAR(curve.at(15).to_ppm(), 2.0, 1e-12);
  EXPECT_NEAR(curve.at(20).to_ppm(), 3.0, 1e-12);
  EXPECT_NEAR(curve.at(30).to_ppm(), 2.5, 1e-12);
  // The first and the last line go on.
  EXPECT_NEAR(curve.at(0).to_ppm(), -1.0, 1e-12);
  EXPECT_NEAR(curve.at(80).to_ppm(), 0.0, 1e-12);
}

// Two points of one temperature say nothing about others: no number comes out that could be believed.
TEST(TemperatureCurve, PointsOfOneTemperatureGiveNothingFinite) {
  const TemperatureCurve curve({{10, Frequency::ppm(1)}, {10, Frequency::ppm(3)}});
  EXPECT_FALSE(std::isfinite(curve.at(10).to_ratio()));
  EXPECT_FALSE(std::isfinite(curve.at(11).to_ratio()));
}

TEST(TemperaturePoints, OneALine) {
  const auto points = parse_temperature_points("20000 1.0\n  21000\t0.64  \r\n-5 -0.36");
  ASSERT_TRUE(points.has_value());
  ASSERT_EQ(points->size(), 3u);
  EXPECT_EQ((*points)[0].temperature, 20000);
  EXPECT_EQ((*points)[1].compensation, Frequency::ppm(0.64));
  EXPECT_EQ((*points)[2].temperature, -5);
  EXPECT_EQ((*points)[2].compensation, Frequency::ppm(-0.36));
  EXPECT_TRUE(parse_temperature_points("")->empty());
}

TEST(TemperaturePoints, AnythingElseIsNone) {
  for (const char* text : {"1 2\n\n3 4\n", "# points\n1 2\n", "1\n2 3\n", "1 x\n", "x 1\n", "nan 1\n", "1 inf\n"}) {
    EXPECT_FALSE(parse_temperature_points(text).has_value()) << text;
  }
}

TEST(Temperature, IsTheFirstNumber) {
  EXPECT_EQ(parse_temperature("45000\n"), 45000.0);
  EXPECT_EQ(parse_temperature("  -3.5e1 C\n"), -35.0);
  EXPECT_EQ(parse_temperature("27.5C"), 27.5);
  for (const char* text : {"", "\n", "hot", "nan", "inf"}) EXPECT_FALSE(parse_temperature(text).has_value()) << text;
}

}  // namespace
}  // namespace timed::discipline
