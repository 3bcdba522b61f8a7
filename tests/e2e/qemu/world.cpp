#include "tests/e2e/qemu/world.h"

#include <algorithm>

namespace lodge::test {

QemuWorld::QemuWorld() {
  std::string name = "/tmp/lodge-e2e-qemu.XXXXXX";
  root = ::mkdtemp(name.data());
  driver_.emplace(loop_.get_executor(), pool_, settings());
}

QemuWorld::~QemuWorld() {
  driver_.reset();
  std::error_code ignored;
  fs::remove_all(root, ignored);
}

drivers::qemu::QemuSettings QemuWorld::settings() const {
  // One cache for all worlds: a fresh probe for each rule would only cost time.
  return {.search = {"/usr/bin"}, .cache_dir = "/run/lodge-e2e-qemu-cache", .nvram_dir = root / "nvram"};
}

void QemuWorld::restart_driver() { driver_.emplace(loop_.get_executor(), pool_, settings()); }

std::string QemuWorld::document(const std::string& name, const std::string& more) const {
  return "<domain type='qemu'><name>" + name +
         "</name><memory unit='MiB'>32</memory><os><type arch='x86_64' machine='q35'>hvm</type></os>"
         "<features><acpi/></features><devices><serial type='pty'/>" +
         more + "</devices></domain>";
}

drivers::Run QemuWorld::new_run() {
  const std::string id = fmt::format("run-{}", ++runs_);
  fs::create_directories(root / id);
  return {.run_id = id, .id = runs_, .folder = root / id, .log_file = root / "log" / (id + ".log")};
}

bool QemuWorld::nothing_left(const drivers::Run& run) const {
  const std::string mark = "HOME=" + run.folder.string();
  for (const auto& entry : fs::directory_iterator("/proc")) {
    // A process on its way out has no environment any more; then it counts as gone.
    const auto environment = read_file(entry.path() / "environ");
    if (!environment) continue;
    std::string_view rest = *environment;
    while (!rest.empty()) {
      const auto variable = rest.substr(0, rest.find('\0'));
      if (variable == mark) return false;
      rest.remove_prefix(std::min(variable.size() + 1, rest.size()));
    }
  }
  return true;
}

}  // namespace lodge::test
