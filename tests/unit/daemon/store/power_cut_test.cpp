// The power goes between any two things that the store asks of the file system. What was synced is on the disk; of what was
// not, any part may be, torn or whole. Then the database must open, and say what was acknowledged, or that and what was being
// written.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <random>
#include <set>

#include "daemon/store/schema.h"
#include "daemon/store/store.h"
#include "daemon/store/tables.h"
#include "tests/unit/daemon/store/recording_vfs.h"
#include "tests/unit/daemon/store/temp_folder.h"

namespace lodge::store {
namespace {

using test::Disk;
using test::DiskEvent;

constexpr std::size_t kSector = 512;
constexpr std::size_t kAlone = 4;
constexpr int kRandomSubsets = 2;

// ── What the store does meanwhile ──

Batch start_of(int number) {
  auto spec = std::make_shared<v1::DomainSpec>();
  spec->set_name(fmt::format("web{}", number));
  // Some guests fit a page, some take several.
  spec->set_description(std::string(static_cast<std::size_t>(number % 3) * 5000, 'x'));
  Batch batch;
  batch.put_domains.push_back(
      {.uuid = fmt::format("uuid-{}", number), .name = spec->name(), .owner = "uid:0", .spec = spec});
  batch.put_runs.push_back({.domain_uuid = fmt::format("uuid-{}", number),
                            .run_id = fmt::format("run-{}", number),
                            .id = static_cast<std::uint32_t>(number),
                            .owner = "uid:0",
                            .driver = "fake",
                            .started_at = {},
                            .folder = "/run/x",
                            .log_file = "/log/x",
                            .live_spec = spec,
                            .memory = {}});
  for (int i = 0; i < 2; ++i)
    batch.claims.upserts.push_back({.id = fmt::format("{:016x}", number * 2 + i),
                                    .owner = {.domain_uuid = "u", .run_id = fmt::format("run-{}", number)},
                                    .name = "macvtap",
                                    .identity = netdev::LinkIdentity{.ifindex = 7}});
  return batch;
}

Batch stop_of(int number) {
  Batch batch;
  batch.drop_runs.push_back(fmt::format("run-{}", number));
  for (int i = 0; i < 2; ++i) batch.claims.removals.push_back(fmt::format("{:016x}", number * 2 + i));
  return batch;
}

// Everything that was stored, in words; counters may be ahead of what was given, and are judged apart.
std::string told(const Contents& contents) {
  std::string out;
  for (const auto& [key, value] : contents.meta) out += key + "=" + value + "\n";
  for (const DomainRow& row : contents.domains)
    out += fmt::format("{} {} {}\n", row.uuid, row.name, row.spec->description().size());
  for (const RunRow& row : contents.runs) out += fmt::format("{} {}\n", row.run_id, row.domain_uuid);
  for (const netdev::Claim& claim : contents.claims) out += fmt::format("{} {}\n", claim.id, describe(claim));
  return out;
}

// What was recorded. State `n` is acknowledged by the note `n`, and begun by the note `-n`; state 0 is a disk without anything.
struct Recording {
  std::vector<DiskEvent> events;
  std::vector<std::string> states;
  std::map<int, std::uint64_t>
      given;  // by state: how many numbers of the counter had been given when it was acknowledged
};

class Session {
 public:
  Session(const fs::path& folder, test::RecordingVfs& vfs, Recording& recording) : vfs_(vfs), recording_(recording) {
    begin();
    auto opened = Store::open(folder, writer_);
    REQUIRE(opened);
    store_ = std::move(*opened);
    acknowledge();
  }
  // Its last act is to fold the log into the file.
  ~Session() {
    writer_.join();
    store_.reset();
  }

  void commit(Batch batch) {
    begin();
    asio::io_context loop;
    Result<void> outcome = fail(Code::internal, "it did not end");
    asio::co_spawn(loop, store_->commit(std::move(batch)),
                   [&](std::exception_ptr, Result<void> result) { outcome = std::move(result); });
    loop.run();
    REQUIRE(outcome);
    acknowledge();
  }
  void count(int numbers) {
    begin();
    for (int i = 0; i < numbers; ++i) given_ = store_->next("ifindex").value() + 1;
    acknowledge();
  }

 private:
  int next() const { return static_cast<int>(recording_.states.size()); }
  void begin() { vfs_.note(-next()); }
  void acknowledge() {
    recording_.given[next()] = given_;
    vfs_.note(next());
    recording_.states.push_back(told(store_->contents().value()));
  }

  test::RecordingVfs& vfs_;
  Recording& recording_;
  Pool writer_{1};
  std::unique_ptr<Store> store_;
  std::uint64_t given_ = 0;
};

Recording record() {
  test::TempFolder folder;
  test::RecordingVfs vfs;
  Recording recording{.events = {}, .states = {""}, .given = {}};
  int guest = 1;
  for (int life = 0; life < 2; ++life) {  // the second begins with a file that the first has folded its log into
    Session session(folder.path() / "state", vfs, recording);
    session.count(70);  // more than one block
    for (int i = 0; i < 4; ++i) session.commit(start_of(guest++));
    session.commit(stop_of(guest - 2));
    session.commit(stop_of(guest - 3));
  }
  recording.events = vfs.events();
  return recording;
}

// ── What a power cut can leave ──

// The disk as it surely is, and what may be on it besides.
struct Moment {
  Disk durable;
  std::vector<const DiskEvent*> pending;

  void pass(const DiskEvent& event) {
    if (event.what == DiskEvent::What::note) return;
    if (event.what != DiskEvent::What::sync) return pending.push_back(&event);
    std::erase_if(pending, [&](const DiskEvent* one) {
      if (one->file != event.file) return false;
      play(durable, *one);
      return true;
    });
  }

  template <class Kept>
  Disk with(Kept kept) const {
    Disk disk = durable;
    for (std::size_t i = 0; i < pending.size(); ++i)
      if (kept(i)) play(disk, *pending[i]);
    return disk;
  }

  // Of the last write only the first sector, or the first half.
  void add_torn(std::vector<Disk>& disks) const {
    if (pending.empty() || pending.back()->what != DiskEvent::What::write) return;
    const DiskEvent& last = *pending.back();
    for (const std::size_t size : {kSector, last.bytes.size() / 2}) {
      if (size >= last.bytes.size()) continue;
      Disk disk = with([&](std::size_t i) { return i + 1 < pending.size(); });
      DiskEvent torn = last;
      torn.bytes.resize(size);
      play(disk, torn);
      disks.push_back(std::move(disk));
    }
  }

  std::vector<Disk> disks(std::mt19937& random) const {
    std::vector<Disk> all = {with([](std::size_t) { return true; })};
    if (pending.empty()) return all;
    all.push_back(durable);
    // Each alone, and all but each; of many, the last ones: what came before was tried when it was the last.
    for (std::size_t n = pending.size() - std::min(pending.size(), kAlone); n < pending.size(); ++n) {
      all.push_back(with([n](std::size_t i) { return i == n; }));
      all.push_back(with([n](std::size_t i) { return i != n; }));
    }
    for (int n = 0; n < kRandomSubsets; ++n) all.push_back(with([&](std::size_t) { return random() % 2 == 0; }));
    add_torn(all);
    return all;
  }
};

// ── What the next life finds ──

struct Found {
  std::string error = {};
  std::string state = {};
  std::uint64_t counter = 0;
};

Result<Found> read_back(const fs::path& folder) {
  TRY_ASSIGN(Database db, Database::open(folder / "lodge.db"));
  TRY(migrate(db));
  TRY_ASSIGN(Tables tables, Tables::over(db));
  TRY_ASSIGN(const Contents contents, tables.load());
  TRY_ASSIGN(const auto counters, tables.load_counters());
  const auto counter = counters.find("ifindex");
  return Found{.state = told(contents), .counter = counter == counters.end() ? 0 : counter->second};
}

Found open_again(const Disk& disk) {
  const test::TempFolder folder;
  for (const auto& [name, content] : disk) std::ofstream(folder.path() / name, std::ios::binary) << content;
  auto found = read_back(folder.path());
  return found ? *found : Found{.error = found.error().message()};
}

struct Verdict {
  int moments = 0;
  std::size_t disks = 0;  // different ones
  std::vector<std::string> wrong;
};

// What is wrong with what was found, after `acknowledged` and while `begun` was being written.
std::string judge(const Recording& recording, const Found& found, int acknowledged, int begun) {
  if (!found.error.empty()) return found.error;
  const auto given = recording.given.find(acknowledged);
  if (given != recording.given.end() && found.counter < given->second)
    return fmt::format("number {} would be given again", found.counter);
  for (int state = acknowledged; state <= begun && state < static_cast<int>(recording.states.size()); ++state)
    if (recording.states[static_cast<std::size_t>(state)] == found.state) return {};
  return fmt::format("neither state {} nor {}, but: {}", acknowledged, begun, found.state);
}

Verdict cut_everywhere(const Recording& recording) {
  const test::RecordingVfs quick(test::RecordingVfs::Way::quick);
  Verdict verdict;
  Moment moment;
  std::mt19937 random(1);
  std::map<Disk, Found> known;
  int acknowledged = 0, begun = 0;
  for (const DiskEvent& event : recording.events) {
    moment.pass(event);
    if (event.what == DiskEvent::What::note) (event.number < 0 ? begun : acknowledged) = std::abs(event.number);
    ++verdict.moments;
    for (const Disk& disk : moment.disks(random)) {
      const auto [found, is_new] = known.try_emplace(disk);
      if (is_new) found->second = open_again(disk);
      if (std::string what = judge(recording, found->second, acknowledged, begun); !what.empty())
        verdict.wrong.push_back(fmt::format("at event {}: {}", verdict.moments, what));
    }
  }
  verdict.disks = known.size();
  return verdict;
}

TEST_CASE("after a power cut at any moment the database opens, and says what was acknowledged") {
  const Recording recording = record();
  const Verdict verdict = cut_everywhere(recording);
  std::printf("power cuts: %d moments, %zu different disks, %zu wrong\n", verdict.moments, verdict.disks,
              verdict.wrong.size());
  INFO((verdict.wrong.empty() ? "" : verdict.wrong.front()));
  CHECK(verdict.wrong.empty());
  CHECK(verdict.disks > 500);
}

TEST_CASE("a store that did not wait for its writes to reach the disk would be caught") {
  Recording recording = record();
  std::erase_if(recording.events, [](const DiskEvent& event) { return event.what == DiskEvent::What::sync; });
  // Without syncs everything is pending to the end: the first commits are enough.
  recording.events.resize(std::min<std::size_t>(recording.events.size(), 40));
  CHECK_FALSE(cut_everywhere(recording).wrong.empty());
}

}  // namespace
}  // namespace lodge::store
