#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/guarded.h"
#include "netdev/claims/process.h"
#include "netdev/fake/steps.h"

namespace lodge::netdev {

// A table of processes that do nothing. Any thread.
class FakeProcesses final : public Processes {
 public:
  explicit FakeProcesses(std::shared_ptr<Steps> steps = std::make_shared<Steps>());

  // Starts one whose environment bears the mark of this claim; an empty id starts one that has nothing to do with us.
  // Descriptors it was given are closed when it ends.
  ProcessIdentity spawn(const std::string& claim_id, std::vector<Fd> inherited = {});
  // The same with what process_origin() gives in its environment.
  ProcessIdentity spawn_of(const std::string& ledger, const std::string& domain_uuid, const std::string& claim_id);
  // It ends by itself, and another one, not ours, gets its pid.
  void recycle(std::int64_t pid);
  // From now on SIGKILL does not end it: it waits in the kernel for a disk.
  void get_stuck(std::int64_t pid);
  bool runs(std::int64_t pid) const;
  // True if none runs that bears a mark.
  bool is_pristine() const;
  Steps& steps() { return *steps_; }

  Result<std::vector<MarkedProcess>> marked(std::span<const std::string> claim_ids) override;
  Result<std::vector<MarkedProcess>> all_marked() override;
  Result<KillOutcome> kill(std::string_view claim_id, const ProcessIdentity& identity, Deadline deadline) override;

 private:
  struct Entry {
    std::string claim_id;
    std::uint64_t start_time = 0;
    bool stuck = false;
    std::vector<Fd> inherited;
    std::string ledger;
    std::string domain_uuid;
  };
  struct World {
    std::map<std::int64_t, Entry> processes;
    std::int64_t next_pid = 1000;
    std::uint64_t now = 1;

    template <class Wanted>
    std::vector<MarkedProcess> find(Wanted wanted) const;
  };

  std::shared_ptr<Steps> steps_;
  mutable Guarded<World> world_;
};

}  // namespace lodge::netdev
