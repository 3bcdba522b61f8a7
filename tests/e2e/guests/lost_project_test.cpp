// The state folder comes back from a backup while a project's guest runs, as another user; and what that user can make up.
#include <fmt/format.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/e2e/guests/lost.h"
#include "tests/e2e/support/guest.h"

using namespace lodge;
using namespace lodge::test;
using Json = nlohmann::json;

namespace {

constexpr uid_t kUser = 4000;

// A world where user 4000 may use one uplink.
struct Shared : World {
  Shared() {
    write("policy.toml", fmt::format("[projects.\"user-@{}\"]\nparents = [\"up0\"]\n", kUser));
    REQUIRE(::chmod(root().c_str(), 0755) == 0);
    add_uplink("up0");
    start();
  }

  Finished as_user(std::vector<std::string> arguments) const { return lodge(std::move(arguments), {.uid = kUser}); }
  fs::path document(const GuestDocument& document) const {
    const fs::path file = write(document.name + ".xml", document.xml());
    REQUIRE(::chmod(file.c_str(), 0644) == 0);
    return file;
  }
};

pid_t pid_told(const Finished& info) {
  const auto at = info.out.find("Process:");
  REQUIRE(at != std::string::npos);
  return std::stoi(info.out.substr(at + 8));
}

// What the environment of this process says, entry by entry.
std::vector<std::string> environment_of(pid_t pid) {
  std::vector<std::string> entries;
  std::istringstream all(read_file(fmt::format("/proc/{}/environ", pid)).value());
  for (std::string entry; std::getline(all, entry, '\0');) entries.push_back(entry);
  return entries;
}

}  // namespace

TEST_CASE(
    "a project's guest that a restored state folder does not know runs on, is reported, and is not started twice") {
  Shared world;
  const fs::path document = world.document({.name = "g", .boots = false, .devices = macvtap_on("up0")});
  pid_t forgotten = 0;
  std::string link;
  forgetting(world, [&] {
    const Finished created = world.as_user({"create", document});
    INFO(created.err << world.log());
    REQUIRE(created.ok());
    forgotten = pid_told(world.as_user({"dominfo", "g"}));
    link = ip("-d -o link show type macvtap");
    // The same guest again, with its uuid.
    REQUIRE(write_file(document, world.as_user({"dumpxml", "g", "--inactive"}).out, 0644));
  });

  world.start();
  CHECK(runs(forgotten));
  CHECK(ip("-d -o link show type macvtap") == link);
  const auto findings = claim_findings(world);
  REQUIRE(findings.contains(subject_of(forgotten)));
  const std::string ledger = findings.at(subject_of(forgotten)).at("ledger");
  REQUIRE(world.as_user({"define", document}).ok());
  CHECK_THAT(world.as_user({"start", "g"}).err, Catch::Contains(fmt::format("process {} runs it already", forgotten)));
  static_cast<void>(world.lodge({"doctor", "--fix"}));
  CHECK(runs(forgotten));
  CHECK(ip("-d -o link show type macvtap") == link);

  static_cast<void>(world.lodge({"doctor", "--fix", "--ledger", ledger}));
  CHECK(ends(forgotten));
  CHECK(claim_findings(world).empty());
  CHECK(world.as_user({"start", "g"}).ok());
  CHECK(world.as_user({"destroy", "g"}).ok());
  CHECK(fs::is_empty(world.root() / "run" / "runs"));
}

TEST_CASE(
    "what a user writes into an environment makes no process ours, also not that of a program with root's rights") {
  Shared world;
  const fs::path document = world.document({.name = "g", .boots = false, .devices = macvtap_on("up0")});
  REQUIRE(world.as_user({"create", document}).ok());
  const pid_t real = pid_told(world.as_user({"dominfo", "g"}));
  std::vector<std::string> marks = environment_of(real);
  // Of a claim that the ledger does not know, for somebody else's guest.
  define(world, {.name = "victim", .boots = false});
  const std::string uuid = Json::parse(world.must_lodge({"dominfo", "victim", "-o", "json"})).at("uuid");
  std::vector<std::string> strange = {"LODGE_CLAIM=fedcba9876543210", "LODGE_DOMAIN=" + uuid};
  for (const std::string& entry : marks)
    if (entry.starts_with("LODGE_LEDGER=")) strange.push_back(entry);
  const fs::path setuid = world.root() / "sleep";
  fs::copy_file("/bin/sleep", setuid);
  REQUIRE(::chmod(setuid.c_str(), 04755) == 0);
  const Process same({.argv = {"sleep", "600"}, .environment = marks, .uid = kUser});
  const Process other({.argv = {"sleep", "600"}, .environment = strange, .uid = kUser});
  const Process as_root({.argv = {setuid, "600"}, .environment = strange, .uid = kUser});

  world.kill();
  world.start();
  CHECK(claim_findings(world).empty());
  CHECK(pid_told(world.as_user({"dominfo", "g"})) == real);
  world.must_lodge({"start", "victim"});
  CHECK(world.as_user({"destroy", "g"}).ok());
  CHECK(ends(real));
  for (const Process* const process : {&same, &other, &as_root}) CHECK(process->running());
}
