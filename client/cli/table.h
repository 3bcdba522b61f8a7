#pragma once

#include <string>
#include <vector>

namespace lodge::cli {

// Rows under headers. Printed the way virsh prints: one space, the cell, two spaces; a dashed rule; an empty line.
//
//    Id   Name   State
//   -----------------------
//    1    web1   running
class Table {
 public:
  explicit Table(std::vector<std::string> headers) : headers_(std::move(headers)) {}

  // As many cells as there are headers.
  void add(std::vector<std::string> cells);

  const std::vector<std::string>& headers() const { return headers_; }
  const std::vector<std::vector<std::string>>& rows() const { return rows_; }

  std::string str() const;

 private:
  std::vector<std::string> headers_;
  std::vector<std::vector<std::string>> rows_;
};

// `key: value` lines with the values in one column, for the facts of one object.
class Facts {
 public:
  void add(std::string key, std::string value);

  std::string str() const;

 private:
  std::vector<std::pair<std::string, std::string>> facts_;
};

}  // namespace lodge::cli
