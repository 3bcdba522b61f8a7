#include <sstream>

#include "daemon/host/sequences.h"

// How far the reboots of guests are, across lives of the daemon.
namespace lodge::host {
namespace {

// In the store: "RUN wanted" or "RUN under-way", a line each.
const std::string kReboots = "reboots";

std::string_view word(Reboot reboot) { return reboot == Reboot::wanted ? "wanted" : "under-way"; }

}  // namespace

Task<Result<void>> set_reboot(Core& core, RunPtr run, Reboot reboot) {
  if (run->reboot == reboot) co_return Result<void>{};
  run->reboot = reboot;
  std::string lines;
  for (const auto& [uuid, object] : core.by_uuid) {
    const RunPtr one = object->running();
    if (one && one->reboot != Reboot::none) lines += fmt::format("{} {}\n", one->facts.run_id, word(one->reboot));
  }
  store::Batch batch;
  batch.put_meta.emplace(kReboots, std::move(lines));
  auto committed = co_await core.parts.store.commit(std::move(batch));
  co_return committed;
}

void set_reboot_later(Core& core, const RunPtr& run, Reboot reboot) {
  const auto set = [](Core& its_core, RunPtr its_run, Reboot next) -> Task<void> {
    const auto written = co_await set_reboot(its_core, its_run, next);
    if (!written)
      log::degraded(fmt::format("write down how far the reboot of run {} is", its_run->facts.run_id), written.error());
  };
  core.background(set(core, run, reboot));
}

Reboot stored_reboot(const store::Contents& contents, std::string_view run_id) {
  const auto stored = contents.meta.find(kReboots);
  if (stored == contents.meta.end()) return Reboot::none;
  std::istringstream lines(stored->second);
  std::string id, how;
  while (lines >> id >> how) {
    if (id == run_id) return how == word(Reboot::wanted) ? Reboot::wanted : Reboot::under_way;
  }
  return Reboot::none;
}

}  // namespace lodge::host
