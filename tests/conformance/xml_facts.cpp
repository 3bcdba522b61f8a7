#include "tests/conformance/xml_facts.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>
#include <stdexcept>
#include <vector>

namespace lodge::conformance {
namespace {

using Document = std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)>;

Document read(const std::string& xml) {
  Document document(
      xmlReadMemory(xml.data(), static_cast<int>(xml.size()), "", nullptr, XML_PARSE_NONET | XML_PARSE_NOBLANKS),
      &xmlFreeDoc);
  if (!document) throw std::runtime_error("libxml2 does not read the document");
  return document;
}

std::string write(const Document& document) {
  xmlChar* text = nullptr;
  int size = 0;
  xmlDocDumpMemory(document.get(), &text, &size);
  std::string out(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  xmlFree(text);
  return out;
}

std::string str(const xmlChar* text) { return text ? reinterpret_cast<const char*>(text) : ""; }

// "0x1F", "1f" and "31" are the same, and so are "a  b" and " a b".
std::string normal(const std::string& value) {
  std::string words;
  for (const char c : value) {
    const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (space && (words.empty() || words.back() == ' ')) continue;
    words += space ? ' ' : c;
  }
  while (words.ends_with(' ')) words.pop_back();
  char* end = nullptr;
  const unsigned long long number = std::strtoull(words.c_str(), &end, 0);
  const bool is_number = !words.empty() && words[0] >= '0' && words[0] <= '9' && *end == '\0';
  if (is_number) return std::to_string(number);
  // "092" is no octal number.
  if (!words.empty() && words.size() < 20 && words.find_first_not_of("0123456789") == words.npos)
    return std::to_string(std::strtoull(words.c_str(), nullptr, 10));
  const bool is_hex = !words.empty() && words.size() <= 16 &&
                      words.find_first_not_of("0123456789abcdefABCDEF") == words.npos;
  return is_hex ? std::to_string(std::strtoull(words.c_str(), nullptr, 16)) : words;
}

// "3,0-1" → "0 1 3", so that every spelling of a set is the same.
std::string normal_set(const std::string& value) {
  std::set<unsigned long> members;
  for (const char* at = value.c_str(); *at;) {
    while (std::isspace(static_cast<unsigned char>(*at)) || *at == ',') ++at;
    const bool exclude = *at == '^';
    char* end = nullptr;
    const unsigned long first = std::strtoul(exclude ? at + 1 : at, &end, 10);
    unsigned long last = first;
    if (*end == '-') last = std::strtoul(end + 1, &end, 10);
    for (unsigned long i = first; i <= last; ++i) exclude ? void(members.erase(i)) : void(members.insert(i));
    if (end == at) break;
    at = end;
  }
  std::string out;
  for (const unsigned long member : members) out += std::to_string(member) + " ";
  return out;
}

// Bytes in a unit, by libvirt's documentation.
unsigned long long bytes_in(std::string unit) {
  std::ranges::transform(unit, unit.begin(), [](unsigned char c) { return std::tolower(c); });
  if (unit == "b" || unit == "byte" || unit == "bytes") return 1;
  const std::string powers = "kmgtpe";
  const unsigned long long base = unit.size() == 2 && unit[1] == 'b' ? 1000 : 1024;
  unsigned long long bytes = 1;
  for (std::size_t i = 0; i <= powers.find(unit[0]); ++i) bytes *= base;
  return bytes;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Pairs of hexadecimal digits, in upper or lower case.
bool is_mac(const std::string& value) {
  return std::ranges::count(value, ':') == 5 && value.find_first_not_of("0123456789abcdefABCDEF:") == value.npos;
}

bool is_uuid(const std::string& name) {
  return name == "uuid" || name == "genid" || name == "instanceid" || name == "interfaceid" || name == "switchid" ||
         name == "secret" || name == "portid";
}

// The unit of a size that names none, by libvirt's documentation; empty for what is no size.
std::string default_unit(const std::string& name, const std::string& path) {
  static const std::set<std::string> in_bytes{"capacity",    "allocation", "available",        "physical",
                                              "clusterSize", "max_size",   "space_hard_limit", "space_soft_limit"};
  static const std::set<std::string> in_kib{"memory",   "currentMemory",   "maxMemory",  "size",      "pcihole64",
                                            "usage",    "hard_limit",      "soft_limit", "requested", "min_guarantee",
                                            "block",    "swap_hard_limit", "pagesize",   "alignsize", "maxpagesize",
                                            "tb-cache", "current"};
  if (in_bytes.contains(name) || (name == "size" && path.find("/shmem[") != path.npos)) return "bytes";
  if (name == "tseg") return "MiB";
  return in_kib.contains(name) ? "KiB" : "";
}

bool is_set(const std::string& name) {
  return name == "cpuset" || name == "cpus" || name == "nodeset" || name == "nodemask" || name == "siblings" ||
         name == "vcpus" || name == "iothreads";
}

std::string own_text(const xmlNode* element) {
  std::string text;
  for (const xmlNode* child = element->children; child; child = child->next) {
    if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) text += str(child->content);
  }
  return text;
}

std::string property(xmlNode* element, const char* name) {
  const std::unique_ptr<xmlChar, decltype(xmlFree)> value(xmlGetProp(element, BAD_CAST name), xmlFree);
  return str(value.get());
}

std::string unit_or(const std::string& unit, const std::string& otherwise) { return unit.empty() ? otherwise : unit; }

// With its namespace, if it has one: a prefix may be any.
std::string name_in_space(const xmlNode* element) {
  return (element->ns ? "{" + str(element->ns->href) + "}" : "") + str(element->name);
}

class Collector {
 public:
  std::map<std::string, int> facts;

  void element(xmlNode* element, const std::string& path) {
    const std::string name = str(element->name);
    const std::string unit = property(element, "unit");
    const std::string unit_name = unit.empty() ? property(element, "units") : unit;
    bool silent = true;
    for (const xmlAttr* attribute = element->properties; attribute; attribute = attribute->next) {
      const std::string key = str(attribute->name);
      if (key == "unit" || key == "units") continue;
      silent = false;
      const bool is_size = name != "mtu" && key != "current" && !default_unit(key, path).empty();
      add(path + "/@" + key, key, str(attribute->children ? attribute->children->content : nullptr),
          is_size          ? unit_or(unit_name, default_unit(key, path))
          : key == "value" ? unit_name
                           : "");
    }
    const bool octal = path.find("/permissions[1]/mode") != path.npos;
    if (const std::string text = normal((octal ? "0" : "") + own_text(element)); !text.empty()) {
      silent = false;
      add(path, name, text, name == "pages" ? "" : unit_or(unit_name, default_unit(name, path)));
    }
    std::map<std::string, int> counts;
    for (xmlNode* child = element->children; child; child = child->next) {
      if (child->type != XML_ELEMENT_NODE) continue;
      silent = false;
      const std::string child_name = name_in_space(child);
      this->element(child, path + "/" + child_name + "[" + std::to_string(++counts[child_name]) + "]");
    }
    if (silent) ++facts[path];
  }

 private:
  void add(const std::string& path, const std::string& name, const std::string& value, const std::string& unit) {
    std::string shown = is_set(name) ? normal_set(value) : normal(value);
    if (!unit.empty())
      shown = std::to_string((std::strtoull(shown.c_str(), nullptr, 10) * bytes_in(unit) + 1023) / 1024) + " KiB";
    if (is_uuid(name)) shown = lower(value), std::erase(shown, '-');
    if (is_mac(value)) shown = lower(value);
    ++facts[path + "=" + shown];
  }
};

// All but what is inside metadata.
std::vector<xmlNode*> elements_of(xmlDoc* document) {
  std::vector<xmlNode*> elements;
  const auto walk = [&](const auto& self, xmlNode* element) -> void {
    elements.push_back(element);
    if (str(element->name) == "metadata") return;
    for (xmlNode* child = element->children; child; child = child->next) {
      if (child->type == XML_ELEMENT_NODE) self(self, child);
    }
  };
  walk(walk, xmlDocGetRootElement(document));
  return elements;
}

xmlNode* pick(xmlDoc* document, std::size_t index) {
  const auto elements = elements_of(document);
  return elements[index % elements.size()];
}

}  // namespace

std::map<std::string, int> facts_of(const std::string& xml) {
  const Document document = read(xml);
  xmlNode* root = xmlDocGetRootElement(document.get());
  Collector collector;
  collector.element(root, "/" + str(root->name));
  return collector.facts;
}

std::size_t count_elements(const std::string& xml) { return elements_of(read(xml).get()).size(); }

std::string with_bogus_attribute(const std::string& xml, std::size_t index) {
  const Document document = read(xml);
  xmlNewProp(pick(document.get(), index), BAD_CAST "zzbogus", BAD_CAST "1");
  return write(document);
}

std::string with_bogus_element(const std::string& xml, std::size_t index) {
  const Document document = read(xml);
  xmlNode* element = pick(document.get(), index);
  if (str(element->name) == "metadata") element = element->parent;
  xmlNewChild(element, nullptr, BAD_CAST "zzbogus", nullptr);
  return write(document);
}

}  // namespace lodge::conformance
