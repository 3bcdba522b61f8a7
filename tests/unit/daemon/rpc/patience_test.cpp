#include "daemon/rpc/patience.h"

#include <catch2/catch.hpp>

using namespace lodge::rpc;
using namespace std::chrono_literals;

namespace {

const Patience::Clock::time_point kThen{1h};

// How many calls of it that come to nothing are borne.
int borne(Patience& patience, const std::string& peer, Patience::Clock::time_point now) {
  int calls = 0;
  while (calls < 100'000 && patience.begun(peer, peer, now)) ++calls;
  return calls;
}

}  // namespace

TEST_CASE("a few calls at once may come to nothing, and some every second after that") {
  Patience patience;
  CHECK(borne(patience, "uid:7", kThen) == 50);
  CHECK(borne(patience, "uid:7", kThen + 1s) == 5);
  CHECK(borne(patience, "uid:8", kThen + 1s) == 50);
}

TEST_CASE("calls that are heard are borne without end") {
  Patience patience;
  for (int call = 0; call < 100'000; ++call) {
    CHECK(patience.begun("uid:7", "uid:7", kThen));
    patience.heard("uid:7", kThen);
  }
  CHECK(borne(patience, "uid:7", kThen) == 50);
}

TEST_CASE("who has made too many is shut out for a second, and nobody else") {
  Patience patience;
  CHECK(patience.shut_out_until("uid:7") < kThen);
  borne(patience, "uid:7", kThen);
  CHECK(patience.shut_out_until("uid:7") == kThen + 1s);
  CHECK(patience.shut_out_until("uid:8") < kThen);
}
