#include "daemon/store/store.h"

#include <boost/asio/associated_executor.hpp>
#include <future>
#include <optional>

#include "base/uuid.h"
#include "daemon/store/folder_lock.h"
#include "daemon/store/schema.h"
#include "daemon/store/tables.h"

namespace lodge::store {
namespace {

// How many numbers of a counter one durable write hands out.
constexpr std::uint64_t kCounterBlock = 64;
const std::string kInstanceKey = "instance";

// Twelve hexadecimal digits: short enough for a link's alias, random enough to tell the daemons of a host apart.
std::string new_instance() {
  const std::string uuid = Uuid::random().str();
  return uuid.substr(0, 8) + uuid.substr(9, 4);
}

}  // namespace

struct Store::File {
  Database db;
  std::optional<Tables> tables;  // over `db`; set once open

  // One transaction, with a place to fall back to before each batch. Fills `results`, one per batch.
  Result<void> write(const std::vector<Pending>& group, std::vector<Result<void>>& results) {
    TRY(db.exec("BEGIN IMMEDIATE"));
    for (const Pending& one : group) {
      TRY(db.exec("SAVEPOINT batch"));
      Result<void> applied = tables->apply(one.batch);
      TRY(db.exec(applied ? "RELEASE batch" : "ROLLBACK TO batch; RELEASE batch"));
      results.push_back(std::move(applied));
    }
    return db.exec("COMMIT");
  }

  std::vector<Result<void>> write_all(const std::vector<Pending>& group) {
    std::vector<Result<void>> results;
    Result<void> written = write(group, results);
    if (written) return results;
    // Fails where SQLite has rolled back by itself, as it does when the disk is full.
    static_cast<void>(db.exec("ROLLBACK"));
    return std::vector<Result<void>>(group.size(), Failure(std::move(written).error()));
  }
};

Store::Store(Fd lock, std::unique_ptr<File> file, Pool& writer)
    : lock_(std::move(lock)), writer_(writer), file_(std::move(file)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const fs::path& folder, Pool& writer) {
  TRY(make_folder(folder));
  TRY_ASSIGN(Fd lock, lock_folder(folder));
  const fs::path path = folder / "lodge.db";
  auto store = open_file(path, std::move(lock), writer);
  if (!store) return wrap(std::move(store).error(), "state in {}", path.string());
  return store;
}

Result<std::unique_ptr<Store>> Store::open_file(const fs::path& path, Fd lock, Pool& writer) {
  TRY_ASSIGN(Database db, Database::open(path));
  TRY(migrate(db));
  auto file = std::unique_ptr<File>(new File{std::move(db), std::nullopt});
  TRY_ASSIGN(file->tables, Tables::over(file->db));
  auto counters = file->tables->load_counters();
  if (!counters) return Failure(std::move(counters).error());

  auto store = std::unique_ptr<Store>(new Store(std::move(lock), std::move(file), writer));
  for (const auto& [name, next] : *counters)
    store->counters_.lock()->emplace(name, Counter{.next = next, .reserved = next});
  TRY_ASSIGN(const Contents contents, store->contents());
  if (const auto known = contents.meta.find(kInstanceKey); known != contents.meta.end()) {
    store->instance_ = known->second;
    return store;
  }
  store->instance_ = new_instance();
  Batch first;
  first.put_meta.emplace(kInstanceKey, store->instance_);
  TRY(store->commit_blocking(std::move(first)));
  return store;
}

Result<Contents> Store::contents() { return (*file_.lock())->tables->load(); }
Result<std::vector<netdev::Claim>> Store::load() { return (*file_.lock())->tables->load_claims(); }
std::uint64_t Store::transactions() const { return transactions_; }

void Store::enqueue(Batch batch, Done done) {
  auto queue = queue_.lock();
  queue->pending.push_back({std::move(batch), std::move(done)});
  if (!std::exchange(queue->writing, true)) writer_.post([this] { work_off(); });
}

void Store::work_off() {
  while (true) {
    std::vector<Pending> group;
    {
      auto queue = queue_.lock();
      group.swap(queue->pending);
      queue->writing = !group.empty();
      if (group.empty()) return;
    }
    std::vector<Result<void>> results = (*file_.lock())->write_all(group);
    ++transactions_;
    for (std::size_t i = 0; i < group.size(); ++i) group[i].done(std::move(results[i]));
  }
}

namespace {

// Hands a batch to the writer and completes on the handler's executor.
template <class Enqueue>
struct Commit {
  Enqueue enqueue;

  template <class Handler>
  void operator()(Handler handler, Batch batch) {
    auto home = asio::get_associated_executor(handler);
    auto guard = asio::make_work_guard(home);
    enqueue(std::move(batch),
            [home, guard = std::move(guard), handler = std::move(handler)](Result<void> result) mutable {
              asio::post(home, [handler = std::move(handler), result = std::move(result)]() mutable {
                std::move(handler)(std::move(result));
              });
            });
  }
};

}  // namespace

Task<Result<void>> Store::commit(Batch batch) {
  const auto hand_over = [this](Batch work, Done done) { enqueue(std::move(work), std::move(done)); };
  Commit<decltype(hand_over)> start{hand_over};
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<void>)>(
      std::move(start), asio::use_awaitable, std::move(batch));
}

Result<void> Store::commit_blocking(Batch batch) {
  std::promise<Result<void>> promise;
  auto answer = promise.get_future();
  enqueue(std::move(batch), [&promise](Result<void> result) { promise.set_value(std::move(result)); });
  return answer.get();
}

Result<void> Store::apply(const netdev::ClaimChanges& changes) {
  Batch batch;
  batch.claims = changes;
  return commit_blocking(std::move(batch));
}

Result<std::uint64_t> Store::next(std::string_view counter) {
  auto counters = counters_.lock();
  auto known = counters->find(counter);
  if (known == counters->end()) known = counters->emplace(std::string(counter), Counter{}).first;
  Counter& numbers = known->second;
  if (numbers.next == numbers.reserved) {
    Batch batch;
    batch.put_counters.emplace(counter, numbers.reserved + kCounterBlock);
    TRY(commit_blocking(std::move(batch)));
    numbers.reserved += kCounterBlock;
  }
  return numbers.next++;
}

}  // namespace lodge::store
