#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <utility>

#include "drivers/qemu/qemu_guest.h"

// Moving a guest to another QEMU. A QEMU that has sent it completely stays paused for good; one whose sending failed lets it run on by
// itself, at any moment before that. So it is the "completed" of the source, and nothing earlier, that hands a guest over.
namespace lodge::drivers::qemu {

using qmp::Json;

namespace {

// QEMU's own. @source QEMU migration/migration.c, MAX_THROTTLE and DEFAULT_MIGRATE_SET_DOWNTIME
constexpr std::uint64_t kUsualBandwidth = 128u << 20;  // bytes per second
constexpr std::chrono::milliseconds kUsualDowntime{300};

// "setup" is said by who reaches for the other side, and also by who listens and has not been reached yet.
// @source QEMU qapi/migration.json, MigrationStatus
MigrationPhase phase_from(std::string_view status, bool listens) {
  if (status == "completed") return MigrationPhase::completed;
  if (status == "failed") return MigrationPhase::failed;
  if (status == "cancelled") return MigrationPhase::cancelled;
  if (status.empty() || status == "none" || (status == "setup" && listens)) return MigrationPhase::none;
  return MigrationPhase::active;
}

std::uint64_t count(const Json& object, std::string_view key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, qmp::number(object, key)));
}

MigrationStatus status_from(const Json& answer, MigrationPhase phase) {
  const Json& ram = qmp::member(answer, "ram");
  MigrationStatus status{.phase = phase, .error = qmp::text(answer, "error-desc")};
  status.total_bytes = count(ram, "total");
  status.transferred_bytes = count(ram, "transferred");
  status.remaining_bytes = count(ram, "remaining");
  status.dirty_bytes_per_second = count(ram, "dirty-pages-rate") * count(ram, "page-size");
  status.passes = count(ram, "dirty-sync-count");
  if (const Json& mbps = qmp::member(ram, "mbps"); mbps.is_number() && mbps.get<double>() > 0)
    status.bytes_per_second = static_cast<std::uint64_t>(mbps.get<double>() * 1e6 / 8);
  const bool over = phase == MigrationPhase::completed;
  status.downtime = std::chrono::milliseconds(count(answer, over ? "downtime" : "expected-downtime"));
  status.total = std::chrono::milliseconds(count(answer, "total-time"));
  return status;
}

Json capabilities(std::initializer_list<const char*> names) {
  Json list = Json::array();
  for (const char* const name : names) list.push_back({{"capability", name}, {"state", true}});
  return {{"capabilities", std::move(list)}};
}

std::string tcp(const std::string& host, std::uint16_t port) {
  return host.find(':') == std::string::npos ? fmt::format("tcp:{}:{}", host, port)
                                             : fmt::format("tcp:[{}]:{}", host, port);
}

}  // namespace

void QemuGuest::moving(MigrationPhase phase) {
  if (phase == move_.phase) return;
  move_.phase = phase;
  translator_.expect_move(phase == MigrationPhase::active);
  if (phase == MigrationPhase::none || phase == MigrationPhase::active) {
    move_.ended.close();
  } else {
    move_.ended.open();
  }
}

void QemuGuest::heard_of_migration(const qmp::Event& event) {
  if (event.name == "MIGRATION") moving(phase_from(qmp::text(event.data, "status"), move_.listens));
}

Task<Result<void>> QemuGuest::listen(const IncomingPlace& place, Deadline deadline) {
  const auto alive = alive_;
  const std::string ports = fmt::format("{},to={}", tcp(place.address, place.first_port), place.last_port);
  move_.listens = true;
  // Its disks are another QEMU's until it runs.
  std::vector<std::shared_ptr<qmp::Link::Pending>> orders;
  orders.push_back(
      link_.send("migrate-set-capabilities", capabilities({"events", "return-path", "late-block-activate"})));
  orders.push_back(link_.send("migrate-incoming", {{"uri", ports}}));
  auto asked = link_.send("query-migrate");
  for (auto& order : orders) {
    auto answer = co_await link_.answer(order, deadline);
    if (!answer) co_return Failure(std::move(answer).error());
  }
  auto answer = co_await link_.answer(std::move(asked), deadline);
  if (!answer) co_return Failure(std::move(answer).error());
  if (!*alive) co_return let_go();
  const Json& addresses = qmp::member(*answer, "socket-address");
  const std::string port = addresses.is_array() && !addresses.empty() ? qmp::text(addresses[0], "port") : "";
  if (std::from_chars(port.data(), port.data() + port.size(), move_.port).ec != std::errc() || move_.port == 0) {
    co_return fail(Code::unavailable, "QEMU does not say at which port it listens");
  }
  co_return Result<void>{};
}

Task<Result<void>> QemuGuest::send(MigrationTarget target, Deadline deadline) {
  const auto alive = alive_;
  move_.listens = false;
  moving(MigrationPhase::active);
  Json limits = Json::object();
  // Said each time, since QEMU keeps what an earlier try was limited to.
  limits["max-bandwidth"] = target.bandwidth > 0 ? target.bandwidth : kUsualBandwidth;
  limits["downtime-limit"] = target.downtime.count() > 0 ? target.downtime.count() : kUsualDowntime.count();
  // The return path makes "completed" mean that the other QEMU has taken all of it in.
  std::vector<std::shared_ptr<qmp::Link::Pending>> orders;
  orders.push_back(link_.send("migrate-set-capabilities", capabilities({"events", "return-path"})));
  orders.push_back(link_.send("migrate-set-parameters", std::move(limits)));
  orders.push_back(link_.send("migrate", {{"uri", tcp(target.host, target.port)}}));
  std::optional<Error> first;
  for (auto& order : orders) {
    auto answer = co_await link_.answer(order, deadline);
    if (!answer && !first) first = std::move(answer).error();
  }
  if (!*alive) co_return let_go();
  if (!first) co_return Result<void>{};
  if (first->code() == Code::failed_precondition) moving(MigrationPhase::failed);
  co_return Failure(told(Failure(std::move(*first))).error());
}

Task<Result<MigrationStatus>> QemuGuest::progress(Deadline deadline) {
  const auto alive = alive_;
  CO_TRY_ASSIGN(const Json answer, co_await command("query-migrate", Json::object(), deadline));
  if (!*alive) co_return let_go();
  moving(phase_from(qmp::text(answer, "status"), move_.listens));
  co_return status_from(answer, move_.phase);
}

Task<MigrationPhase> QemuGuest::wait_end(Deadline deadline) {
  const auto alive = alive_;
  co_await move_.ended.wait(deadline);
  co_return *alive ? move_.phase : MigrationPhase::none;
}

Task<Result<MigrationPhase>> QemuGuest::cancel(Deadline deadline) {
  const auto alive = alive_;
  CO_TRY_ASSIGN(const MigrationStatus now, co_await progress(deadline));
  if (now.phase != MigrationPhase::active) co_return now.phase;
  CO_TRY(co_await command("migrate_cancel", Json::object(), deadline));
  if (!*alive) co_return let_go();
  const Latch::Wait how = co_await move_.ended.wait(deadline);
  if (!*alive) co_return let_go();
  if (how == Latch::Wait::open) co_return move_.phase;
  if (how == Latch::Wait::cancelled) co_return fail(Code::cancelled, "cancel the migration: cancelled");
  co_return fail(Code::deadline_exceeded, "{}: QEMU was told to cancel its migration and has not yet",
                 live_spec_.name());
}

}  // namespace lodge::drivers::qemu
