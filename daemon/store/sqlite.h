#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

// The few things we need of SQLite, owning what they hold. Blocking; one thread at a time.
namespace lodge::store {

// A prepared statement. Parameters count from 1, columns from 0.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // What is bound must outlive the steps.
  Statement& bind(int parameter, std::string_view text);
  Statement& bind(int parameter, std::int64_t number);
  Statement& bind_blob(int parameter, std::string_view bytes);

  // True if there is a row to look at, false at the end.
  Result<bool> step();
  // Steps to the end, and makes it ready to be bound and run again.
  Result<void> run();

  std::string text(int column) const;  // also of blobs
  std::int64_t number(int column) const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  void finalize();

  sqlite3_stmt* statement_ = nullptr;
};

class Database {
 public:
  // Opens or creates the file, for this process alone, and waits for nobody. data_loss if it is not a database or its
  // pages contradict each other; then, as on any error, the file is left as it was found.
  static Result<Database> open(const fs::path& file);

  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  // One or more statements without parameters or rows.
  Result<void> exec(const std::string& sql);
  Result<Statement> prepare(std::string_view sql);
  // The one number that a query gives.
  Result<std::int64_t> number(std::string_view sql);

  // From now on the file may be changed, in particular tidied up when it is closed.
  void trust();

 private:
  explicit Database(sqlite3* db) : db_(db) {}
  void close();

  sqlite3* db_ = nullptr;
};

}  // namespace lodge::store
