#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/latch.h"
#include "base/pool.h"
#include "drivers/api/guest.h"
#include "drivers/qemu/command_line/interfaces.h"
#include "drivers/qemu/process.h"
#include "drivers/qemu/qmp/link.h"
#include "drivers/qemu/states.h"

namespace lodge::drivers::qemu {

// One QEMU and its monitor.
class QemuGuest final : public Guest,
                        public Pausable,
                        public PowerButton,
                        public Resettable,
                        public Console,
                        public Hotplug,
                        public Migration {
 public:
  struct Parts {
    asio::any_io_executor control;
    Pool& pool;
    v1::DomainSpec live_spec;
    std::int64_t pid = 0;
    std::uint32_t uid = 0;  // of its user
    Fd pidfd;
    Fd monitor;          // connected
    bool again = false;  // and not by the first who is
    fs::path log_file;
    std::uint64_t log_start = 0;  // where this run's lines begin
    GuestObserver& observer;
  };
  // Watches the process and talks to its monitor at once. What happens before announce() is kept until then.
  explicit QemuGuest(Parts parts);
  ~QemuGuest() override;

  // It has been started, or found again: tells the observer what has happened, and from here on what happens.
  void announce();
  // Notes an event that this object was too late to see, unless it has seen its like.
  void missed(GuestEvent event);
  // The next time that the guest begins to run is no news: a start asked for it.
  void expect_start() { starting_ = true; }

  const v1::DomainSpec& live_spec() const override { return live_spec_; }
  v1::DomainSpec& mutable_live_spec() { return live_spec_; }
  std::int64_t pid() const override { return process_.pid(); }
  Task<Result<GuestStatus>> status(Deadline deadline) override;
  Task<Result<void>> stop(StopMode mode, Deadline deadline) override;

  Pausable* pausable() override { return this; }
  PowerButton* power_button() override { return this; }
  Resettable* resettable() override { return this; }
  lodge::drivers::Console* console() override { return this; }
  Hotplug* hotplug() override { return this; }
  Migration* migration() override { return this; }

  Task<Result<void>> pause(Deadline deadline) override;
  Task<Result<void>> resume(Deadline deadline) override;
  Task<Result<void>> press(Deadline deadline) override;
  Task<Result<void>> reset(Deadline deadline) override;
  Task<Result<Fd>> open(std::string_view alias, Deadline deadline) override;

  // hotplug.cpp
  Task<Result<void>> attach(v1::Interface interface, std::optional<netdev::NetworkPort> port,
                            Deadline deadline) override;
  Task<Result<void>> detach(std::string alias, Deadline deadline) override;
  Task<Result<void>> set_link(std::string alias, bool up, Deadline deadline) override;
  Task<Result<std::set<std::string>>> attached(Deadline deadline) override;
  Task<Result<netdev::RxFilter>> rx_filter(std::string alias, Deadline deadline) override;

  // migration.cpp
  Task<Result<void>> send(MigrationTarget target, Deadline deadline) override;
  Task<Result<MigrationStatus>> progress(Deadline deadline) override;
  Task<MigrationPhase> wait_end(Deadline deadline) override;
  Task<Result<MigrationPhase>> cancel(Deadline deadline) override;
  std::uint16_t port() const override { return move_.port; }
  // Has a QEMU that was started to receive a guest listen for it.
  Task<Result<void>> listen(const IncomingPlace& place, Deadline deadline);

  qmp::Link& link() { return link_; }
  const Process& process() const { return process_; }
  // How it ended; unknown while it runs.
  ExitStatus exit_status() const { return exit_status_; }

 private:
  // What a call says that comes back to find this destroyed.
  static Failure let_go() { return fail(Code::cancelled, "the guest was let go"); }
  qmp::Listener listener();
  // not_found in place of a monitor that closed because QEMU ended.
  Task<Result<qmp::Json>> command(std::string name, qmp::Json arguments, Deadline deadline);
  Result<qmp::Json> told(Result<qmp::Json> answer) const;
  void tell(const GuestEvent& event);
  void ended(ExitStatus status);

  // --- hotplug.cpp ---
  // A device that the guest was asked to let go of.
  struct Leaving {
    Latch decided;
    bool refused = false;
  };
  Task<Result<void>> plug_in(v1::Interface interface, std::optional<netdev::NetworkPort> port, Deadline deadline);
  // Sends descriptors to QEMU, and notes the names that it has them by.
  Task<Result<void>> hand_over(std::string prefix, std::vector<Fd> fds, std::vector<std::string>& names,
                               Deadline deadline);
  // Takes back what plug_in() may have got done, without waiting for it.
  void unplug_blindly(const v1::Interface& interface, const QueueNames& queues);
  Task<Result<void>> wait_unplugged(std::string alias, Deadline deadline);
  void heard_of_device(const qmp::Event& event);

  // --- migration.cpp ---
  struct Move {
    MigrationPhase phase = MigrationPhase::none;  // as last heard
    Latch ended;
    std::uint16_t port = 0;  // 0 unless it is received
    bool listens = false;    // until it is sent itself
  };
  void moving(MigrationPhase phase);
  void heard_of_migration(const qmp::Event& event);

  asio::any_io_executor control_;
  Pool& pool_;
  v1::DomainSpec live_spec_;
  std::uint32_t uid_;
  fs::path log_file_;
  std::uint64_t log_start_;
  GuestObserver& observer_;
  Translator translator_;
  bool announced_ = false;
  bool starting_ = false;
  std::vector<GuestEvent> early_;  // before announce()
  bool stop_requested_ = false;
  ExitStatus exit_status_;
  Latch reset_done_;
  Move move_;
  std::map<std::string, std::shared_ptr<Leaving>, std::less<>> leaving_;  // by alias
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);            // false once this is destroyed
  Process process_;
  qmp::Link link_;
};

}  // namespace lodge::drivers::qemu
