#include "daemon/enrol/enrolment.h"

#include <catch2/catch.hpp>

#include "tests/unit/daemon/enrol/office.h"
#include "tests/unit/daemon/store/temp_folder.h"

using namespace lodge;
using namespace lodge::enrol;
using test::Office;
using namespace std::chrono_literals;

TEST_CASE("a token admits once, with the role that was ordered, and all of it survives") {
  test::TempFolder temp;
  Office office(temp.path());
  const auto token = office.order("operator", "web");
  REQUIRE(token);
  office.open();
  CHECK(office.enrolment->expects_somebody());
  const auto admitted = office.bring(token->token);
  REQUIRE(admitted);
  CHECK(admitted->name == "laptop");
  CHECK_FALSE(office.enrolment->expects_somebody());
  CHECK(office.bring(token->token).error().code() == Code::permission_denied);

  office.enrolled.remove("laptop");
  office.open();
  const auto holding = office.enrolled.holding_of("laptop");
  REQUIRE(holding);
  CHECK(holding->project == "web");
  CHECK(holding->verbs == access::verbs_of(access::Role::operator_));
}

TEST_CASE("a token of which nothing is said gives everything, and one of no role there is is not made") {
  test::TempFolder temp;
  Office office(temp.path());
  const auto token = office.order();
  REQUIRE(token);
  REQUIRE(office.bring(token->token));
  CHECK(office.enrolled.holding_of("laptop")->project == "*");
  CHECK(office.enrolled.holding_of("laptop")->verbs == access::verbs_of(access::Role::admin));
  const auto wrong = office.order("wiever");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code() == Code::invalid_argument);
  CHECK(wrong.error().message().find("viewer, operator, owner and admin, not 'wiever'") != std::string::npos);
}

TEST_CASE("whoever leaves in the middle leaves no token between two states") {
  test::TempFolder temp;
  Office office(temp.path());
  const auto token = office.order();
  REQUIRE(token);
  asio::cancellation_signal gone;
  static_cast<void>(office.bring(token->token, &gone));
  // Either the token was used up and the client is known, or it works still.
  if (office.enrolled.holding_of("laptop"))
    CHECK_FALSE(office.enrolment->expects_somebody());
  else
    CHECK(office.bring(token->token));
  CHECK_FALSE(office.enrolment->expects_somebody());
}

TEST_CASE("a client that is removed is known no more, and nor is a token that waits for its name") {
  test::TempFolder temp;
  Office office(temp.path());
  const auto first = office.order();
  REQUIRE(first);
  REQUIRE(office.bring(first->token));
  const auto second = office.order();
  REQUIRE(second);
  REQUIRE(office.run(office.enrolment->remove("laptop")));
  CHECK_FALSE(office.enrolled.holding_of("laptop"));
  CHECK(office.enrolment->clients().empty());
  CHECK_FALSE(office.enrolment->expects_somebody());
  CHECK(office.bring(second->token).error().code() == Code::permission_denied);
  const auto again = office.run(office.enrolment->remove("laptop"));
  REQUIRE_FALSE(again);
  CHECK(again.error().code() == Code::not_found);
  office.open();
  CHECK(office.enrolment->clients().empty());
}

TEST_CASE("a few wrong secrets use a token up") {
  test::TempFolder temp;
  Office office(temp.path());
  const auto token = office.order();
  REQUIRE(token);
  pki::Token wrong = token->token;
  wrong.secret = pki::random_bytes(pki::kTokenSecretBytes);
  for (int n = 0; n < 5; ++n) CHECK(office.bring(wrong).error().code() == Code::permission_denied);
  CHECK(office.bring(token->token).error().code() == Code::permission_denied);
  CHECK_FALSE(office.enrolment->expects_somebody());
}
