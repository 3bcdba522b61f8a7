#include "daemon/store/store.h"

#include <sqlite3.h>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <future>
#include <set>

#include "tests/unit/daemon/store/temp_folder.h"

namespace lodge::store {
namespace {

SpecPtr spec(const std::string& name) {
  auto made = std::make_shared<v1::DomainSpec>();
  made->set_name(name);
  return made;
}

DomainRow domain(const std::string& name) {
  return {.uuid = "uuid-of-" + name,
          .name = name,
          .owner = "uid:0",
          .generation = 3,
          .autostart = true,
          .spec = spec(name)};
}

RunRow run(const std::string& name, std::uint32_t id) {
  return {.domain_uuid = "uuid-of-" + name,
          .run_id = fmt::format("run-{}", id),
          .id = id,
          .owner = "uid:0",
          .driver = "fake",
          .phase = RunPhase::running,
          .started_at = std::chrono::system_clock::time_point(std::chrono::microseconds(1'700'000'000'123'456)),
          .folder = "/run/x",
          .log_file = "/log/x",
          .live_spec = spec(name),
          .memory = std::string("a\0b", 3)};
}

netdev::Claim claim(const std::string& id) {
  netdev::Claim made;
  made.id = id;
  made.owner = {.domain_uuid = "uuid-of-web1", .run_id = "run-1"};
  made.name = "macvtap7";
  made.identity = netdev::LinkIdentity{
      .ifindex = 1'000'000'007, .link_kind = "macvtap", .parent_ifindex = 2, .alias = "lodge:x:" + id};
  return made;
}

// A store with the loop and the one thread it needs.
struct Opened {
  explicit Opened(const fs::path& folder) : store(Store::open(folder, writer)) {}
  ~Opened() { writer.join(); }

  Result<void> commit(Batch batch) {
    std::optional<Result<void>> outcome;
    start(std::move(batch), outcome);
    while (!outcome) step();
    return *outcome;
  }
  void start(Batch batch, std::optional<Result<void>>& outcome) {
    asio::co_spawn(loop, (*store)->commit(std::move(batch)), [&outcome](std::exception_ptr bug, Result<void> result) {
      if (bug) std::rethrow_exception(bug);
      outcome = std::move(result);
    });
  }
  void step() {
    loop.restart();
    loop.run_one();
  }
  Contents contents() { return (*store)->contents().value(); }

  asio::io_context loop;
  Pool writer{1};
  Result<std::unique_ptr<Store>> store;
};

Batch define(const std::string& name) {
  Batch batch;
  batch.put_domains.push_back(domain(name));
  return batch;
}

std::string file_of(const fs::path& folder) { return read_file(folder / "lodge.db").value(); }

void run_sql(const fs::path& folder, const char* sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open((folder / "lodge.db").c_str(), &db) == SQLITE_OK);
  REQUIRE(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_close(db) == SQLITE_OK);
}

TEST_CASE("what was committed is there when the store is opened again") {
  test::TempFolder folder;
  {
    Opened opened(folder.path());
    Batch batch = define("web1");
    batch.put_runs.push_back(run("web1", 7));
    batch.claims.upserts.push_back(claim("0123456789abcdef"));
    batch.put_meta["boot"] = "x";
    REQUIRE(opened.commit(std::move(batch)));
  }
  Opened again(folder.path());
  const Contents contents = again.contents();
  REQUIRE(contents.domains.size() == 1);
  CHECK(contents.domains[0].name == "web1");
  CHECK(contents.domains[0].generation == 3);
  CHECK(contents.domains[0].autostart);
  CHECK(contents.domains[0].spec->name() == "web1");
  REQUIRE(contents.runs.size() == 1);
  CHECK(contents.runs[0].id == 7);
  CHECK(contents.runs[0].phase == RunPhase::running);
  CHECK(contents.runs[0].started_at == run("web1", 7).started_at);
  CHECK(contents.runs[0].memory == std::string("a\0b", 3));
  CHECK(contents.runs[0].folder == "/run/x");
  CHECK(contents.claims == std::vector{claim("0123456789abcdef")});
  CHECK(contents.meta.at("boot") == "x");
}

TEST_CASE("what a batch takes out is gone, and a second put replaces") {
  test::TempFolder folder;
  Opened opened(folder.path());
  Batch batch = define("web1");
  batch.put_runs.push_back(run("web1", 1));
  batch.claims.upserts.push_back(claim("0123456789abcdef"));
  REQUIRE(opened.commit(std::move(batch)));

  Batch second;
  second.put_domains.push_back(domain("web1"));
  second.put_domains[0].generation = 4;
  second.drop_runs = {"run-1"};
  second.claims.removals = {"0123456789abcdef", "not there"};
  REQUIRE(opened.commit(std::move(second)));

  const Contents contents = opened.contents();
  REQUIRE(contents.domains.size() == 1);
  CHECK(contents.domains[0].generation == 4);
  CHECK(contents.runs.empty());
  CHECK(contents.claims.empty());
}

TEST_CASE("a migration is kept with all that belongs to it until it is taken out") {
  const test::TempFolder folder;
  const MigrationRow row{
      .id = "m1",
      .domain_uuid = "uuid-of-web1",
      .domain_name = "web1",
      .state = MigrationState::handed_over,
      .peer = "10.0.0.2:49152",
      .key = std::string("k\0y", 3),
      .proof_digest = "p",
      .receipt_digest = "r",
      .paused = true,
      .started_at = std::chrono::system_clock::time_point(std::chrono::microseconds(1'700'000'000'123'456))};
  {
    Opened opened(folder.path());
    Batch batch;
    batch.put_migrations.push_back(row);
    batch.put_migrations.back().state = MigrationState::sending;
    REQUIRE(opened.commit(std::move(batch)));
    Batch next;
    next.put_migrations.push_back(row);
    REQUIRE(opened.commit(std::move(next)));
  }
  Opened opened(folder.path());
  const auto read = opened.contents().migrations;
  REQUIRE(read.size() == 1);
  CHECK(read[0].id == row.id);
  CHECK(read[0].domain_uuid == row.domain_uuid);
  CHECK(read[0].domain_name == row.domain_name);
  CHECK(read[0].state == row.state);
  CHECK(read[0].peer == row.peer);
  CHECK(read[0].key == row.key);
  CHECK(read[0].proof_digest == row.proof_digest);
  CHECK(read[0].receipt_digest == row.receipt_digest);
  CHECK(read[0].paused);
  CHECK(read[0].started_at == row.started_at);
  Batch batch;
  batch.drop_migrations.push_back("m1");
  REQUIRE(opened.commit(std::move(batch)));
  CHECK(opened.contents().migrations.empty());
}

TEST_CASE("batches that come while one is written share the next transaction") {
  test::TempFolder folder;
  Opened opened(folder.path());
  const auto before = (*opened.store)->transactions();
  std::promise<void> go;
  opened.writer.post([&go] { go.get_future().wait(); });

  std::vector<std::optional<Result<void>>> outcomes(50);
  for (std::size_t i = 0; i < outcomes.size(); ++i) opened.start(define(fmt::format("web{}", i)), outcomes[i]);
  opened.loop.poll();
  go.set_value();
  for (const auto& outcome : outcomes) {
    while (!outcome) opened.step();
    CHECK(outcome->has_value());
  }

  CHECK(opened.contents().domains.size() == 50);
  CHECK((*opened.store)->transactions() - before == 1);
}

TEST_CASE("a batch that is refused does not touch the others of its transaction") {
  test::TempFolder folder;
  Opened opened(folder.path());
  std::promise<void> go;
  opened.writer.post([&go] { go.get_future().wait(); });

  Batch bad = define("web2");
  bad.put_domains.push_back(domain("web1"));
  bad.put_domains.back().uuid = "another";
  std::optional<Result<void>> first, second, third;
  opened.start(define("web1"), first);
  opened.start(std::move(bad), second);
  opened.start(define("web3"), third);
  opened.loop.poll();
  go.set_value();
  while (!first || !second || !third) opened.step();

  CHECK(first->has_value());
  REQUIRE_FALSE(second->has_value());
  CHECK(second->error().code() == Code::already_exists);
  CHECK(third->has_value());
  const Contents contents = opened.contents();
  REQUIRE(contents.domains.size() == 2);
  CHECK(contents.domains[0].name == "web1");
  CHECK(contents.domains[1].name == "web3");
}

TEST_CASE("a second daemon on the same folder is refused and told who is there") {
  test::TempFolder folder;
  Opened first(folder.path());
  REQUIRE(first.store);
  Opened second(folder.path());
  REQUIRE_FALSE(second.store);
  CHECK(second.store.error().code() == Code::busy);
  CHECK_THAT(second.store.error().message(),
             Catch::Contains(fmt::format("in use by another lodged (process {})", ::getpid())));
}

TEST_CASE("a file of a newer lodged is refused and left as it is") {
  test::TempFolder folder;
  {
    Opened opened(folder.path());
  }
  run_sql(folder.path(), "PRAGMA user_version = 99");
  const std::string before = file_of(folder.path());
  {
    Opened opened(folder.path());
    REQUIRE_FALSE(opened.store);
    CHECK(opened.store.error().code() == Code::failed_precondition);
    CHECK_THAT(opened.store.error().message(), Catch::Contains("newer"));
  }
  CHECK(file_of(folder.path()) == before);
}

TEST_CASE("another program's database is refused and left as it is") {
  test::TempFolder folder;
  run_sql(folder.path(), "CREATE TABLE recipes(title TEXT)");
  const std::string before = file_of(folder.path());
  {
    Opened opened(folder.path());
    REQUIRE_FALSE(opened.store);
    CHECK(opened.store.error().code() == Code::data_loss);
  }
  CHECK(file_of(folder.path()) == before);
}

TEST_CASE("a damaged file is refused as data loss and left as it is") {
  test::TempFolder folder;
  {
    Opened opened(folder.path());
    for (int i = 0; i < 50; ++i) REQUIRE(opened.commit(define(fmt::format("web{}", i))));
  }
  std::string damaged = file_of(folder.path());
  SECTION("in its pages") { std::fill(damaged.begin() + 4096, damaged.begin() + 12288, '\x5a'); }
  SECTION("cut off") { damaged.resize(damaged.size() / 2); }
  SECTION("text") { damaged = "this is no database, but long enough to be looked at as one"; }
  REQUIRE(write_file(folder.path() / "lodge.db", damaged));
  {
    Opened opened(folder.path());
    REQUIRE_FALSE(opened.store);
    CHECK(opened.store.error().code() == Code::data_loss);
    CHECK_THAT(opened.store.error().message(), Catch::Contains("lodge.db"));
  }
  CHECK(file_of(folder.path()) == damaged);
}

TEST_CASE("a counter gives no number twice, also after the store was opened again") {
  test::TempFolder folder;
  std::set<std::uint64_t> seen;
  for (int life = 0; life < 3; ++life) {
    Opened opened(folder.path());
    for (int i = 0; i < 100; ++i) CHECK(seen.insert((*opened.store)->next("macvtap").value()).second);
  }
  CHECK(*seen.begin() == 0);
}

TEST_CASE("numbers are given while every thread of the pool waits for one, and a commit is under way") {
  test::TempFolder folder;
  Opened opened(folder.path());
  Pool busy(1);
  std::optional<Result<void>> outcome;
  std::promise<Result<std::uint64_t>> number;
  auto answer = number.get_future();
  Batch batch;
  batch.put_domains.push_back(domain("web1"));
  opened.start(std::move(batch), outcome);
  busy.post([&] { number.set_value((*opened.store)->next("macvtap")); });
  opened.step();
  REQUIRE(answer.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  CHECK(answer.get().value() == 0);
  while (!outcome) opened.step();
  CHECK(outcome->has_value());
  busy.join();
}

TEST_CASE("a ledger keeps its name, and two ledgers have different ones") {
  test::TempFolder folder, other;
  std::string name;
  {
    Opened opened(folder.path());
    name = (*opened.store)->instance();
  }
  CHECK(name.size() == 12);
  CHECK((*Opened(folder.path()).store)->instance() == name);
  CHECK((*Opened(other.path()).store)->instance() != name);
}

TEST_CASE("claims change through the ledger's own interface, too") {
  test::TempFolder folder;
  Opened opened(folder.path());
  REQUIRE((*opened.store)->apply({.upserts = {claim("a"), claim("b")}, .removals = {}}));
  REQUIRE((*opened.store)->apply({.upserts = {}, .removals = {"a"}}));
  const auto left = (*opened.store)->load();
  REQUIRE(left);
  CHECK(*left == std::vector{claim("b")});
}

}  // namespace
}  // namespace lodge::store
