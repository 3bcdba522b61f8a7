#include "tests/e2e/support/guest.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include <thread>

namespace lodge::test {
namespace {

fs::path guest_folder() { return fs::path(LODGE_SOURCE_DIR) / "build" / "guest"; }

Fd append_to(const fs::path& path) {
  auto fd = open_file(path, O_WRONLY | O_CREAT | O_APPEND);
  if (!fd) throw WorldError(fd.error().message());
  return std::move(*fd);
}

fs::path unique_file(const World& world, std::string_view stem) {
  for (int n = 0;; ++n)
    if (const fs::path path = world.root() / fmt::format("{}.{}", stem, n); !fs::exists(path)) return path;
}

std::pair<Fd, Fd> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw WorldError("pipe: " + errno_text(errno));
  return {Fd(ends[0]), Fd(ends[1])};
}

}  // namespace

std::string GuestDocument::xml() const {
  const std::string boot = boots ? fmt::format(
                                       "<kernel>{0}/vmlinuz</kernel><initrd>{0}/initramfs.img</initrd>"
                                       "<cmdline>console=ttyS0 quiet no_timer_check {1}</cmdline>",
                                       guest_folder().string(), append)
                                 : "";
  return fmt::format(
      "<domain type='{}'><name>{}</name><memory unit='MiB'>{}</memory><vcpu>1</vcpu>"
      "<os><type arch='x86_64' machine='q35'>hvm</type>{}</os><features><acpi/></features>{}"
      "<devices>{}<memballoon model='none'/>{}</devices></domain>\n",
      type, name, boots ? 128 : 32, boot, lifecycle, serial, devices);
}

std::optional<std::string> no_guest_here() {
  if (fs::exists(guest_folder() / "initramfs.img")) return std::nullopt;
  return "no test guest in build/guest; tests/guest/build makes it";
}

std::string macvtap_on(std::string_view parent, std::string_view mac, std::string_view extra) {
  return fmt::format(
      "<interface type='direct'><mac address='{}'/><source dev='{}' mode='bridge'/>{}<model type='virtio'/></interface>",
      mac, parent, extra);
}

void define(const World& world, const GuestDocument& document) {
  world.must_lodge({"define", "-"}, {.input = document.xml()});
}

void define_and_start(const World& world, const GuestDocument& document) {
  define(world, document);
  world.must_lodge({"start", document.name});
}

pid_t pid_of(const World& world, const std::string& guest) {
  const auto info = nlohmann::json::parse(world.must_lodge({"dominfo", guest, "-o", "json"}));
  const auto pid = info["status"]["pid"];
  return pid.is_string() ? std::stoi(pid.get<std::string>()) : pid.get<pid_t>();
}

std::string interface_of(const World& world, const std::string& guest) {
  const std::string names = world.must_lodge({"domiflist", guest, "-o", "name"});
  return names.substr(0, names.find('\n'));
}

bool becomes(const World& world, const std::string& guest, std::string_view state, Deadline deadline) {
  while (!state_of(world, guest).starts_with(state)) {
    if (deadline.passed()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

std::string state_of(const World& world, const std::string& guest) {
  std::string state = world.must_lodge({"domstate", guest, "--reason"});
  while (!state.empty() && state.back() == '\n') state.pop_back();
  return state;
}

std::string links() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator("/sys/class/net")) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return fmt::format("{}", fmt::join(names, " "));
}

int qemus(const World& world) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string cmdline = read_file(entry.path() / "cmdline").value_or("");
    if (cmdline.find("qemu-system") != std::string::npos && cmdline.find(world.root().string()) != std::string::npos)
      ++count;
  }
  return count;
}

Watch::Watch(const World& world)
    : file_(unique_file(world, "events")),
      out_(append_to(file_)),
      process_({.argv = {LODGE_BINARY, "--connect", world.uri(), "event", "--watch", "--initial"}, .out = out_.get()}) {
  // The answer to --initial shows that events are heard from here on; a world without guests has none to tell.
  if (!world.must_lodge({"list", "--all", "-o", "name"}).empty()) expect("event 'state'");
}

std::string Watch::expect(std::string_view text, Deadline deadline) {
  if (auto line = wait_for_text(file_, text, deadline)) return std::move(*line);
  throw WorldError(
      fmt::format("no event with \"{}\" by the deadline; there were:\n{}", text, read_file(file_).value_or("")));
}

ConsoleLog::ConsoleLog(const World& world, const std::string& guest)
    : file_(unique_file(world, guest + ".console")), out_(append_to(file_)), our_end_(), their_end_(), process_([&] {
        auto [theirs, ours] = make_pipe();
        their_end_ = std::move(theirs);
        our_end_ = std::move(ours);
        return Process({.argv = {LODGE_BINARY, "--connect", world.uri(), "console", guest},
                        .in = their_end_.get(),
                        .out = out_.get(),
                        .err = out_.get()});
      }()) {}

std::string ConsoleLog::expect(std::string_view text, Deadline deadline) {
  if (auto line = wait_for_text(file_, text, deadline)) return std::move(*line);
  throw WorldError(
      fmt::format("no \"{}\" on the console by the deadline; it said:\n{}", text, read_file(file_).value_or("")));
}

void ConsoleLog::type(std::string_view line) {
  const std::string text = fmt::format("{}\n", line);
  if (::write(our_end_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw WorldError("write to the console: " + errno_text(errno));
}

}  // namespace lodge::test
