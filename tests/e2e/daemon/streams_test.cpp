// Events and consoles that are open while rights change.
#include <catch2/catch.hpp>

#include "tests/e2e/daemon/client.h"
#include "tests/e2e/support/guest.h"
#include "tests/e2e/support/pki.h"
#include "tests/e2e/support/world.h"

using namespace lodge;
using namespace lodge::test;

namespace {

constexpr uid_t kLoses = 4002, kKeeps = 4003;
constexpr const char* kLosesToo = "loses.example";

std::string bound(const std::string& subject) {
  return fmt::format("[[bind]]\nsubject = '{}'\nrole = 'operator'\nproject = 'default'\n", subject);
}
const std::string kKept = bound("uid:4003");
const std::string kAll = kKept + bound("uid:4002") + bound("tls:loses.example");

// A running guest of the project `default`, and a TLS door.
struct Site {
  World world;
  Pki pki{world.root() / "tls"};

  Site() {
    pki.issue("server", {.common_name = "server", .alternative_names = "DNS:host1", .purpose = "serverAuth"});
    pki.issue("loses", {.common_name = kLosesToo});
    world.write("lodged.toml", "[tls]\nenabled = true\nlisten = '127.0.0.1:16515'\n");
    world.write("policy.toml", kAll);
    world.start();
    define_and_start(world, {.name = "web1", .boots = false});
  }
  Client local(uid_t uid) const { return Client::as(uid, world.socket()); }
  Client remote() const {
    return Client::tls("127.0.0.1:16515", "host1",
                       {.ca = pki.ca(), .certificate = pki.certificate("loses"), .key = pki.key("loses")});
  }
};

// A console and two streams of events, of all guests and of this one, all open.
class Streams {
 public:
  explicit Streams(Client client) : client_(std::move(client)) {
    v1::WatchDomainsRequest one;
    one.mutable_domain()->set_name("web1");
    one.mutable_domain()->set_project("default");
    all_ = client_.domains().WatchDomains(&contexts_[0], {});
    one_ = client_.domains().WatchDomains(&contexts_[1], one);
    console_ = client_.domains().OpenConsole(&contexts_[2]);
    v1::OpenConsoleRequest open;
    *open.mutable_open()->mutable_domain() = one.domain();
    open.mutable_open()->set_force(true);
    console_->Write(open);
    all_->WaitForInitialMetadata();
    one_->WaitForInitialMetadata();
    console_->WaitForInitialMetadata();
  }
  ~Streams() {
    for (auto& context : contexts_) context.TryCancel();
  }
  // Reads each to its end.
  std::vector<grpc::Status> ends() {
    v1::OpenConsoleResponse output;
    while (console_->Read(&output)) {
    }
    return {end(*all_), end(*one_), console_->Finish()};
  }
  // Reads until it hears of this event.
  bool hears(v1::DomainEventKind kind) {
    v1::WatchDomainsResponse told;
    while (all_->Read(&told))
      if (told.event().kind() == kind) return true;
    return false;
  }

 private:
  using Events = grpc::ClientReader<v1::WatchDomainsResponse>;
  static grpc::Status end(Events& events) {
    v1::WatchDomainsResponse told;
    while (events.Read(&told)) {
    }
    return events.Finish();
  }

  Client client_;
  grpc::ClientContext contexts_[3];
  std::unique_ptr<Events> all_, one_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::OpenConsoleRequest, v1::OpenConsoleResponse>> console_;
};

}  // namespace

TEST_CASE("who loses a right by a new policy loses the open streams that it gave, and is told why") {
  for (const bool by_signal : {false, true}) {
    const Site site;
    Streams keeps(site.local(kKeeps));
    Streams loses(site.local(kLoses));
    site.world.write("policy.toml", kKept);
    if (by_signal)
      site.world.daemon().signal(SIGHUP);
    else
      site.world.must_lodge({"policy", "reload"});
    const std::vector<grpc::Status> ends = loses.ends();
    for (const grpc::Status& status : ends) {
      INFO(status.error_message());
      CHECK(status.error_code() == grpc::PERMISSION_DENIED);
    }
    CHECK(
        ends[0].error_message() ==
        "uid:4002 may not 'watch' all that it could: the rights in project 'default' have changed; ask again for the rest");
    CHECK(ends[1].error_message() == "uid:4002 may not 'watch' web1 any more: the rights here have changed");
    CHECK(ends[2].error_message() == "uid:4002 may not 'console' web1 any more: the rights here have changed");
    site.world.must_lodge({"suspend", "web1"});
    CHECK(keeps.hears(v1::DOMAIN_EVENT_KIND_SUSPENDED));
  }
}

TEST_CASE("a certificate that the policy names no more is told so by its streams, and then its connection ends") {
  const Site site;
  Client client = site.remote();
  Streams streams(site.remote());
  v1::GetVersionResponse version;
  REQUIRE(client.version(version).ok());
  site.world.write("policy.toml", kKept);
  site.world.must_lodge({"policy", "reload"});
  for (const grpc::Status& status : streams.ends()) {
    CHECK(status.error_code() == grpc::UNAUTHENTICATED);
    CHECK_THAT(status.error_message(), Catch::Contains("loses.example, which has not enrolled"));
  }
  site.world.wait_for_log("ended the connection of tls:loses.example");
  CHECK(client.version(version).error_code() == grpc::UNAVAILABLE);
}

TEST_CASE("a certificate that is revoked loses its console and its events with its connection") {
  const Site site;
  Streams streams(site.remote());
  const std::string shown = must_run({"openssl", "x509", "-in", site.pki.certificate("loses"), "-noout", "-serial"});
  site.world.write("tls/revoked", "serial:" + shown.substr(shown.find('=') + 1));
  for (const grpc::Status& status : streams.ends()) CHECK(status.error_code() == grpc::UNAVAILABLE);
}

TEST_CASE("a policy that takes nothing away ends nothing") {
  const Site site;
  Streams streams(site.local(kLoses));
  site.world.write("policy.toml", kAll + bound("uid:4711"));
  site.world.must_lodge({"policy", "reload"});
  site.world.must_lodge({"suspend", "web1"});
  CHECK(streams.hears(v1::DOMAIN_EVENT_KIND_SUSPENDED));
}
