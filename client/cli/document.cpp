#include "client/cli/document.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "base/file.h"
#include "client/cli/data.h"
#include "conf/json.h"
#include "conf/xml/codec.h"
#include "conf/xml/prescan.h"

namespace lodge::cli {

namespace {

constexpr std::size_t kLimit = 16u << 20;

Result<std::string> read_standard_input() {
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (n == 0) return text;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "read standard input");
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > kLimit) return fail(Code::invalid_argument, "standard input is longer than {} MiB", kLimit >> 20);
  }
}

bool is_data(std::string_view text, std::string_view file) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != text.npos && (text[first] == '{' || text[first] == '<')) return text[first] == '{';
  return file.ends_with(".json") || file.ends_with(".yaml") || file.ends_with(".yml");
}

// Of what is_data(): what begins like it, or is called so, is JSON; the rest is YAML, which contains it.
bool is_json(std::string_view text, std::string_view file) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return file.ends_with(".json") || (first != text.npos && text[first] == '{');
}

// `otherwise`: how to say that it is of another kind; empty if someone said that it is of this one.
Result<void> read_message(const std::string& text, const std::string& file, const conf::Kind& kind,
                          std::string_view otherwise, google::protobuf::Message& message) {
  const bool json = is_json(text, file);
  const conf::FromJsonOptions options{.form = json ? "JSON" : "YAML", .kind = kind.name, .otherwise = otherwise};
  TRY_ASSIGN(const Data data, json ? read_json(text) : read_yaml(text));
  if (data.json == "{}")
    return fail(Code::invalid_argument, "the {} has no fields: it describes nothing", options.form);
  auto read = conf::from_json(data.json, message, options);
  if (read) return {};
  auto findings = read.error().findings();
  for (Finding& finding : findings) {
    if (const auto line = data.lines.find(finding.path); line != data.lines.end()) finding.line = line->second;
  }
  return Failure(std::move(read).error().with_findings(std::move(findings)));
}

std::string all_roots() {
  std::vector<std::string> roots;
  for (const conf::Kind& kind : conf::kinds()) roots.push_back(fmt::format("<{}>", kind.root));
  return fmt::format("{}", fmt::join(roots, ", "));
}

constexpr std::string_view kAs = "--as KIND names another kind";

// `root`: what conf::root_of() sees of the text.
Failure wrong_root(const std::string& text, std::string_view root, std::string_view right) {
  const auto at = root.empty() ? 0 : static_cast<std::size_t>(root.data() - text.data());
  const auto before = std::string_view(text).substr(0, at);
  Finding finding{.line = static_cast<int>(1 + std::ranges::count(before, '\n')),
                  .path = fmt::format("/{}", root),
                  .message = fmt::format("the document is <{}>; {}", root, right)};
  Error error(Code::invalid_argument, fmt::format("{}: {}", finding.path, finding.message));
  return Failure(std::move(error).with_findings({std::move(finding)}));
}

}  // namespace

Result<std::string> read_text(const std::string& file) {
  if (file == "-") return read_standard_input();
  auto text = read_file(file, kLimit);
  // A document that is too long is a wrong document.
  if (!text && text.error().code() == Code::resource_exhausted)
    return Failure(std::move(text).error().with_code(Code::invalid_argument));
  return text;
}

std::string display_name(const std::string& file) { return file == "-" ? "standard input" : file; }

Result<v1::DomainDocument> read_document(const std::string& text, const std::string& file) {
  v1::DomainDocument document;
  if (!is_data(text, file)) {
    // The wire carries UTF-8 only, so what is not never reaches the daemon that would say so.
    if (auto finding = conf::xml::prescan(text))
      return Failure(Error(Code::invalid_argument, finding->message).with_findings({*finding}));
    document.set_xml(text);
    return document;
  }
  TRY(read_message(text, file, *conf::find_kind("domain"), {}, *document.mutable_spec()));
  return document;
}

std::optional<std::string> wrong_kind(const std::string& name) {
  if (name.empty() || conf::find_kind(name)) return {};
  std::vector<std::string_view> names;
  for (const conf::Kind& kind : conf::kinds()) names.push_back(kind.name);
  return fmt::format("--as takes one of {}, not '{}'", fmt::join(names, ", "), name);
}

Result<const conf::Kind*> kind_of(const std::string& text, const std::string& name) {
  if (name.empty()) {
    if (const conf::Kind* guessed = conf::guess_kind(text)) return guessed;
    // A prefix is for the reader, who knows what it stands for.
    const std::string_view root = conf::root_of(text);
    const bool plain = !root.empty() && std::isalpha(static_cast<unsigned char>(root.front())) && !root.contains(':');
    if (plain) return wrong_root(text, root, "it can be " + all_roots());
    return conf::find_kind("domain");
  }
  if (const auto wrong = wrong_kind(name)) return fail(Code::invalid_argument, "{}", *wrong);
  return conf::find_kind(name);
}

Result<v1::Document> read_other_document(const std::string& text, const std::string& file, const conf::Kind& kind) {
  v1::Document document;
  if (is_data(text, file)) {
    const auto* member = v1::Document::descriptor()->FindFieldByName(std::string(kind.name));
    TRY(read_message(text, file, kind, {}, *document.GetReflection()->MutableMessage(&document, member)));
    return document;
  }
  if (auto finding = conf::xml::prescan(text))
    return Failure(Error(Code::invalid_argument, finding->message).with_findings({*finding}));
  if (conf::guess_kind(text) != &kind)
    return wrong_root(text, conf::root_of(text), fmt::format("<{}> is expected", kind.root));
  document.set_xml(text);
  return document;
}

Result<KindDocument> read_kind_document(const std::string& text, const std::string& file, const std::string& kind,
                                        conf::View view) {
  TRY_ASSIGN(const conf::Kind* of, kind_of(text, kind));
  KindDocument document{.kind = of, .message = nullptr, .source = {}};
  document.message.reset(of->prototype->New());
  if (is_data(text, file)) {
    TRY(read_message(text, file, *of, kind.empty() ? kAs : std::string_view(), *document.message));
    // As of a document: whoever writes it may put secrets into it.
    conf::apply_view(*document.message, {.view = view, .secure = true, .foreign = true});
    return document;
  }
  TRY_ASSIGN(document.source,
             conf::xml::parse_into(text, *document.message, {.view = view, .name = display_name(file)}));
  return document;
}

}  // namespace lodge::cli
