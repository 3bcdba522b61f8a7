// What reading and writing definitions costs, beside what libxml2 alone takes for the same bytes.
#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <vector>

#include "base/pool.h"
#include "conf/xml/codec.h"
#include "daemon/store/store.h"
#include "tests/bench/measure.h"
#include "tests/e2e/support/guest.h"
#include "tests/e2e/support/sandbox.h"

using namespace lodge;
using namespace lodge::test;

namespace {

constexpr std::size_t kDocumentSize = 8 * 1024;

// As a daemon stores it, of about kDocumentSize: what a usual guest has, and disks until it is long enough.
std::string stored_document(const World& world) {
  std::string devices = macvtap_on("up0");
  std::string stored;
  for (int disk = 0; stored.size() < kDocumentSize; ++disk) {
    devices += fmt::format(
        "<disk type='file' device='disk'><driver name='qemu' type='raw' cache='none' io='native' discard='unmap'/>"
        "<source file='/var/lib/lodge/images/disk-{0}.img'/><target dev='vd{1:c}' bus='virtio'/>"
        "<iotune><total_iops_sec>{2}</total_iops_sec></iotune><serial>disk-{0}</serial></disk>",
        disk, 'a' + disk, 1000 + disk);
    define(world, {.name = "large", .boots = false, .devices = devices});
    stored = world.must_lodge({"dumpxml", "large", "--inactive"});
    world.must_lodge({"undefine", "large"});
  }
  return stored;
}

struct FreeDocument {
  void operator()(xmlDoc* document) const { ::xmlFreeDoc(document); }
};
using LibxmlDocument = std::unique_ptr<xmlDoc, FreeDocument>;

LibxmlDocument read_with_libxml(const std::string& text) {
  LibxmlDocument document(
      ::xmlReadMemory(text.data(), static_cast<int>(text.size()), "domain.xml", nullptr, XML_PARSE_NONET));
  if (!document) throw WorldError("libxml2 cannot read the document");
  return document;
}

void write_with_libxml(const LibxmlDocument& document) {
  xmlChar* bytes = nullptr;
  int size = 0;
  ::xmlDocDumpFormatMemory(document.get(), &bytes, &size, 1);
  ::xmlFree(bytes);
  if (size == 0) throw WorldError("libxml2 cannot write the document");
}

void bench_codec(Promises& promises, const std::string& text) {
  constexpr int kRounds = 2000;
  const auto tree = read_with_libxml(text);
  const auto spec = must(conf::xml::parse<v1::DomainSpec>(text)).message;
  std::vector<double> read_by_it, read_by_us, written_by_it, written_by_us;
  for (int n = 0; n < kRounds; ++n) {
    read_by_it.push_back(timed([&] { read_with_libxml(text); }));
    read_by_us.push_back(timed([&] { must(conf::xml::parse<v1::DomainSpec>(text)); }));
    written_by_it.push_back(timed([&] { write_with_libxml(tree); }));
    written_by_us.push_back(timed([&] { must(conf::xml::format(spec)); }));
  }
  fmt::print("a definition of {} bytes, median of {}\n", text.size(), kRounds);
  fmt::print("  read     libxml2 {:.3f} ms, lodge {:.3f} ms\n", median(read_by_it), median(read_by_us));
  fmt::print("  written  libxml2 {:.3f} ms, lodge {:.3f} ms\n", median(written_by_it), median(written_by_us));
  promises.at_most("reading", median(read_by_us) / median(read_by_it), 2, "x libxml2");
  promises.at_most("writing", median(written_by_us) / median(written_by_it), 2, "x libxml2");
}

Result<void> commit(store::Store& store, store::Batch batch) {
  asio::io_context loop;
  Result<void> committed = fail(Code::internal, "not committed");
  asio::co_spawn(loop, store.commit(std::move(batch)), [&](std::exception_ptr bug, Result<void> result) {
    if (bug) std::rethrow_exception(bug);
    committed = std::move(result);
  });
  loop.run();
  return committed;
}

struct OpenStore {
  Pool writer{1};
  std::unique_ptr<store::Store> store;

  explicit OpenStore(const fs::path& folder) : store(must(store::Store::open(folder, writer))) {}
  ~OpenStore() { writer.join(); }
};

void bench_load(Promises& promises, const fs::path& folder, const std::string& text) {
  constexpr int kDomains = 10'000;
  const auto spec = must(conf::xml::parse<v1::DomainSpec>(text)).message;
  {
    const OpenStore open(folder);
    store::Batch batch;
    for (int n = 0; n < kDomains; ++n) {
      auto copy = std::make_shared<v1::DomainSpec>(spec);
      copy->set_name(fmt::format("guest-{:05}", n));
      copy->set_uuid(fmt::format("00000000-0000-4000-8000-{:012x}", n));
      batch.put_domains.push_back({.uuid = copy->uuid(), .name = copy->name(), .owner = "root", .spec = copy});
    }
    if (auto ok = commit(*open.store, std::move(batch)); !ok) throw WorldError(ok.error().message());
  }
  const double time = timed([&] {
    const OpenStore open(folder);
    if (must(open.store->contents()).domains.size() != kDomains) throw WorldError("not all came back");
  });
  fmt::print("{} stored definitions of {} bytes\n  loaded in {:.0f} ms\n", kDomains, text.size(), time);
  promises.at_most("loading them", time / 1000, 1, "s");
}

int bench() {
  World world;
  add_uplink("up0");
  world.start();
  const std::string text = stored_document(world);
  Promises promises;
  bench_codec(promises, text);
  bench_load(promises, world.root() / "many", text);
  return promises.all_kept() ? 0 : 1;
}

}  // namespace

int main() {
  return in_sandbox([] { return guarded(bench); });
}
