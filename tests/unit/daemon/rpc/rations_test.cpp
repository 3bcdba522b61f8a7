#include "daemon/rpc/rations.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

using namespace lodge::rpc;
using namespace std::chrono_literals;

TEST_CASE("a ration is for so many at once, and comes back with time") {
  Rations rations(3, 2);
  const Rations::Clock::time_point then{};
  for (int n = 0; n < 3; ++n) CHECK(rations.take("a", then));
  CHECK_FALSE(rations.take("a", then));
  CHECK_FALSE(rations.take("a", then + 400ms));
  CHECK(rations.take("a", then + 600ms));
  CHECK_FALSE(rations.take("a", then + 600ms));
  for (int n = 0; n < 3; ++n) CHECK(rations.take("a", then + 1h));
  CHECK_FALSE(rations.take("a", then + 1h));
}

TEST_CASE("one who has used up a ration takes nothing from another") {
  Rations rations(1, 1);
  const Rations::Clock::time_point then{};
  CHECK(rations.take("a", then));
  CHECK_FALSE(rations.take("a", then));
  CHECK(rations.take("b", then));
}

TEST_CASE("of very many only the busy are remembered, and newcomers beyond that share one ration") {
  Rations rations(1, 1);
  const Rations::Clock::time_point then{};
  for (int n = 0; n < 4096; ++n) CHECK(rations.take(fmt::format("{}", n), then));
  CHECK(rations.take("x", then));
  CHECK_FALSE(rations.take("y", then));
  CHECK(rations.take("y", then + 2s));
  CHECK(rations.take("z", then + 2s));
}
