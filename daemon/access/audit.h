#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/file.h"
#include "base/result.h"

namespace lodge::access {

// One call that changed something or was refused, or one connection that was not let in, or had to go ("Connect").
struct AuditEntry {
  std::chrono::system_clock::time_point at;
  std::string who;             // "uid:1000"; empty for who is not known
  std::string from;            // "pid 4711", "ipv4:192.0.2.1:4711"
  std::string what;            // "StartDomain"
  std::string object;          // the guest's name or uuid as the caller gave it; may be empty
  std::string project;         // where it was looked for, or where it is; may be empty
  std::string outcome = "ok";  // or the error's code
  std::string error;           // its message
  std::chrono::microseconds took{};
  std::string request_id;
  std::string traceparent;
  std::uint64_t times = 1;  // that it happened in a row; more than once only for limits, and for strangers
};

// The entry as one line of JSON, whatever bytes a caller put into a name. Keys that have nothing to say are left out.
std::string audit_line(const AuditEntry& entry);

// Where lines go. Called on the auditor's own thread, and may block it. An error is for that one line.
using AuditSink = std::function<Result<void>(const AuditEntry& entry, const std::string& line)>;

// Appends to the file, and follows it when it is rotated. The error says why it cannot be opened.
Result<AuditSink> audit_to_file(const fs::path& file);
// To the journal, with fields of its own to search by: LODGE_WHO, LODGE_WHAT, LODGE_PROJECT, …
AuditSink audit_to_journal();
// To the daemon's log.
AuditSink audit_to_log();
// Whether the journal listens on this host.
bool has_journal();

// Writes entries down, in order, on a thread of its own, a few milliseconds' worth at once. Whoever hands one over never waits:
// if the sink is so slow that the queue is full, or refuses a line, that is counted, and told in the audit itself as soon as
// it can be.
class Auditor {
 public:
  static constexpr std::size_t kQueue = 8192;

  explicit Auditor(AuditSink sink, std::size_t bound = kQueue);
  // Writes what is left, but gives up on a sink that takes longer than two seconds.
  ~Auditor();
  Auditor(const Auditor&) = delete;
  Auditor& operator=(const Auditor&) = delete;

  // Any thread.
  void record(AuditEntry entry);
  // How many could not be written so far.
  std::uint64_t dropped() const;

 private:
  struct State;
  static void work(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // also the thread's: it may outlive us
  std::thread thread_;
};

}  // namespace lodge::access
