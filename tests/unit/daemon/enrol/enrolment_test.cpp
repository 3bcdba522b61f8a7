#include "daemon/enrol/enrolment.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "base/pki/bytes.h"
#include "base/pki/folder.h"
#include "tests/unit/daemon/store/temp_folder.h"

using namespace lodge;
using namespace lodge::enrol;
using namespace std::chrono_literals;

namespace {

// A host with an authority, a certificate and a store; the loop is turned by hand.
struct Office {
  explicit Office(const fs::path& where) : folder{where} {
    const pki::Authority authority = pki::make_authority("test", pki::Days(10));
    const pki::Key key = pki::Key::make();
    const auto own = pki::issue(authority, {.common_name = "host1", .dns = {"host1"}, .use = pki::Use::server}, key);
    write(folder.ca(), authority.certificate.pem());
    write(folder.ca_key(), authority.key.pem());
    write(folder.server(), own.value().pem());
    open();
  }
  ~Office() { close(); }

  static void write(const fs::path& file, const std::string& text) { REQUIRE(write_file(file, text, 0600)); }

  void close() {
    pool->join();
    enrolment.reset();
    store.reset();
  }

  void open() {
    if (store) close();
    pool = std::make_unique<Pool>(1);
    store = store::Store::open(folder.path / "state", *pool).value();
    enrolment = Enrolment::open({.certificate = folder.server(),
                                 .ca = folder.ca(),
                                 .ca_key = folder.ca_key(),
                                 .port = 16515,
                                 .enrol_port = 16516},
                                *store, *pool, enrolled)
                    .value();
  }

  // With a signal the work can be cancelled from its beginning on.
  template <class T>
  T run(Task<T> work, asio::cancellation_signal* signal = nullptr) {
    std::optional<T> outcome;
    asio::cancellation_signal unused;
    asio::co_spawn(loop, std::move(work),
                   asio::bind_cancellation_slot(
                       (signal ? *signal : unused).slot(), [&outcome](std::exception_ptr thrown, T result) {
                         outcome = thrown ? T(fail(Code::cancelled, "cancelled")) : std::move(result);
                       }));
    while (!outcome) {
      loop.restart();
      loop.run_one();
      if (signal) signal->emit(asio::cancellation_type::terminal);
    }
    return std::move(*outcome);
  }

  Result<Enrolment::NewToken> order(const std::string& role = {}, const std::string& project = {}) {
    return run(enrolment->make_token({.name = "laptop", .valid = 0s, .host = {}, .role = role, .project = project}));
  }
  Result<Enrolment::Admission> bring(const pki::Token& token, asio::cancellation_signal* signal = nullptr) {
    return run(enrolment->admit(token.id, token.secret, pki::make_request(pki::Key::make())), signal);
  }

  pki::Folder folder;
  asio::io_context loop;
  std::unique_ptr<Pool> pool;
  access::Enrolled enrolled;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Enrolment> enrolment;
};

}  // namespace

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
