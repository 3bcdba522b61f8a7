#include "daemon/host/host.h"
#include "daemon/host/sequences.h"

// Starting guests at boot.
namespace lodge::host {
namespace {

struct Batch {
  std::deque<ObjectPtr> waiting;
  std::size_t workers = 0;
  Latch done{true};
};

// One after the other from the same list.
Task<void> work_off(Core& core, std::shared_ptr<Batch> batch) {
  while (!batch->waiting.empty() && !core.closing()) {
    const ObjectPtr object = batch->waiting.front();
    batch->waiting.pop_front();
    const Body<void> body = [](Work& work) -> Task<Result<void>> {
      if (!work.object->defined() || !work.object->stored) co_return Result<void>{};
      CO_TRY_ASSIGN(Prepared prepared, co_await work.core.prepare(work.object->project, work.object->stored->spec));
      auto started = co_await start_run(work, std::move(prepared), false);
      co_return started;
    };
    // Logged, and noted at the guest, by the operation itself.
    const auto started = co_await core.perform<void>(core.own_context(), "autostart", object, Entry::in_turn, body);
    static_cast<void>(started);
  }
  if (--batch->workers == 0) batch->done.open();
}

}  // namespace

Task<void> Host::autostart() {
  Core& core = *core_;
  if (core.settings.boot_id == core.autostarted_boot) co_return;
  const auto batch = std::make_shared<Batch>();
  for (const auto& [name, object] : core.by_name) {
    if (object->stored && object->stored->autostart && object->defined()) batch->waiting.push_back(object);
  }
  const std::size_t workers = std::min(batch->waiting.size(), core.settings.autostart_parallel);
  if (workers > 0) batch->done.close();
  batch->workers = workers;
  for (std::size_t i = 0; i < workers; ++i) core.background(work_off(core, batch));
  const Latch::Wait how = co_await batch->done.wait(Deadline::after(core.settings.detached_limit));
  if (how != Latch::Wait::open || core.closing()) co_return;
  store::Batch done;
  done.put_meta.emplace(kAutostartedBoot, core.settings.boot_id);
  const auto committed = co_await core.parts.store.commit(std::move(done));
  if (!committed) log::degraded("write down that this boot's guests have been started", committed.error());
  core.autostarted_boot = core.settings.boot_id;
}

}  // namespace lodge::host
