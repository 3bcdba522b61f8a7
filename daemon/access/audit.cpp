#include "daemon/access/audit.h"

#include <fmt/chrono.h>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"

namespace lodge::access {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;

constexpr std::size_t kLongestValue = 500;
constexpr auto kLastWords = 2s;
// What comes in this time is written together: a thread that wakes for each line would cost calls more than the lines do.
constexpr auto kGathered = 5ms;

void add(Json& line, const char* key, const std::string& value) {
  if (!value.empty()) line[key] = printable(value);
}

// Callers choose some of it, and the queue must not grow with what they choose.
void shorten(AuditEntry& entry) {
  for (std::string* value : {&entry.who, &entry.from, &entry.what, &entry.object, &entry.project, &entry.outcome,
                             &entry.error, &entry.request_id, &entry.traceparent})
    if (value->size() > kLongestValue) *value = shortened(*value, kLongestValue);
}

// Whether they differ in nothing but their number. Only for what somebody may bring about thousands of times a second: limits, and
// refusals of strangers.
bool is_the_same_again(const AuditEntry& before, const AuditEntry& now) {
  return (now.outcome == to_string(Code::resource_exhausted) || (now.who.empty() && now.outcome != "ok")) &&
         now.outcome == before.outcome && now.who == before.who && now.from == before.from && now.what == before.what &&
         now.object == before.object && now.project == before.project && now.error == before.error;
}

}  // namespace

std::string audit_line(const AuditEntry& entry) {
  const auto at = std::chrono::floor<std::chrono::milliseconds>(entry.at);
  Json line;
  line["at"] = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(at)),
                           at.time_since_epoch().count() % 1000);
  add(line, "who", entry.who);
  add(line, "from", entry.from);
  add(line, "what", entry.what);
  add(line, "object", entry.object);
  add(line, "project", entry.project);
  add(line, "outcome", entry.outcome);
  add(line, "error", entry.error);
  line["ms"] = static_cast<double>(entry.took.count() / 100) / 10.0;
  add(line, "request", entry.request_id);
  add(line, "traceparent", entry.traceparent);
  if (entry.times > 1) line["times"] = entry.times;
  // Bytes that are no text become U+FFFD.
  return line.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

struct Auditor::State {
  AuditSink sink;
  std::size_t bound;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<AuditEntry> queue;
  bool closing = false;
  bool done = false;
  std::atomic<std::uint64_t> dropped{0};
};

Auditor::Auditor(AuditSink sink, std::size_t bound) : state_(std::make_shared<State>()) {
  state_->sink = std::move(sink);
  state_->bound = bound;
  thread_ = std::thread([state = state_] { work(state); });
}

Auditor::~Auditor() {
  std::unique_lock lock(state_->mutex);
  state_->closing = true;
  state_->changed.notify_all();
  const bool written = state_->changed.wait_for(lock, kLastWords, [&] { return state_->done; });
  lock.unlock();
  if (written) {
    thread_.join();
  } else {
    log::warn("the audit's sink hangs: its last lines are lost");
    thread_.detach();
  }
}

void Auditor::record(AuditEntry entry) {
  shorten(entry);
  bool first = false;
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->queue.empty() && is_the_same_again(state_->queue.back(), entry)) {
      ++state_->queue.back().times;
      return;
    }
    first = state_->queue.empty();
    if (state_->queue.size() >= state_->bound) {
      ++state_->dropped;
      return;
    }
    state_->queue.push_back(std::move(entry));
  }
  if (first) state_->changed.notify_all();
}

std::uint64_t Auditor::dropped() const { return state_->dropped; }

void Auditor::work(const std::shared_ptr<State>& state) {
  std::uint64_t told = 0;
  bool broken = false;
  const auto write = [&](const AuditEntry& entry) {
    const auto written = state->sink(entry, audit_line(entry));
    if (!written && !std::exchange(broken, true)) log::degraded("write the audit", written.error());
    if (written) broken = false;
    return written.has_value();
  };
  for (;;) {
    AuditEntry entry;
    {
      std::unique_lock lock(state->mutex);
      if (state->queue.empty() && !state->closing) {
        state->changed.wait(lock, [&] { return !state->queue.empty() || state->closing; });
        state->changed.wait_for(lock, kGathered, [&] { return state->closing; });
      }
      if (state->queue.empty()) break;
      entry = std::move(state->queue.front());
      state->queue.pop_front();
    }
    if (const std::uint64_t dropped = state->dropped; dropped > told) {
      const AuditEntry gap{.at = std::chrono::system_clock::now(),
                           .who = "lodged",
                           .from = {},
                           .what = "AuditDropped",
                           .object = {},
                           .project = {},
                           .outcome = "data_loss",
                           .error = fmt::format("audit dropped {} lines", dropped - told),
                           .took = {},
                           .request_id = {},
                           .traceparent = {}};
      if (write(gap)) told = dropped;
    }
    if (!write(entry)) ++state->dropped;
  }
  const std::lock_guard lock(state->mutex);
  state->done = true;
  state->changed.notify_all();
}

}  // namespace lodge::access
