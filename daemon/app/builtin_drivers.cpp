#include "daemon/app/builtin_drivers.h"

#include "drivers/qemu/qemu_driver.h"
#include "netdev/claims/process.h"

namespace lodge::app {

std::vector<std::unique_ptr<drivers::Driver>> builtin_drivers(const asio::any_io_executor& control, Pool& pool,
                                                              const Paths& paths, const Settings& settings,
                                                              const std::string& instance) {
  using namespace drivers;
  std::vector<std::unique_ptr<Driver>> all;
  all.push_back(
      std::make_unique<qemu::QemuDriver>(control, pool,
                                         qemu::QemuSettings{.search = settings.qemu.search,
                                                            .cache_dir = paths.state / "qemu-cache",
                                                            .nvram_dir = paths.state / "nvram",
                                                            .helper_environment = {netdev::process_mark(instance)}}));
  return all;
}

}  // namespace lodge::app
