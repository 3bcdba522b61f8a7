#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/pki/bytes.h"
#include "base/pki/folder.h"
#include "daemon/enrol/enrolment.h"

namespace lodge::test {

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

  static void write(const fs::path& file, const std::string& text) { write_file(file, text, 0600).value(); }

  void close() {
    pool->join();
    enrolment.reset();
    store.reset();
  }

  void open() {
    if (store) close();
    pool = std::make_unique<Pool>(1);
    store = store::Store::open(folder.path / "state", *pool).value();
    enrolment = enrol::Enrolment::open({.certificate = folder.server(),
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

  Result<enrol::Enrolment::NewToken> order(const std::string& role = {}, const std::string& project = {}) {
    return run(enrolment->make_token(
        {.name = "laptop", .valid = std::chrono::seconds(0), .host = {}, .role = role, .project = project}));
  }
  Result<enrol::Enrolment::Admission> bring(const pki::Token& token, asio::cancellation_signal* signal = nullptr) {
    return run(enrolment->admit(token.id, token.secret, pki::make_request(pki::Key::make())), signal);
  }

  pki::Folder folder;
  asio::io_context loop;
  std::unique_ptr<Pool> pool;
  access::Enrolled enrolled;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<enrol::Enrolment> enrolment;
};

}  // namespace lodge::test
