#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/task.h"
#include "daemon/access/audit.h"
#include "daemon/enrol/enrolment.h"
#include "daemon/rpc/call_ids.h"
#include "daemon/rpc/connections.h"
#include "daemon/rpc/tls_keeper.h"

namespace lodge::rpc {

// The door for those who have no certificate yet: TLS that shows ours and asks for none, and one call, Enrol. Listens only
// while a token waits to be used; takes few connections, and few tries a second.
class EnrolDoor {
 public:
  // Listens at once if a token of an earlier life of the daemon still waits. All outlive it.
  static Result<std::unique_ptr<EnrolDoor>> open(std::string address, enrol::Enrolment& enrolment,
                                                 const asio::any_io_executor& control, const TlsKeeper& keeper,
                                                 Connections& connections, access::Auditor& auditor,
                                                 const CallIds& ids);
  // Cancels calls that go on, and blocks until they have ended: not on the control thread, which must run meanwhile.
  ~EnrolDoor();
  EnrolDoor(const EnrolDoor&) = delete;
  EnrolDoor& operator=(const EnrolDoor&) = delete;

  // Listens, if it does not. Closes again by itself. Any thread; does not wait for anything.
  Result<void> open_up();

 private:
  struct Parts;
  EnrolDoor(std::string address, enrol::Enrolment& enrolment, std::unique_ptr<Parts> parts);
  void watch(const std::stop_token& stop);

  const std::string address_;
  enrol::Enrolment& enrolment_;
  std::unique_ptr<Parts> parts_;
  std::mutex mutex_;  // the parts' acceptor
  std::condition_variable_any told_;
  std::jthread watcher_;
};

}  // namespace lodge::rpc
