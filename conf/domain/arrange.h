#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lodge/v1/domain.pb.h"

namespace lodge::conf {

// Where what was put into another order stood in the document it came from: devices, NUMA nodes, pins and
// schedulers of threads.
class Arrangement {
 public:
  // The document's path for a path into the arranged definition: /domain/devices/disk[1]/target for …/disk[3]/target.
  // What the document does not have is told about what would hold it: its <devices>.
  std::string document_path(std::string_view path) const;

  // `family`: the path of its elements, /domain/devices/disk. `origin`: for each of them now, its index before; -1 for
  // one that is new.
  void remember(std::string family, std::vector<int> origin) { origins_[std::move(family)] = std::move(origin); }

 private:
  std::map<std::string, std::vector<int>, std::less<>> origins_;  // by family
};

// Puts devices into the order in which libvirt keeps them, which decides what addresses they get: disks of one bus by
// their target, controllers of one type by their index, the primary video card first, and before all other consoles the
// one that shows the first serial port, added if it is missing. Pins go by the number of what they pin, NUMA
// nodes by theirs, and each thread gets a scheduler of its own. Repeating it changes nothing.
Arrangement arrange(v1::DomainSpec& spec);

}  // namespace lodge::conf
