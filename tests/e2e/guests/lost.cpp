#include "tests/e2e/guests/lost.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/e2e/support/guest.h"

namespace lodge::test {

using Json = nlohmann::json;

void forgetting(World& world, const std::function<void()>& what) {
  REQUIRE(world.stop() == 0);
  fs::copy(world.root() / "state", world.root() / "backup", fs::copy_options::recursive);
  world.start();
  what();
  REQUIRE(world.stop() == 0);
  fs::remove_all(world.root() / "state");
  fs::rename(world.root() / "backup", world.root() / "state");
}

std::map<std::string, Json> claim_findings(const World& world) {
  std::map<std::string, Json> all;
  const Finished told = world.lodge({"doctor", "-o", "json"});
  INFO(told.err);
  const Json data = Json::parse(told.out);
  for (const Json& finding : data.value("findings", Json::array()))
    if (finding.at("check") == "claims") all[finding.at("subject")] = finding;
  return all;
}

std::string subject_of(pid_t process) { return fmt::format("process {}", process); }

bool runs(pid_t process) { return ::kill(process, 0) == 0; }

bool ends(pid_t process) {
  for (const Deadline deadline = Deadline::after(kPatience); runs(process); ::usleep(10'000))
    if (deadline.passed()) return false;
  return true;
}

}  // namespace lodge::test
