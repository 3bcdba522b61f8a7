#include "tests/bench/libvirt_manager.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <sstream>
#include <thread>

#include "tests/e2e/support/guest.h"
#include "tests/e2e/support/sandbox.h"

namespace lodge::test {
namespace {

constexpr const char* kDaemon = "/usr/sbin/libvirtd";
constexpr const char* kVirsh = "/usr/bin/virsh";
constexpr const char* kLog = "/run/libvirtd.log";
const fs::path kRuns = "/run/libvirt/qemu";
const fs::path kOwnPidFile = kRuns / "driver.pid";
const fs::path kFolders = "/var/lib/libvirt/qemu";
constexpr std::chrono::milliseconds kLookAgain{100};

// No security labels, control groups or mount namespaces, which this machine may lack; no virtlogd beside it.
constexpr const char* kQemuSettings =
    "user = \"root\"\ngroup = \"root\"\ndynamic_ownership = 0\nremember_owner = 0\nsecurity_driver = \"none\"\n"
    "cgroup_controllers = []\nnamespaces = []\nstdio_handler = \"file\"\n";
constexpr const char* kDaemonSettings = "auth_unix_rw = \"none\"\nunix_sock_rw_perms = \"0700\"\n";

Finished virsh(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {kVirsh, "-q", "-c", "qemu:///system"});
  return run(std::move(arguments), {.environment = {"LC_ALL=C"}});
}

Said said(const Finished& finished) {
  if (finished.ok()) return {.answer = Answer::done};
  // What virsh says when nobody answers, or not any more.
  for (const char* const lost :
       {"Failed to connect", "failed to connect", "no valid connection", "End of file", "client socket is closed",
        "Cannot recv data", "Cannot write data", "Unable to write", "Disconnected", "keepalive"})
    if (finished.err.find(lost) != std::string::npos) return {.answer = Answer::none, .why = finished.err};
  return {.answer = Answer::refused, .why = finished.err};
}

// The file's name follows the first two words, or the first if there is but one.
Said with_document(const std::string& document, std::vector<std::string> command) {
  static std::atomic<int> number = 0;
  const fs::path file = fmt::format("/run/document-{}.xml", ++number);
  if (!write_file(file, document)) throw WorldError("write " + file.string());
  command.insert(command.begin() + std::min<std::ptrdiff_t>(2, std::ssize(command)), file);
  const Said answer = said(virsh(std::move(command)));
  fs::remove(file);
  return answer;
}

// All guests, with the titles of their definitions: `virsh list --title` has those of their runs.
std::vector<GuestFacts> titles() {
  const Finished listed = virsh({"list", "--all", "--name"});
  if (!listed.ok()) throw WorldError("virsh list: " + listed.err);
  std::vector<GuestFacts> guests;
  std::istringstream names(listed.out);
  for (std::string name; names >> name;) {
    const Finished title = virsh({"desc", "--config", "--title", name});
    guests.push_back({.name = name, .title = title.ok() ? title.out : "", .links = {}});
    while (guests.back().title.ends_with('\n')) guests.back().title.pop_back();
  }
  return guests;
}

pid_t pid_file_of(const std::string& guest) {
  const std::string text = read_file(kRuns / (guest + ".pid")).value_or("");
  pid_t pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  return pid;
}

// "  state.state=1", "  net.0.name=macvtap3" below "Domain: 'NAME'".
void read_statistics(const std::string& text, std::vector<GuestFacts>& guests) {
  constexpr std::string_view kShutOff = "5";
  GuestFacts* guest = nullptr;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Domain: '")) {
      const auto found = std::ranges::find(guests, line.substr(9, line.size() - 10), &GuestFacts::name);
      guest = found == guests.end() ? nullptr : &*found;
    }
    if (!guest) continue;
    const auto equals = line.find('=');
    if (equals == line.npos) continue;
    const std::string key = line.substr(2, equals - 2), value = line.substr(equals + 1);
    if (key == "state.state") guest->running = value != kShutOff;
    if (key.starts_with("net.") && key.ends_with(".name")) guest->links.push_back(value);
  }
  for (GuestFacts& one : guests) one.pid = one.running ? pid_file_of(one.name) : 0;
}

// The user that Debian's libvirtd wants to exist, whatever its settings say; the package that makes it also starts daemons.
void add_user() {
  for (const auto& [file, line] : {std::pair("passwd", "libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin\n"),
                                   std::pair("group", "libvirt-qemu:x:64055:\n")}) {
    const fs::path real = fs::path("/etc") / file, ours = fs::path("/run/libvirtd-").concat(file);
    if (!write_file(ours, read_file(real).value_or("") + line, 0644)) throw WorldError("write " + ours.string());
    if (::mount(ours.c_str(), real.c_str(), nullptr, MS_BIND, nullptr) != 0)
      throw WorldError(fmt::format("mount {}: {}", real.string(), errno_text(errno)));
  }
}

}  // namespace

std::optional<std::string> LibvirtManager::missing() {
  for (const char* const program : {kDaemon, kVirsh})
    if (::access(program, X_OK) != 0) return fmt::format("{} is not installed", program);
  return std::nullopt;
}

LibvirtManager::LibvirtManager() {
  if (!sandboxed()) throw WorldError("libvirtd: only in a sandbox");
  add_user();
  for (const char* const folder : {"/etc/libvirt", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt"}) {
    fs::create_directories(folder);
    if (::mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0)
      throw WorldError(fmt::format("mount {}: {}", folder, errno_text(errno)));
  }
  for (const auto& [file, text] : {std::pair("qemu.conf", kQemuSettings), std::pair("libvirtd.conf", kDaemonSettings)})
    if (!write_file(fs::path("/etc/libvirt") / file, text)) throw WorldError("write /etc/libvirt");
  // It asks each hypervisor there is what it can do, which takes longer than a life here, and remembers it.
  start();
  if (const Finished asked = virsh({"capabilities"}); !asked.ok()) throw WorldError("virsh capabilities: " + asked.err);
  kill();
}

void LibvirtManager::start() {
  auto log = open_file(kLog, O_WRONLY | O_CREAT | O_APPEND);
  if (!log) throw WorldError(log.error().message());
  daemon_.emplace(Launch{.argv = {kDaemon}, .out = log->get(), .err = log->get()});
  for (const auto deadline = Deadline::after(kPatience); !virsh({"list"}).ok();) {
    if (deadline.passed() || !daemon_->running())
      throw WorldError("libvirtd does not answer; it says:\n" + read_file(kLog).value_or(""));
    std::this_thread::sleep_for(kLookAgain);
  }
}

void LibvirtManager::kill() {
  daemon_->signal(SIGKILL);
  daemon_->wait(Deadline::after(kPatience));
}

// It finds its guests again in threads of its own, and says nothing when it is done: two looks that agree have to do.
void LibvirtManager::settle() {
  std::string before;
  for (const auto deadline = Deadline::after(kPatience); !deadline.passed();) {
    const Finished now = virsh({"domstats", "--state", "--interface", "--raw"});
    if (now.ok() && now.out == before) return;
    before = now.out;
    std::this_thread::sleep_for(2 * kLookAgain);
  }
}

Said LibvirtManager::define(const std::string& document) { return with_document(document, {"define"}); }

Said LibvirtManager::act(Verb verb, const std::string& guest) {
  switch (verb) {
    case Verb::start: return said(virsh({"start", guest}));
    case Verb::start_paused: return said(virsh({"start", guest, "--paused"}));
    case Verb::suspend: return said(virsh({"suspend", guest}));
    case Verb::resume: return said(virsh({"resume", guest}));
    case Verb::reset: return said(virsh({"reset", guest}));
    case Verb::reboot: return said(virsh({"reboot", guest, "--mode", "acpi"}));
    case Verb::shutdown: return said(virsh({"shutdown", guest, "--mode", "acpi"}));
    case Verb::destroy: return said(virsh({"destroy", guest}));
    case Verb::undefine: return said(virsh({"undefine", guest}));
    case Verb::autostart: return said(virsh({"autostart", guest}));
  }
  throw WorldError("no such verb");
}

Said LibvirtManager::attach(const std::string& guest, const std::string& parent, const std::string& mac) {
  return with_document(macvtap_on(parent, mac), {"attach-device", guest, "--live"});
}

Said LibvirtManager::detach(const std::string& guest, const std::string& mac) {
  return said(virsh({"detach-interface", guest, "direct", "--mac", mac, "--live"}));
}

Said LibvirtManager::set_link(const std::string& guest, const std::string& mac, bool up) {
  return said(virsh({"domif-setlink", guest, mac, up ? "up" : "down"}));
}

std::vector<GuestFacts> LibvirtManager::guests() {
  std::vector<GuestFacts> guests = titles();
  const Finished statistics = virsh({"domstats", "--state", "--interface", "--raw"});
  if (!statistics.ok()) throw WorldError("virsh domstats: " + statistics.err);
  read_statistics(statistics.out, guests);
  return guests;
}

std::optional<GuestFacts> LibvirtManager::find(const std::string& guest) {
  std::vector<GuestFacts> one{{.name = guest, .title = {}, .links = {}}};
  const Finished statistics = virsh({"domstats", guest, "--state", "--interface", "--raw"});
  if (!statistics.ok()) return std::nullopt;
  read_statistics(statistics.out, one);
  return one.front();
}

// NAME.xml and NAME.pid; domain-ID-NAME.
std::vector<RunFile> LibvirtManager::run_files() {
  std::vector<RunFile> files;
  for (const auto& entry : fs::directory_iterator(kRuns)) {
    const fs::path& path = entry.path();
    if (path == kOwnPidFile) continue;
    if (path.extension() == ".xml" || path.extension() == ".pid")
      files.push_back({.guest = path.stem(), .kind = path.extension(), .path = path});
  }
  for (const auto& entry : fs::directory_iterator(kFolders)) {
    const std::string file = entry.path().filename();
    if (const auto dash = file.find('-', 7); file.starts_with("domain-") && dash != file.npos)
      files.push_back({.guest = file.substr(dash + 1), .kind = "folder", .path = entry.path()});
  }
  return files;
}

// It counts on from the highest that it knows of.
std::vector<std::string> LibvirtManager::next_names() {
  int highest = -1;
  for (const auto& entry : fs::directory_iterator("/sys/class/net")) {
    const std::string link = entry.path().filename();
    int number = -1;
    if (link.starts_with("macvtap")) std::from_chars(link.data() + 7, link.data() + link.size(), number);
    highest = std::max(highest, number);
  }
  return {fmt::format("macvtap{}", highest + 1)};
}

}  // namespace lodge::test
