#include "conf/domain/arrange.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "conf/domain/disk_name.h"
#include "conf/domain/limits.h"
#include "conf/numbered.h"

namespace lodge::conf {

namespace {

// What decides where a device goes among those of its family.
struct Key {
  int kind;                             // bus or type: kept together
  std::optional<std::uint32_t> number;  // those without one stay where they are among their kind
  bool after = false;                   // behind those of its number that are not
};

bool goes_before(const Key& a, const Key& b) {
  if (!a.number) return false;
  return (b.number && *a.number < *b.number) || (a.number == b.number && b.after && !a.after);
}

// `origin`: for each place, the index of who goes there.
template <class List>
void reorder(List& list, const std::vector<int>& origin) {
  std::vector<typename List::value_type*> arranged;
  for (const int index : origin) arranged.push_back(list.Mutable(index));
  std::ranges::copy(arranged, list.pointer_begin());
}

// Rebuilds a list by inserting its elements one after the other, each among those of its kind; an element whose kind is new
// goes to the end.
template <class List>
std::vector<int> insert_in_order(List& list, const std::vector<Key>& keys) {
  std::vector<int> origin;
  for (int i = 0; i < list.size(); ++i) {
    const auto& key = keys[static_cast<std::size_t>(i)];
    std::ptrdiff_t place = -1;
    for (auto at = std::ssize(origin); at-- > 0;) {
      const auto& other = keys[static_cast<std::size_t>(origin[static_cast<std::size_t>(at)])];
      if (other.kind != key.kind) continue;
      if (goes_before(key, other)) {
        place = at;
      } else if (place < 0) {
        place = at + 1;
      }
    }
    origin.insert(place < 0 ? origin.end() : origin.begin() + place, i);
  }
  reorder(list, origin);
  return origin;
}

// Of families that keep the document's order.
template <class List>
std::vector<int> as_it_is(const List& list) {
  std::vector<int> origin(static_cast<std::size_t>(list.size()));
  std::iota(origin.begin(), origin.end(), 0);
  return origin;
}

template <class List>
std::vector<int> sort(List& list, auto number) {
  auto origin = as_it_is(list);
  std::ranges::stable_sort(origin, {}, [&](int index) { return std::invoke(number, list[index]); });
  reorder(list, origin);
  return origin;
}

// "0-2,5" as its numbers, of which there are at most kMaxIothreads.
std::set<std::uint32_t> numbers_of(std::string_view ranges) {
  std::set<std::uint32_t> numbers;
  while (!ranges.empty()) {
    const auto part = ranges.substr(0, ranges.find(','));
    ranges.remove_prefix(std::min(ranges.size(), part.size() + 1));
    std::uint32_t low = 0;
    auto [next, error] = std::from_chars(part.data(), part.data() + part.size(), low);
    if (error != std::errc()) return {};
    std::uint32_t high = low;
    if (next != part.data() + part.size()) std::from_chars(next + 1, part.data() + part.size(), high);
    if (high < low || high - low >= kMaxIothreads || numbers.size() >= kMaxIothreads) return {};
    for (auto number = low; number <= high; ++number) numbers.insert(number);
  }
  return numbers;
}

// One element for each thread, in their order. Those that name none go first.
template <class List, class Get, class Set>
std::vector<int> spread(List& list, Get get, Set set) {
  struct One {
    std::optional<std::uint32_t> number;
    int index;
  };
  std::vector<One> order;
  for (int i = 0; i < list.size(); ++i) {
    const auto numbers = numbers_of(get(list[i]));
    if (numbers.empty()) order.push_back({std::nullopt, i});
    for (const auto number : numbers) order.push_back({number, i});
  }
  std::ranges::stable_sort(order, {}, [](const One& one) { return one.number.value_or(0); });
  List result;
  std::vector<int> origin;
  for (const auto& [number, index] : order) {
    auto& one = *result.Add();
    one = list[index];
    if (number) set(one, fmt::to_string(*number));
    origin.push_back(index);
  }
  list.Swap(&result);
  return origin;
}

std::vector<int> arrange_cells(v1::Cpu& cpu) {
  auto& cells = *cpu.mutable_numa_cells();
  for (int i = 0; i < cells.size(); ++i) {
    if (!cells[i].has_id()) cells[i].set_id(static_cast<std::uint32_t>(i));
  }
  return sort(cells, &v1::NumaCell::id);
}

std::vector<int> arrange_disks(v1::DomainSpec& spec) {
  std::vector<Key> keys;
  for (const auto& disk : spec.disks()) {
    keys.push_back({disk.bus() ? disk.bus() : default_disk_bus(disk), disk_number(disk.target_dev())});
  }
  return insert_in_order(*spec.mutable_disks(), keys);
}

// A USB 2 master goes before its companions, which have its index.
std::vector<int> arrange_controllers(v1::DomainSpec& spec) {
  std::vector<Key> keys;
  for (const auto& controller : spec.controllers()) {
    keys.push_back({controller.type(), std::nullopt, controller.has_master_startport()});
    if (controller.has_index()) keys.back().number = controller.index();
  }
  return insert_in_order(*spec.mutable_controllers(), keys);
}

template <class List>
std::vector<int> move_to_front(List& list, std::ptrdiff_t index) {
  auto origin = as_it_is(list);
  if (origin.empty()) return origin;
  std::rotate(list.pointer_begin(), list.pointer_begin() + index, list.pointer_begin() + index + 1);
  std::rotate(origin.begin(), origin.begin() + index, origin.begin() + index + 1);
  return origin;
}

std::vector<int> arrange_videos(v1::DomainSpec& spec) {
  auto& videos = *spec.mutable_videos();
  const auto primary = std::ranges::find_if(videos, [](const auto& video) { return video.primary(); });
  return move_to_front(videos, primary == videos.end() ? 0 : primary - videos.begin());
}

bool shows_serial(const v1::Console& console) {
  return console.target_type() == v1::CHAR_TARGET_TYPE_UNSPECIFIED ||
         console.target_type() == v1::CHAR_TARGET_TYPE_SERIAL;
}

// Cards and debug ports are no console of their own accord.
bool can_be_console(const v1::Serial& serial) {
  return serial.target_type() != v1::CHAR_TARGET_TYPE_PCI_SERIAL &&
         serial.target_type() != v1::CHAR_TARGET_TYPE_USB_SERIAL &&
         serial.target_type() != v1::CHAR_TARGET_TYPE_ISA_DEBUG;
}

std::vector<int> arrange_consoles(v1::DomainSpec& spec) {
  auto& consoles = *spec.mutable_consoles();
  if (spec.serials().empty() || !can_be_console(spec.serials(0)) || (!consoles.empty() && shows_serial(consoles[0])))
    return move_to_front(consoles, 0);
  consoles.Add();
  auto origin = move_to_front(consoles, consoles.size() - 1);
  origin.front() = -1;
  return origin;
}

}  // namespace

Arrangement arrange(v1::DomainSpec& spec) {
  Arrangement arrangement;
  const auto device = [&](std::string_view element, std::vector<int> origin) {
    arrangement.remember(fmt::format("/domain/devices/{}", element), std::move(origin));
  };
  // normalize() appends to some of these.
  device("interface", as_it_is(spec.interfaces()));
  device("filesystem", as_it_is(spec.filesystems()));
  device("hostdev", as_it_is(spec.hostdevs()));
  device("smartcard", as_it_is(spec.smartcards()));
  device("tpm", as_it_is(spec.tpms()));
  device("shmem", as_it_is(spec.shmems()));
  device("memory", as_it_is(spec.memory_devices()));
  device("serial", as_it_is(spec.serials()));
  device("parallel", as_it_is(spec.parallels()));
  device("channel", as_it_is(spec.channels()));
  device("input", as_it_is(spec.inputs()));
  device("graphics", as_it_is(spec.graphics()));
  device("sound", as_it_is(spec.sounds()));
  device("audio", as_it_is(spec.audios()));
  device("redirdev", as_it_is(spec.redirdevs()));
  device("hub", as_it_is(spec.hubs()));
  device("watchdog", as_it_is(spec.watchdogs()));
  device("rng", as_it_is(spec.rngs()));
  device("panic", as_it_is(spec.panics()));
  device("disk", arrange_disks(spec));
  device("controller", arrange_controllers(spec));
  device("video", arrange_videos(spec));
  device("console", arrange_consoles(spec));
  if (spec.has_cpu()) arrangement.remember("/domain/cpu/numa/cell", arrange_cells(*spec.mutable_cpu()));
  if (!spec.has_cputune()) return arrangement;
  auto& tune = *spec.mutable_cputune();
  arrangement.remember("/domain/cputune/vcpupin", sort(*tune.mutable_vcpu_pins(), &v1::VcpuPin::vcpu));
  arrangement.remember("/domain/cputune/iothreadpin", sort(*tune.mutable_iothread_pins(), &v1::IothreadPin::iothread));
  arrangement.remember("/domain/cputune/vcpusched",
                       spread(
                           *tune.mutable_vcpu_scheds(), [](const auto& each) -> const auto& { return each.vcpus(); },
                           [](auto& each, std::string number) { each.set_vcpus(std::move(number)); }));
  arrangement.remember(
      "/domain/cputune/iothreadsched",
      spread(
          *tune.mutable_iothread_scheds(), [](const auto& each) -> const auto& { return each.iothreads(); },
          [](auto& each, std::string number) { each.set_iothreads(std::move(number)); }));
  return arrangement;
}

std::string Arrangement::document_path(std::string_view path) const {
  // A family is two steps below the root, or three.
  auto holder = path.substr(0, path.find('/', std::min(path.size(), path.find('/', 1)) + 1));
  auto family = path.substr(0, path.find_first_of("[/", holder.size() + 1));
  auto found = origins_.find(family);
  if (found == origins_.end()) {
    holder = family;
    family = path.substr(0, path.find_first_of("[/", std::min(path.size(), holder.size() + 1)));
    found = origins_.find(family);
  }
  if (found == origins_.end()) return std::string(path);

  std::string_view rest = path.substr(family.size());
  std::size_t number = 1;
  if (rest.starts_with('[')) {
    std::from_chars(rest.data() + 1, rest.data() + rest.size(), number);
    rest.remove_prefix(std::min(rest.find(']'), rest.size() - 1) + 1);
  }
  // Devices that normalize appended are behind all that the document has.
  if (number < 1 || number > found->second.size() || found->second[number - 1] < 0) return std::string(holder);
  const int in_document = std::ranges::max(found->second) + 1;
  return numbered(family, found->second[number - 1], in_document) + std::string(rest);
}

}  // namespace lodge::conf
