#include "drivers/qemu/qemu_driver.h"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include "drivers/qemu/cancellation.h"
#include "drivers/qemu/command_line/command_line.h"
#include "drivers/qemu/files.h"
#include "drivers/qemu/host.h"
#include "drivers/qemu/kvm.h"
#include "drivers/qemu/monitor_socket.h"
#include "drivers/qemu/plan.h"
#include "drivers/qemu/probe.h"
#include "drivers/qemu/probe_cache.h"
#include "drivers/qemu/qemu_guest.h"
#include "drivers/qemu/start.h"
#include "netdev/claims/process.h"

namespace lodge::drivers::qemu {

namespace {

constexpr std::string_view kPrefix = "qemu-system-";

std::string program_name(const std::string& path) { return fs::path(path).filename(); }

// The program that is named after its architecture comes before its variants.
bool is_plain(const Emulator& emulator) {
  const std::string name = program_name(emulator.identity.path);
  return name == std::string(kPrefix) + program_arch(emulator.arch);
}

Result<void> refuse(Code code, std::vector<Finding> findings) {
  if (findings.empty()) return {};
  std::string sentence = fmt::format("{}: {}", findings[0].path, findings[0].message);
  if (findings.size() > 1) sentence += fmt::format(" (and {} more)", findings.size() - 1);
  return Failure(Error(code, std::move(sentence)).with_findings(std::move(findings)));
}

// From /proc, which the process itself cannot change.
Result<std::uint32_t> user_of_process(std::int64_t pid) {
  constexpr std::string_view kLine = "\nUid:\t";
  TRY_ASSIGN(const std::string status, read_file(fmt::format("/proc/{}/status", pid), 1u << 16));
  std::uint32_t uid = 0;
  const auto at = status.find(kLine);
  const char* const begin = status.data() + at + kLine.size();
  if (at == std::string::npos || std::from_chars(begin, status.data() + status.size(), uid).ec != std::errc())
    return fail(Code::internal, "/proc/{}/status does not tell the user", pid);
  return uid;
}

}  // namespace

QemuDriver::QemuDriver(asio::any_io_executor control, Pool& pool, QemuSettings settings)
    : control_(std::move(control)), pool_(pool), settings_(std::move(settings)) {}

QemuDriver::~QemuDriver() = default;

bool QemuDriver::runs(v1::DomainType type) const { return type == v1::DOMAIN_TYPE_QEMU || type == v1::DOMAIN_TYPE_KVM; }

std::vector<std::string> QemuDriver::powers() const {
  return {"pause", "power-button", "reset", "console", "hotplug", "migration"};
}

DriverVersion QemuDriver::version() const { return {.hypervisor = "QEMU", .version = version_}; }

Task<Result<EmulatorPtr>> QemuDriver::emulator(std::string path, bool refresh, Deadline deadline) {
  const auto identify = [&] { return identify_program(path); };
  CO_TRY_ASSIGN(const ProgramIdentity identity, co_await pool_.run(identify));
  if (const auto known = emulators_.find(path); !refresh && known != emulators_.end()) {
    if (known->second->identity == identity) co_return known->second;
  }
  const auto load = [&] { return refresh ? std::nullopt : load_emulator(settings_.cache_dir, identity); };
  std::optional<Emulator> emulator = co_await pool_.run(load);
  if (!emulator) {
    CO_TRY_ASSIGN(emulator, co_await probe_emulator(control_, pool_, path, settings_.helper_environment, deadline));
    // A cache that cannot be written costs time, nothing else.
    const auto save = [&] { return save_emulator(settings_.cache_dir, *emulator); };
    co_await pool_.run(save);
  }
  if (std::pair(emulator->major, emulator->minor) < std::pair(kOldestMajor, kOldestMinor)) {
    co_return fail(Code::unsupported, "{} is QEMU {}; {}.{} or newer is needed", path, emulator->version(),
                   kOldestMajor, kOldestMinor);
  }
  auto shared = std::make_shared<const Emulator>(std::move(*emulator));
  emulators_[path] = shared;
  co_return shared;
}

Task<Result<v1::Capabilities>> QemuDriver::probe(bool refresh, Deadline deadline) {
  const auto find = [this] { return find_emulators(settings_.search); };
  const std::vector<std::string> paths = co_await pool_.run(find);
  std::vector<EmulatorPtr> usable;
  std::optional<Error> first_failure;
  for (const auto& path : paths) {
    auto found = co_await emulator(path, refresh, deadline);
    if (found) {
      usable.push_back(std::move(*found));
    } else if (found.error().code() == Code::cancelled || found.error().code() == Code::deadline_exceeded) {
      co_return Failure(std::move(found).error());
    } else if (!first_failure) {
      first_failure = std::move(found).error();
    }
  }
  if (usable.empty()) {
    if (first_failure) co_return wrap(std::move(*first_failure), "no usable QEMU");
    co_return fail(Code::unavailable,
                   "no {}* program in {}: install QEMU (Debian: qemu-system-x86), or set [qemu] search", kPrefix,
                   fmt::join(settings_.search, ", "));
  }
  const auto ask_host = [] { return std::pair(host_capabilities(), kvm_usable().has_value()); };
  auto [host, kvm] = co_await pool_.run(ask_host);
  // The one that runs guests like this host comes first, and speaks for all.
  std::ranges::stable_sort(usable, {}, [&](const EmulatorPtr& emulator) {
    return std::tuple(emulator->arch != host.cpu().arch(), emulator->arch, !is_plain(*emulator));
  });
  version_ = usable[0]->version();
  v1::Capabilities capabilities;
  *capabilities.mutable_host() = std::move(host);
  for (const auto& emulator : usable) {
    for (const std::string& arch : emulator->arches())
      *capabilities.add_guests() = guest_capabilities(*emulator, arch, kvm && kvm_runs(arch));
  }
  co_return capabilities;
}

Task<Result<EmulatorPtr>> QemuDriver::emulator_for(const v1::DomainSpec& spec, Deadline deadline) {
  std::string path = spec.emulator();
  if (path.empty()) {
    const std::string name = std::string(kPrefix) + program_arch(spec.os().arch());
    const auto find = [this] { return find_emulators(settings_.search); };
    const std::vector<std::string> paths = co_await pool_.run(find);
    const auto found = std::ranges::find(paths, name, program_name);
    if (found == paths.end()) {
      co_return fail(Code::unavailable, "no {} in {}: install it, or name an <emulator>", name,
                     fmt::join(settings_.search, ", "));
    }
    path = *found;
  }
  co_return co_await emulator(std::move(path), false, deadline);
}

Task<Result<void>> QemuDriver::check(CheckRequest request, Deadline deadline) {
  const v1::DomainSpec& spec = request.domain.spec();
  CO_TRY_ASSIGN(const EmulatorPtr emulator, co_await emulator_for(spec, deadline));
  if (spec.type() == v1::DOMAIN_TYPE_KVM) {
    if (!emulator->kvm) {
      co_return fail(Code::unsupported, "{} was built without KVM: use <domain type='qemu'>", emulator->identity.path);
    }
    if (!kvm_runs(emulator->arch)) {
      co_return fail(Code::unsupported, "this host's processor cannot run {} guests: use <domain type='qemu'>",
                     emulator->arch);
    }
    CO_TRY(co_await pool_.run(kvm_usable));
  }
  CO_TRY(refuse(Code::unsupported, find_unsupported(spec, *emulator)));
  if (request.running) co_return Result<void>{};
  const auto look = [&] { return find_missing_files(spec, request.run_as); };
  std::vector<Finding> missing = co_await pool_.run(look);
  co_return refuse(Code::failed_precondition, std::move(missing));
}

Task<Result<std::vector<netdev::Claim>>> QemuDriver::plan(PlanRequest request, Deadline) {
  const auto work = [&] { return plan_claims(request); };
  auto planned = co_await pool_.run(work);
  co_return planned;
}

Task<Result<RunningGuest>> QemuDriver::start(StartRequest request, Deadline deadline) {
  CO_TRY_ASSIGN(EmulatorPtr emulator, co_await emulator_for(request.domain.spec(), deadline));
  StartTools tools{
      .control = control_, .pool = pool_, .emulator = std::move(emulator), .nvram_dir = settings_.nvram_dir};
  auto running = co_await without_throwing(start_guest(std::move(tools), std::move(request), deadline));
  co_return running;
}

Task<Result<RunningGuest>> QemuDriver::recover(RecoverRequest request, Deadline deadline) {
  const std::string name = request.live_spec.name();
  const auto claim = std::ranges::find(request.claims, netdev::ClaimKind::process, &netdev::Claim::kind);
  if (claim == request.claims.end()) co_return fail(Code::not_found, "{}: no process was claimed for it", name);

  struct Found {
    netdev::RunningProcess process;
    Result<Fd> monitor = Failure(Error(Code::not_found, "not looked for"));
    std::uint32_t uid = 0;
  };
  const auto find = [&]() -> Result<Found> {
    TRY_ASSIGN(netdev::RunningProcess process, netdev::open_process(*claim, request.run.folder.parent_path()));
    TRY_ASSIGN(const std::uint32_t uid, user_of_process(process.identity.pid));
    return Found{.process = std::move(process), .monitor = connect_monitor(request.run.folder), .uid = uid};
  };
  auto found = co_await pool_.run(find);
  if (!found) co_return wrap(std::move(found).error(), "recover {}", name);
  if (!found->monitor) {
    // It runs, so it is not "not found", whatever became of its socket.
    co_return wrap(std::move(found->monitor).error().with_code(Code::unavailable), "recover {}", name);
  }
  const auto note = qmp::Json::parse(request.memory, nullptr, /*allow_exceptions=*/false);
  auto guest = std::make_unique<QemuGuest>(QemuGuest::Parts{
      .control = control_,
      .pool = pool_,
      .live_spec = request.live_spec,
      .pid = found->process.identity.pid,
      .uid = found->uid,
      .pidfd = std::move(found->process.pidfd),
      .monitor = std::move(*found->monitor),
      .again = true,
      .log_file = request.run.log_file,
      .log_start = static_cast<std::uint64_t>(std::max<std::int64_t>(0, qmp::number(note, "log_start"))),
      .observer = request.observer});
  const auto status = co_await guest->status(deadline);
  if (!status) co_return wrap(Error(status.error()), "recover {}", name);
  if (guest->process().ended()) co_return fail(Code::not_found, "recover {}: QEMU ended meanwhile", name);
  // What happened while nobody listened.
  if (status->state == v1::DOMAIN_STATE_SHUTDOWN) guest->missed({.kind = GuestEventKind::powered_off});
  if (status->state == v1::DOMAIN_STATE_CRASHED) guest->missed({.kind = GuestEventKind::panicked, .held = true});
  guest->announce();
  RunningGuest running{.guest = std::move(guest), .status = *status, .memory = std::move(request.memory)};
  co_return running;
}

}  // namespace lodge::drivers::qemu
