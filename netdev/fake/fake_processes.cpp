#include "netdev/fake/fake_processes.h"

#include <algorithm>

namespace lodge::netdev {

FakeProcesses::FakeProcesses(std::shared_ptr<Steps> steps) : steps_(std::move(steps)) {}

ProcessIdentity FakeProcesses::spawn(const std::string& claim_id, std::vector<Fd> inherited) {
  auto world = world_.lock();
  const ProcessIdentity identity{.pid = world->next_pid++, .start_time = world->now++};
  world->processes[identity.pid] = Entry{
      .claim_id = claim_id, .start_time = identity.start_time, .inherited = std::move(inherited)};
  return identity;
}

ProcessIdentity FakeProcesses::spawn_of(const std::string& ledger, const std::string& domain_uuid,
                                        const std::string& claim_id) {
  const ProcessIdentity identity = spawn(claim_id);
  auto world = world_.lock();
  world->processes.at(identity.pid).ledger = ledger;
  world->processes.at(identity.pid).domain_uuid = domain_uuid;
  return identity;
}

void FakeProcesses::recycle(std::int64_t pid) {
  auto world = world_.lock();
  world->processes[pid] = Entry{.start_time = world->now++};
}

void FakeProcesses::get_stuck(std::int64_t pid) { world_.lock()->processes.at(pid).stuck = true; }

bool FakeProcesses::runs(std::int64_t pid) const { return world_.lock()->processes.contains(pid); }

bool FakeProcesses::is_pristine() const {
  auto world = world_.lock();
  return std::ranges::all_of(world->processes, [](const auto& pair) { return pair.second.claim_id.empty(); });
}

template <class Wanted>
std::vector<MarkedProcess> FakeProcesses::World::find(Wanted wanted) const {
  std::vector<MarkedProcess> found;
  for (const auto& [pid, process] : processes)
    if (wanted(process.claim_id))
      found.push_back({.claim_id = process.claim_id,
                       .identity = {.pid = pid, .start_time = process.start_time},
                       .ledger = process.ledger,
                       .domain_uuid = process.domain_uuid});
  return found;
}

Result<std::vector<MarkedProcess>> FakeProcesses::marked(std::span<const std::string> claim_ids) {
  TRY(steps_->begin());
  auto found = world_.lock()->find(
      [&](const std::string& id) { return std::ranges::find(claim_ids, id) != claim_ids.end(); });
  steps_->end();
  return found;
}

Result<std::vector<MarkedProcess>> FakeProcesses::all_marked() {
  TRY(steps_->begin());
  auto found = world_.lock()->find([](const std::string& id) { return !id.empty(); });
  steps_->end();
  return found;
}

Result<KillOutcome> FakeProcesses::kill(std::string_view claim_id, const ProcessIdentity& identity, Deadline) {
  TRY(steps_->begin());
  {
    auto world = world_.lock();
    const auto found = world->processes.find(identity.pid);
    if (found == world->processes.end()) return KillOutcome::was_gone;
    const Entry& process = found->second;
    if (process.start_time != identity.start_time || process.claim_id != claim_id) return KillOutcome::not_ours;
    if (process.stuck)
      return fail(Code::deadline_exceeded, "process {} did not end in time after SIGKILL", identity.pid);
    world->processes.erase(found);
  }
  steps_->end();
  return KillOutcome::ended;
}

}  // namespace lodge::netdev
