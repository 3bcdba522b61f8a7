#pragma once

#include <signal.h>
#include <stdlib.h>

#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>

#include "drivers/contract/contract.h"
#include "drivers/qemu/qemu_driver.h"
#include "netdev/claims/process.h"

namespace lodge::test {

// The QEMU driver with a folder of its own, below which everything is.
struct QemuWorld {
  QemuWorld();
  ~QemuWorld();

  asio::io_context& loop() { return loop_; }
  drivers::Driver& driver() { return *driver_; }
  void restart_driver();
  std::string document(const std::string& name) const { return document(name, ""); }
  // `more` goes among the devices.
  std::string document(const std::string& name, const std::string& more) const;
  drivers::Run new_run();
  // No process has the path of the run's folder in its command line.
  bool nothing_left(const drivers::Run& run) const;
  void kill(drivers::Guest& guest) const { ::kill(static_cast<pid_t>(guest.pid()), SIGSEGV); }
  void stop_answering(drivers::Guest& guest) const { ::kill(static_cast<pid_t>(guest.pid()), SIGSTOP); }
  void answer_again(drivers::Guest& guest) const { ::kill(static_cast<pid_t>(guest.pid()), SIGCONT); }

  fs::path root;

 private:
  drivers::qemu::QemuSettings settings() const;

  asio::io_context loop_;
  Pool pool_{2};
  std::optional<drivers::qemu::QemuDriver> driver_;
  std::uint32_t runs_ = 0;
};

}  // namespace lodge::test
