#include "conf/xml/printer.h"

#include "conf/xml/raw.h"

namespace lodge::conf::xml {
namespace {

constexpr std::size_t kIndent = 2;

void indent(std::string& out, std::size_t depth) { out.append(kIndent * depth, ' '); }

std::string_view entity(char c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '\'': return "&apos;";
    case '"': return "&quot;";
    case '\r': return "&#13;";
    default: return {};
  }
}

bool is_forbidden(std::string_view text, std::size_t i) {
  const auto c = static_cast<unsigned char>(text[i]);
  if (c < 0x20) return c != '\t' && c != '\n' && c != '\r';
  // U+FFFE and U+FFFF
  return c == 0xef && text.substr(i).starts_with("\xef\xbf") && i + 2 < text.size() &&
         static_cast<unsigned char>(text[i + 2]) >= 0xbe;
}

// Whether a character may need more than being copied.
constexpr bool is_special(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0xef || c == '&' || c == '<' || c == '>' || c == '\'' || c == '"';
}

// Most text is copied as it is, in runs.
template <class EntityOf>
bool append_escaped(std::string& out, std::string_view text, EntityOf entity_of) {
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_special(text[i])) continue;
    if (is_forbidden(text, i)) return false;
    const std::string_view escaped = entity_of(text[i]);
    if (escaped.empty()) continue;
    out.append(text.substr(copied, i - copied)).append(escaped);
    copied = i + 1;
  }
  out.append(text.substr(copied));
  return true;
}

Failure cannot_say(std::string_view value) {
  std::string shown;
  for (const char c : value.substr(0, 40))
    shown += static_cast<unsigned char>(c) < 0x20 ? fmt::format("\\x{:02x}", c) : std::string(1, c);
  return fail(Code::invalid_argument, "'{}' has a control character, which XML cannot carry", shown);
}

}  // namespace

bool append_escaped_text(std::string& out, std::string_view text) {
  return append_escaped(out, text, [](char c) { return entity(c); });
}

// A reader turns tabs and line ends in attributes into spaces, so they are written as references.
bool append_escaped_attribute(std::string& out, std::string_view value, char quote) {
  return append_escaped(out, value, [quote](char c) -> std::string_view {
    if (c == '\n') return "&#10;";
    if (c == '\t') return "&#9;";
    if (c == '\'' && quote == '"') return {};
    return entity(c);
  });
}

void Printer::end_start_tag() {
  if (!in_start_tag_) return;
  out_ += '>';
  in_start_tag_ = false;
}

// Writes the start tags of all open elements that have none yet.
void Printer::materialize() {
  for (std::size_t depth = 0; depth < open_.size(); ++depth) {
    Open& element = open_[depth];
    if (element.written) continue;
    end_start_tag();
    if (depth > 0) {
      if (!open_[depth - 1].children) out_ += '\n';
      open_[depth - 1].children = true;
    }
    indent(out_, depth);
    element.start = out_.size();
    out_ += '<';
    out_ += element.name;
    element.written = true;
    in_start_tag_ = true;
    if (depth == 0) root_attributes_end_ = out_.size();
  }
}

void Printer::open(std::string_view name) { open_.push_back({name}); }

void Printer::keep() { materialize(); }

void Printer::close() {
  const Open element = open_.back();
  open_.pop_back();
  if (!element.written) return;
  if (in_start_tag_) {
    out_ += "/>\n";
    in_start_tag_ = false;
    return;
  }
  if (element.children) indent(out_, open_.size());
  out_ += "</";
  out_ += element.name;
  out_ += ">\n";
}

Result<void> Printer::attribute(std::string_view name, std::string_view value) {
  materialize();
  out_ += ' ';
  out_ += name;
  out_ += "='";
  if (!append_escaped_attribute(out_, value, '\'')) return cannot_say(value);
  out_ += '\'';
  if (open_.size() == 1) root_attributes_end_ = out_.size();
  return {};
}

bool Printer::has_attribute(std::string_view name) const {
  const Open& element = open_.back();
  // In values the quote is an entity, so this can only be a name.
  return element.written && out_.find(fmt::format(" {}='", name), element.start) != std::string::npos;
}

Result<void> Printer::text(std::string_view text) {
  materialize();
  end_start_tag();
  if (!append_escaped_text(out_, text)) return cannot_say(text);
  return {};
}

Result<void> Printer::raw(std::string_view xml) {
  TRY_ASSIGN(const RawContent content, RawContent::parse(xml));
  materialize();
  if (content.empty()) return {};
  end_start_tag();
  if (content.is_mixed()) {
    content.print_inline(out_);
    return {};
  }
  out_ += '\n';
  content.print_lines(out_, open_.size());
  open_.back().children = true;
  return {};
}

void Printer::declare_namespace(std::string_view prefix, std::string_view uri) {
  std::string declaration = fmt::format(" xmlns:{}='", prefix);
  append_escaped_attribute(declaration, uri, '\'');
  declaration += '\'';
  out_.insert(root_attributes_end_, declaration);
  root_attributes_end_ += declaration.size();
}

std::string Printer::path() const {
  std::string path;
  for (const Open& element : open_) {
    path += '/';
    path += element.name;
  }
  return path;
}

}  // namespace lodge::conf::xml
