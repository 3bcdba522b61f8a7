#include "tests/conformance/relaxng.h"

#include <libxml/parser.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace lodge::conformance {
namespace {

const std::string kSchemas = "/usr/share/libvirt/schemas/";

xmlRelaxNG* read_schema(const std::string& name) {
  const std::string file = kSchemas + name + ".rng";
  if (!std::filesystem::exists(file)) return nullptr;
  xmlRelaxNGParserCtxt* parser = xmlRelaxNGNewParserCtxt(file.c_str());
  xmlRelaxNG* schema = xmlRelaxNGParse(parser);
  xmlRelaxNGFreeParserCtxt(parser);
  return schema;
}

// Never returns: 0 for a valid document.
[[noreturn]] void judge_here(xmlRelaxNG* schema, const std::string& xml, unsigned seconds) {
  alarm(seconds);
  xmlDoc* document = xmlReadMemory(xml.data(), static_cast<int>(xml.size()), "", nullptr, XML_PARSE_NONET);
  xmlRelaxNGValidCtxt* context = xmlRelaxNGNewValidCtxt(schema);
  if (!std::getenv("LODGE_SHOW_SCHEMA_ERRORS")) xmlRelaxNGSetValidErrors(context, nullptr, nullptr, nullptr);
  _exit(document && xmlRelaxNGValidateDoc(context, document) == 0 ? 0 : 1);
}

}  // namespace

RelaxNg::RelaxNg(const std::string& name) : schema_(read_schema(name), &xmlRelaxNGFree) {}

Validity RelaxNg::judge(const std::string& xml, unsigned seconds) const {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) judge_here(schema_.get(), xml, seconds);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || WIFSIGNALED(status)) return Validity::undecided;
  return WEXITSTATUS(status) == 0 ? Validity::valid : Validity::invalid;
}

}  // namespace lodge::conformance
