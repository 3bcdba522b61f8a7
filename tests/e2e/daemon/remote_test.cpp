// A host and a machine to manage it from, each in a network namespace of its own, and nothing but `lodge` on both.
#include <fcntl.h>

#include <catch2/catch.hpp>
#include <thread>

#include "base/pki/bytes.h"
#include "base/pki/token.h"
#include "tests/e2e/support/guest.h"
#include "tests/e2e/support/world.h"

using namespace lodge;
using namespace lodge::test;
using namespace std::chrono_literals;

namespace {

struct TwoMachines {
  World world;
  fs::path home = world.root() / "laptop";

  // The client is where the test is; the host is at 192.0.2.1.
  TwoMachines() {
    add_netns("host");
    add_uplink("wire", "host");
    ip("addr add 192.0.2.2/24 dev wire");
    ip("-n host addr add 192.0.2.1/24 dev wire-peer");
    world.write("lodged.toml", "[tls]\nenabled = true\nlisten = '192.0.2.1:16515'\nenrol_listen = '192.0.2.1:16516'\n");
    pki({"init"});
    pki({"issue-server", "192.0.2.1"});
    if (!make_folder(home)) throw WorldError("no home");
  }

  void start() { world.start({.netns = "host"}); }
  std::string pki(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {LODGE_BINARY, "pki"});
    arguments.insert(arguments.end(), {"--folder", (world.root() / "tls").string()});
    return must_run(arguments, {.netns = "host"});
  }
  std::string token(const std::string& name, const std::string& valid = "15m") const {
    std::string text = world.must_lodge({"remote", "token", name, "--valid", valid});
    text.erase(text.find('\n'));
    return text;
  }
  // Enrols after a rotation. The door shows a new certificate a second or two after the daemon has taken it up: until then a token
  // is for one that nobody is shown.
  void enrol_at_last(const std::string& remote, const std::string& name) const {
    const Deadline deadline = Deadline::after(kPatience);
    for (;;) {
      const std::string text = token(name);
      // It carries the name that the new certificate begins with, which nobody resolves here.
      CHECK(laptop({"remote", "add", remote, text}).err.find("--address") != std::string::npos);
      const Finished done = laptop({"remote", "add", remote, text, "--address", "192.0.2.1"});
      if (done.ok()) return;
      INFO(done.err);
      REQUIRE_FALSE(deadline.passed());
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
  }
  // The laptop has a home of its own.
  std::vector<std::string> environment() const { return {"HOME=" + home.string(), "XDG_CONFIG_HOME="}; }
  Finished laptop(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), LODGE_BINARY);
    return run(arguments, {.environment = environment()});
  }
  std::string must_laptop(const std::vector<std::string>& arguments) const {
    const Finished done = laptop(arguments);
    INFO(done.err);
    REQUIRE(done.ok());
    return done.out;
  }
};

constexpr const char* kSmall = R"(<domain type='qemu'><name>web1</name><memory unit='MiB'>32</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os></domain>)";

}  // namespace

TEST_CASE("a token and one command make a machine able to manage a host") {
  TwoMachines machines;
  machines.start();
  const std::string token = machines.token("laptop");
  CHECK(machines.must_laptop({"remote", "add", "host1", token}).find("knows this machine as 'laptop'") !=
        std::string::npos);
  CHECK(machines.must_laptop({"--remote", "host1", "version"}).find("tls:laptop, who may change guests") !=
        std::string::npos);
  machines.must_laptop({"-r", "host1", "define", machines.world.write("web1.xml", kSmall)});
  CHECK(machines.must_laptop({"-r", "host1", "list", "--all", "--name"}).find("web1") != std::string::npos);

  machines.must_laptop({"remote", "default", "host1"});
  CHECK(machines.must_laptop({"list", "--all", "--name"}).find("web1") != std::string::npos);
  CHECK(machines.must_laptop({"remote", "list"}).find("lodge+tls://192.0.2.1:16515") != std::string::npos);
  CHECK(machines.world.must_lodge({"remote", "clients", "-o", "name"}) == "laptop\n");
  machines.must_laptop({"remote", "remove", "host1"});
  CHECK(machines.laptop({"-r", "host1", "list"}).err.find("there is no remote 'host1'") != std::string::npos);
}

TEST_CASE("a token works once, not at all when it has expired, and the door for it closes behind the last one") {
  TwoMachines machines;
  machines.start();
  const std::string token = machines.token("laptop"), other = machines.token("other");
  machines.must_laptop({"remote", "add", "host1", token});
  const Finished again = machines.laptop({"remote", "add", "host2", token});
  CHECK_FALSE(again.ok());
  CHECK(again.err.find("the token is not, or no more, one of this host's") != std::string::npos);
  CHECK(machines.world.wait_for_log("\"what\":\"Enrol\",\"outcome\":\"").find("\"request\":\"") != std::string::npos);
  machines.must_laptop({"remote", "add", "host3", other});
  machines.world.wait_for_log("the door for enrolment is closed");
  CHECK(machines.laptop({"remote", "add", "host4", other})
            .err.find("cannot reach the door for enrolment at 192.0.2.1:16516") != std::string::npos);

  const std::string late = machines.token("late", "1s");
  std::this_thread::sleep_for(2s);
  CHECK_FALSE(machines.laptop({"remote", "add", "host5", late}).ok());
  CHECK(machines.world.must_lodge({"remote", "clients", "-o", "name"}) == "laptop\nother\n");
}

TEST_CASE("what was enrolled and what waits survives the daemon") {
  TwoMachines machines;
  machines.start();
  machines.must_laptop({"remote", "add", "host1", machines.token("laptop")});
  const std::string waiting = machines.token("other");
  machines.world.kill();
  machines.start();
  CHECK(machines.must_laptop({"-r", "host1", "version"}).find("tls:laptop") != std::string::npos);
  machines.must_laptop({"remote", "add", "host2", waiting});
}

TEST_CASE("a wrong secret gets nothing, and a few of them burn the token") {
  TwoMachines machines;
  machines.start();
  const std::string right = machines.token("laptop");
  auto wrong = pki::parse_token(right);
  REQUIRE(wrong);
  for (int i = 0; i < 5; ++i) {
    wrong->secret = pki::random_bytes(pki::kTokenSecretBytes);
    const Finished tried = machines.laptop({"remote", "add", "host1", pki::to_string(*wrong)});
    CHECK(tried.err.find("the token is not, or no more, one of this host's") != std::string::npos);
  }
  machines.world.wait_for_log("the token for 'laptop' was burnt");
  CHECK_FALSE(machines.laptop({"remote", "add", "host1", right}).ok());
}

TEST_CASE("a host that is not the one which made the token is told from it, and never sees its secret") {
  TwoMachines machines;
  machines.start();
  auto token = pki::parse_token(machines.token("laptop"));
  REQUIRE(token);
  const std::string right = pki::to_string(*token);
  token->fingerprint = pki::sha256("another host's certificate");
  const Finished tried = machines.laptop({"remote", "add", "host1", pki::to_string(*token)});
  CHECK_FALSE(tried.ok());
  CHECK(tried.err.find("192.0.2.1:16516 is not the host that made the token") != std::string::npos);
  machines.must_laptop({"remote", "add", "host1", right});
}

TEST_CASE("only the host itself makes tokens, and only for those who may change it") {
  TwoMachines machines;
  machines.start();
  machines.must_laptop({"remote", "add", "host1", machines.token("laptop")});
  const Finished from_afar = machines.laptop({"-r", "host1", "remote", "token", "friend"});
  CHECK_FALSE(from_afar.ok());
  CHECK(from_afar.err.find("tokens are made on the host itself") != std::string::npos);
  const Finished nobody = run({LODGE_BINARY, "--connect", machines.world.uri(), "remote", "token", "x"}, {.uid = 4711});
  CHECK_FALSE(nobody.ok());
}

TEST_CASE("a token says what its client may do, and a client that is forgotten loses its streams and gets in no more") {
  TwoMachines machines;
  machines.start();
  const auto token_for = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"remote", "token", "laptop"};
    words.insert(words.end(), more.begin(), more.end());
    return machines.world.lodge(words);
  };
  CHECK(token_for({"--role", "wiever"}).err.find("viewer, operator, owner and admin, not 'wiever'") !=
        std::string::npos);
  CHECK(token_for({"--project", "nowhere"}).err.find("no project 'nowhere'") != std::string::npos);
  std::string token = token_for({"--role", "viewer", "--project", "default"}).out;
  token.erase(token.find('\n'));
  CHECK(machines.world.wait_for_log("\"what\":\"CreateToken\"").find("\"object\":\"laptop\"") != std::string::npos);
  machines.must_laptop({"remote", "add", "host1", token});
  machines.must_laptop({"-r", "host1", "list", "--all"});
  const fs::path small = machines.world.write("web1.xml", kSmall);
  CHECK(machines.laptop({"-r", "host1", "define", small}).err.find("no role with the right to 'define'") !=
        std::string::npos);
  CHECK(machines.world.must_lodge({"remote", "clients"}).find("viewer") != std::string::npos);

  const fs::path out = machines.world.root() / "events";
  const Fd file(*open_file(out, O_CREAT | O_WRONLY));
  Process events({.argv = {LODGE_BINARY, "--remote", "host1", "event", "--watch", "--initial"},
                  .environment = machines.environment(),
                  .out = file.get(),
                  .err = file.get()});
  machines.world.must_lodge({"define", small});
  REQUIRE(wait_for_text(out, "web1", Deadline::after(kPatience)));
  machines.world.must_lodge({"remote", "forget", "laptop"});
  CHECK(events.wait(Deadline::after(kPatience)).value_or(0) != 0);
  CHECK_FALSE(machines.laptop({"-r", "host1", "list"}).ok());
  CHECK(machines.world.must_lodge({"remote", "clients", "-o", "name"}).empty());
  CHECK(machines.world.lodge({"remote", "forget", "laptop"}).err.find("nobody has enrolled as 'laptop'") !=
        std::string::npos);
}

TEST_CASE(
    "an enrolled client that is revoked by name loses its streams and gets in no more, and is told what to check") {
  TwoMachines machines;
  machines.start();
  machines.must_laptop({"remote", "add", "host1", machines.token("laptop")});
  const fs::path out = machines.world.root() / "events";
  const Fd file(*open_file(out, O_CREAT | O_WRONLY));
  Process events({.argv = {LODGE_BINARY, "--remote", "host1", "event", "--watch", "--initial"},
                  .environment = machines.environment(),
                  .out = file.get(),
                  .err = file.get()});
  machines.must_laptop({"-r", "host1", "define", machines.world.write("web1.xml", kSmall)});
  REQUIRE(wait_for_text(out, "web1", Deadline::after(kPatience)));

  machines.pki({"revoke", "laptop", "--reason", "lost"});
  CHECK(events.wait(Deadline::after(kPatience)).value_or(0) != 0);
  const Finished refused = machines.laptop({"-r", "host1", "list"});
  CHECK_FALSE(refused.ok());
  CHECK(refused.err.find("lodge pki check") != std::string::npos);
  CHECK(machines.world.wait_for_log("was revoked: CN=laptop: lost").find("192.0.2.2") != std::string::npos);
}

TEST_CASE("all goes on across a rotation of the host's certificate: calls, events, consoles, and whoever comes new") {
  TwoMachines machines;
  machines.start();
  machines.must_laptop({"remote", "add", "host1", machines.token("laptop")});
  const fs::path out = machines.world.root() / "events";
  const Fd file(*open_file(out, O_CREAT | O_WRONLY));
  const Process events({.argv = {LODGE_BINARY, "--remote", "host1", "event", "--watch", "--initial"},
                        .environment = machines.environment(),
                        .out = file.get(),
                        .err = file.get()});
  const fs::path guest = machines.world.write("web1.xml", GuestDocument{.name = "web1", .boots = false}.xml());
  machines.must_laptop({"-r", "host1", "define", guest});
  machines.must_laptop({"-r", "host1", "start", "web1"});
  REQUIRE(wait_for_text(out, "started", Deadline::after(kPatience)));
  int typed[2];
  REQUIRE(::pipe2(typed, O_CLOEXEC) == 0);
  const Fd their_end(typed[0]), our_end(typed[1]);
  const Process console({.argv = {LODGE_BINARY, "--remote", "host1", "console", "web1"},
                         .environment = machines.environment(),
                         .in = their_end.get()});
  machines.world.wait_for_log("\"what\":\"OpenConsole\"");

  machines.pki({"issue-server", "192.0.2.1", "--force", "--host", "host1.example"});
  machines.world.wait_for_log("serves with the certificate of CN=192.0.2.1, DNS host1.example");
  machines.must_laptop({"-r", "host1", "list", "--all"});
  machines.must_laptop({"-r", "host1", "suspend", "web1"});
  CHECK(wait_for_text(out, "suspended", Deadline::after(kPatience)));
  CHECK(events.running());
  CHECK(console.running());
  // A guest that ends closes its console; a connection that breaks would be an error.
  machines.must_laptop({"-r", "host1", "destroy", "web1"});
  CHECK(console.wait(Deadline::after(kPatience)) == 0);
  machines.enrol_at_last("again", "laptop2");
  machines.must_laptop({"-r", "again", "list", "--all"});
}

TEST_CASE("the check of a host's certificates finds them fine, and then what is wrong") {
  TwoMachines machines;
  CHECK(machines.pki({"check", "host", "--host", "192.0.2.1"}).find("wrong") == std::string::npos);
  CHECK(machines.pki({"show"}).find("CN=192.0.2.1") != std::string::npos);
  const Finished other = run(
      {LODGE_BINARY, "pki", "check", "host", "--host", "host9", "--folder", (machines.world.root() / "tls").string()});
  CHECK_FALSE(other.ok());
  CHECK(other.out.find(
            "it is not for host9, but for CN=192.0.2.1, IP 192.0.2.1; run: lodge pki issue-server host9 --force") !=
        std::string::npos);
}
