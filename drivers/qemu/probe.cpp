#include "drivers/qemu/probe.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "drivers/qemu/cancellation.h"
#include "drivers/qemu/command_line/arguments.h"
#include "drivers/qemu/log_file.h"
#include "drivers/qemu/process.h"
#include "drivers/qemu/qmp/link.h"
#include "drivers/qemu/spawn.h"

namespace lodge::drivers::qemu {

namespace {

using qmp::Json;

std::vector<std::string> names_in(const Json& list, std::string_view key) {
  std::vector<std::string> names;
  if (!list.is_array()) return names;
  for (const auto& entry : list) {
    if (auto name = qmp::text(entry, key); !name.empty()) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

std::set<std::string, std::less<>> set_of(const Json& list, std::string_view key) {
  auto names = names_in(list, key);
  return {names.begin(), names.end()};
}

std::vector<MachineType> machines_of(const Json& list) {
  std::vector<MachineType> machines;
  if (!list.is_array()) return machines;
  for (const auto& entry : list) {
    const auto max_cpus = qmp::number(entry, "cpu-max");
    machines.push_back({.name = qmp::text(entry, "name"),
                        .alias = qmp::text(entry, "alias"),
                        .is_default = qmp::flag(entry, "is-default"),
                        .max_cpus = static_cast<std::uint32_t>(std::clamp<std::int64_t>(max_cpus, 0, 1 << 20)),
                        .default_cpu = qmp::text(entry, "default-cpu-type"),
                        .default_ram_id = qmp::text(entry, "default-ram-id")});
  }
  std::erase_if(machines, [](const MachineType& type) { return type.name.empty() || type.name == "none"; });
  std::ranges::sort(machines, {}, &MachineType::name);
  return machines;
}

// libvirt's names for architectures are uname's; QEMU's differ in one place that matters.
std::string arch_name(std::string target) { return target == "i386" ? "i686" : target; }

struct Started {
  Spawned child;
  Fd socket;
  Fd output;  // what it prints
};

Result<Started> start(const std::string& path, std::vector<std::string> environment) {
  Started out;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return fail_errno(errno, "socketpair");
  out.socket.reset(ends[0]);
  const Fd theirs(ends[1]);
  out.output.reset(::memfd_create("lodge-probe", MFD_CLOEXEC));
  if (!out.output) return fail_errno(errno, "memfd");
  environment.insert(environment.end(), {"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"});
  TRY_ASSIGN(out.child, spawn({.argv = {path, "-S", "-no-user-config", "-nodefaults", "-display", "none", "-machine",
                                        "none", "-chardev", fmt::format("socket,id=monitor,fd={}", kFirstInheritedFd),
                                        "-mon", "chardev=monitor,mode=control"},
                               .environment = std::move(environment),
                               .fds = {theirs.get()},
                               .log = out.output.get()}));
  return out;
}

Task<Result<Emulator>> ask(asio::any_io_executor control, Fd socket, Deadline deadline) {
  qmp::Link link(control, std::move(socket), {});
  link.start();
  std::vector<std::shared_ptr<qmp::Link::Pending>> questions;
  for (const auto& command : kProbeCommands)
    questions.push_back(link.send(command.name, Json::parse(command.arguments)));
  std::vector<Json> answers;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    auto answer = co_await link.answer(std::move(questions[i]), deadline);
    const bool unknown = !answer && answer.error().code() == Code::unsupported && !kProbeCommands[i].everywhere;
    if (!answer && !unknown) co_return Failure(std::move(answer).error());
    answers.push_back(answer ? std::move(*answer) : Json());
  }
  co_return emulator_from(answers);
}

Task<Result<Emulator>> run_probe(asio::any_io_executor control, Pool& pool, std::string path,
                                 std::vector<std::string> environment, Deadline deadline) {
  const auto identify = [path] { return identify_program(path); };
  CO_TRY_ASSIGN(ProgramIdentity identity, co_await pool.run(identify));
  const auto launch = [path, environment] { return start(path, environment); };
  CO_TRY_ASSIGN(Started started, co_await pool.run(launch));

  Result<Emulator> emulator = co_await ask(control, std::move(started.socket), deadline);
  const auto end = [&started]() -> std::string {
    kill_and_reap(started.child.pidfd);
    return last_line(fmt::format("/proc/self/fd/{}", started.output.get()), 0);
  };
  const std::string last_words = co_await pool.run(end);
  if (!emulator) {
    const bool told = emulator.error().code() == Code::unavailable && !last_words.empty();
    if (told) co_return fail(Code::unavailable, "{} ended: {}", path, last_words);
    co_return wrap(std::move(emulator).error(), "{}", path);
  }
  emulator->identity = std::move(identity);
  co_return emulator;
}

}  // namespace

const std::vector<ProbeCommand> kProbeCommands = {
    {"query-version", "{}"},
    {"query-target", "{}"},
    {"query-kvm", "{}"},
    {"query-machines", "{}"},
    {"qom-list-types", R"({"implements":"device","abstract":false})"},
    {"qom-list-types", R"({"implements":"user-creatable","abstract":false})"},
    {"query-chardev-backends", "{}"},
    {"query-command-line-options", "{}"},
    {"query-cpu-definitions", "{}", false},
};

Emulator emulator_from(const std::vector<Json>& answers) {
  Emulator emulator;
  const auto answer = [&](std::size_t n) -> const Json& {
    static const Json kNothing;
    return n < answers.size() ? answers[n] : kNothing;
  };
  const Json& version = qmp::member(answer(0), "qemu");
  emulator.major = static_cast<int>(qmp::number(version, "major"));
  emulator.minor = static_cast<int>(qmp::number(version, "minor"));
  emulator.micro = static_cast<int>(qmp::number(version, "micro"));
  emulator.package = qmp::text(answer(0), "package");
  emulator.arch = arch_name(qmp::text(answer(1), "arch"));
  emulator.kvm = qmp::flag(answer(2), "present");
  emulator.machines = machines_of(answer(3));
  emulator.devices = set_of(answer(4), "name");
  emulator.objects = set_of(answer(5), "name");
  emulator.chardevs = set_of(answer(6), "name");
  emulator.options = set_of(answer(7), "option");
  emulator.cpus = names_in(answer(8), "name");
  return emulator;
}

Task<Result<Emulator>> probe_emulator(asio::any_io_executor control, Pool& pool, std::string path,
                                      std::vector<std::string> environment, Deadline deadline) {
  return without_throwing(run_probe(std::move(control), pool, std::move(path), std::move(environment), deadline));
}

std::vector<std::string> find_emulators(const std::vector<std::string>& folders) {
  static constexpr std::string_view kPrefix = "qemu-system-";
  std::vector<std::string> found;
  std::set<std::string> names;
  for (const auto& folder : folders) {
    std::vector<std::string> here;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      const std::string name = it->path().filename();
      if (name.starts_with(kPrefix) && ::access(it->path().c_str(), X_OK) == 0) here.push_back(name);
    }
    std::ranges::sort(here);
    for (const auto& name : here) {
      if (names.insert(name).second) found.push_back((fs::path(folder) / name).string());
    }
  }
  return found;
}

}  // namespace lodge::drivers::qemu
