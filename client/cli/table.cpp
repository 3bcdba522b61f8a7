#include "client/cli/table.h"

#include <algorithm>
#include <cassert>

#include "client/cli/text.h"

namespace lodge::cli {

namespace {

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, columns(text)), ' ');
}

std::string line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) out += " " + padded(cells[i], widths[i]) + "  ";
  out.erase(out.find_last_not_of(' ') + 1);
  return out + "\n";
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
  assert(cells.size() == headers_.size());
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::str() const {
  std::vector<std::size_t> widths;
  for (const std::string& header : headers_) widths.push_back(columns(header));
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns(row[i]));
  std::size_t total = 0;
  for (const std::size_t width : widths) total += width + 3;

  std::string out = line(headers_, widths) + std::string(total, '-') + "\n";
  for (const auto& row : rows_) out += line(row, widths);
  return out + "\n";
}

void Facts::add(std::string key, std::string value) { facts_.emplace_back(std::move(key), printable(value)); }

std::string Facts::str() const {
  std::size_t width = 0;
  for (const auto& [key, value] : facts_) width = std::max(width, columns(key));
  std::string out;
  for (const auto& [key, value] : facts_) out += padded(key + ":", width + 3) + value + "\n";
  return out;
}

}  // namespace lodge::cli
