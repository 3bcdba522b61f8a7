#include "tests/e2e/support/pki.h"

#include "tests/e2e/support/process.h"

namespace lodge::test {
namespace {

void must(const Result<void>& result) {
  if (!result) throw WorldError(result.error().message());
}

// As `-subj` takes it: a slash would begin the next part of the name.
std::string subject_of(std::string common_name) {
  for (std::size_t at = 0; (at = common_name.find('/', at)) != std::string::npos; at += 2)
    common_name.insert(at, 1, '\\');
  return "/CN=" + common_name;
}

}  // namespace

Pki::Pki(fs::path folder) : folder_(std::move(folder)) {
  must(make_folder(folder_));
  must_run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            "/CN=test authority", "-days", "30", "-keyout", folder_ / "ca.key", "-out", ca()});
}

void Pki::issue(const std::string& name, const Subject& subject) const {
  const fs::path request = folder_ / (name + ".csr"), extensions = folder_ / (name + ".ext");
  must_run({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            subject_of(subject.common_name), "-keyout", key(name), "-out", request});
  must(write_file(extensions,
                  fmt::format("extendedKeyUsage={}\nbasicConstraints=CA:FALSE\n{}", subject.purpose,
                              subject.alternative_names.empty() ? "" : "subjectAltName=" + subject.alternative_names)));
  must_run({"openssl", "x509", "-req", "-in", request, "-CA", ca(), "-CAkey", folder_ / "ca.key", "-CAcreateserial",
            "-days", std::to_string(subject.days), "-extfile", extensions, "-out", certificate(name)});
}

}  // namespace lodge::test
