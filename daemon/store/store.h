#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/file.h"
#include "base/guarded.h"
#include "base/pool.h"
#include "base/result.h"
#include "base/task.h"
#include "daemon/store/rows.h"
#include "netdev/claims/ledger.h"

namespace lodge::store {

// The daemon's memory: definitions, runs and claims, in one SQLite file. What commit() has answered survives a power cut.
//
// There is one transaction at a time. Whatever was asked for while it was being written goes into the next one together, so
// that a hundred guests starting at once cost a few fsyncs rather than hundreds; one batch's refusal does not touch the others.
class Store final : public netdev::Ledger {
 public:
  // Opens the file `folder`/lodge.db, or makes it. Blocks. `writer` writes: it does nothing else, so that whoever waits for
  // a commit, on the control loop or on a thread of another pool, keeps nothing from happening that the commit needs. It outlives
  // the store and is joined before that goes.
  // busy: another daemon uses the folder; data_loss: the file cannot be read, and was left as it is; failed_precondition:
  // a newer lodged wrote it.
  static Result<std::unique_ptr<Store>> open(const fs::path& folder, Pool& writer);
  ~Store() override;

  // Blocks. Before any commit().
  Result<Contents> contents();
  // Returns after it is durable, on the awaiting coroutine's executor. Cannot be cancelled: what has been handed over happens.
  Task<Result<void>> commit(Batch batch);
  // How many transactions have been made durable so far, for measuring.
  std::uint64_t transactions() const;

  // netdev::Ledger, for any thread that may block.
  std::string instance() const override { return instance_; }
  Result<std::vector<netdev::Claim>> load() override;
  Result<void> apply(const netdev::ClaimChanges& changes) override;
  Result<std::uint64_t> next(std::string_view counter) override;

 private:
  using Done = std::move_only_function<void(Result<void>)>;
  struct Pending {
    Batch batch;
    Done done;
  };
  struct Queue {
    std::vector<Pending> pending;
    bool writing = false;  // the writer works it off, and will look again before it stops
  };
  struct Counter {
    std::uint64_t next = 0;
    std::uint64_t reserved = 0;  // all below are ours to give, durably
  };
  struct File;

  Store(Fd lock, std::unique_ptr<File> file, Pool& writer);
  static Result<std::unique_ptr<Store>> open_file(const fs::path& path, Fd lock, Pool& writer);
  void enqueue(Batch batch, Done done);
  void work_off();
  Result<void> commit_blocking(Batch batch);

  Fd lock_;
  Pool& writer_;
  std::string instance_;
  Guarded<std::unique_ptr<File>> file_;
  Guarded<Queue> queue_;
  Guarded<std::map<std::string, Counter, std::less<>>> counters_;
  std::atomic<std::uint64_t> transactions_ = 0;
};

}  // namespace lodge::store
