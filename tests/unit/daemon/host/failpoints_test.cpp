#include "daemon/host/failpoints.h"

#include <catch2/catch.hpp>

namespace lodge::host {
namespace {

TEST_CASE("a failpoint fails where it is named, and nowhere else") {
  const auto points = Failpoints::parse("start.planned:fail,stop.*:fail").value();
  CHECK_FALSE(points.reached("start.planned"));
  CHECK_FALSE(points.reached("stop.released"));
  CHECK(points.reached("start.checked"));
}

TEST_CASE("without failpoints nothing happens") {
  CHECK(Failpoints().reached("start.planned"));
  CHECK(Failpoints::parse("").value().reached("start.planned"));
}

TEST_CASE("a failpoint that cannot be read is refused") {
  CHECK(Failpoints::parse("start.planned").error().code() == Code::invalid_argument);
  CHECK(Failpoints::parse("start.planned:explode").error().code() == Code::invalid_argument);
  CHECK(Failpoints::parse(":fail").error().code() == Code::invalid_argument);
}

TEST_CASE("a failpoint that is nowhere is refused, and told which there are") {
  const auto points = Failpoints::parse("start.plannd:fail");
  REQUIRE_FALSE(points);
  CHECK_THAT(points.error().message(), Catch::StartsWith("no failpoint is called 'start.plannd'; there are define.") &&
                                           Catch::Contains("start.planned, "));
  CHECK_FALSE(Failpoints::parse("nothing.*:crash"));
}

TEST_CASE("whatever step a driver counts has a place") {
  CHECK(Failpoint::driver_step(1).name() == "start.driver-step-1");
  CHECK(Failpoint::driver_step(4).name() == "start.driver-step-3");
}

}  // namespace
}  // namespace lodge::host
