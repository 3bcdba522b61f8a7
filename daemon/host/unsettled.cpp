#include "daemon/host/unsettled.h"

#include <sstream>

namespace lodge::host {
namespace {

// In the store: "RUN ALIAS", a line each. Lines of runs that are over mean nothing, and go when it is next written.
// No hypervisor takes an alias with a space in it.
const std::string kUnsettledCards = "unsettled-cards";

// All but that of `settled`.
std::string lines_without(const Core& core, const GuestRun* settled, std::string_view alias) {
  std::string lines;
  for (const auto& [uuid, object] : core.by_uuid) {
    const RunPtr run = object->any_run();
    if (!run) continue;
    for (const std::string& one : run->unsettled_cards)
      if (run.get() != settled || one != alias) lines += fmt::format("{} {}\n", run->facts.run_id, one);
  }
  return lines;
}

}  // namespace

Task<Result<void>> unsettle_card(Core& core, RunPtr run, std::string alias) {
  if (!run->unsettled_cards.insert(alias).second) co_return Result<void>{};
  store::Batch batch;
  batch.put_meta.emplace(kUnsettledCards, lines_without(core, nullptr, {}));
  auto committed = co_await core.parts.store.commit(std::move(batch));
  if (!committed) run->unsettled_cards.erase(alias);
  co_return committed;
}

void put_settled(const Core& core, const GuestRun& run, std::string_view alias, store::Batch& batch) {
  batch.put_meta.emplace(kUnsettledCards, lines_without(core, &run, alias));
}

Task<Result<void>> settle_card(Core& core, RunPtr run, std::string alias) {
  store::Batch batch;
  put_settled(core, *run, alias, batch);
  CO_TRY(co_await core.parts.store.commit(std::move(batch)));
  run->unsettled_cards.erase(alias);
  co_return Result<void>{};
}

std::set<std::string> stored_unsettled(const store::Contents& contents, std::string_view run_id) {
  std::set<std::string> cards;
  const auto stored = contents.meta.find(kUnsettledCards);
  if (stored == contents.meta.end()) return cards;
  std::istringstream lines(stored->second);
  std::string id, alias;
  while (lines >> id >> alias)
    if (id == run_id) cards.insert(alias);
  return cards;
}

}  // namespace lodge::host
