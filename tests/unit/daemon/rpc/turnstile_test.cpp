#include <catch2/catch.hpp>

#include "daemon/rpc/visit.h"

using namespace lodge;
using namespace lodge::rpc;

TEST_CASE("a caller has so many calls under way, and others as many") {
  const Turnstile turnstile({.under_way = 2});
  auto first = turnstile.enter("uid:1", false);
  const auto second = turnstile.enter("uid:1", false);
  REQUIRE(first);
  REQUIRE(second);
  const auto third = turnstile.enter("uid:1", false);
  REQUIRE_FALSE(third);
  CHECK(third.error().code() == Code::resource_exhausted);
  CHECK(third.error().message() == "uid:1 has 2 calls under way, which is the limit for one caller");
  CHECK(turnstile.enter("uid:2", false));
  first->reset();
  CHECK(turnstile.enter("uid:1", false));
}

TEST_CASE("answers that a caller does not take leave no room for more, until one is taken") {
  const Turnstile turnstile({.untaken_bytes = 3 << 20});
  auto first = turnstile.enter("uid:1", false);
  auto second = turnstile.enter("uid:1", false);
  REQUIRE(first);
  REQUIRE(second);
  (*first)->carry(2 << 20);
  CHECK((*second)->check_room());
  (*second)->carry(2 << 20);
  const auto third = turnstile.enter("uid:1", false);
  REQUIRE(third);
  const auto room = (*third)->check_room();
  REQUIRE_FALSE(room);
  CHECK(room.error().code() == Code::resource_exhausted);
  CHECK(room.error().message() == "answers to uid:1 of 4 MiB together wait to be read: read them first");
  second->reset();
  CHECK((*third)->check_room());
}

TEST_CASE("who is rationed may call so often, and who is not as often as it likes") {
  const Turnstile turnstile({.a_second = 1});
  for (int n = 0; n < 4; ++n) CHECK(turnstile.enter("uid:1", true));
  CHECK(turnstile.enter("uid:1", true).error().code() == Code::resource_exhausted);
  for (int n = 0; n < 10; ++n) CHECK(turnstile.enter("uid:2", false));
}
