#pragma once

#include <libxml/relaxng.h>

#include <memory>
#include <string>

namespace lodge::conformance {

// A document's validity by one of libvirt's own schemas.
enum class Validity { valid, invalid, undecided };

// One of libvirt's schemas, read once.
class RelaxNg {
 public:
  // `name`: domain, network, … Is not there where libvirt's schemas are not installed.
  explicit RelaxNg(const std::string& name);
  bool is_there() const { return schema_ != nullptr; }

  // Judges in a process of its own that is given so many seconds: some documents keep the validator busy for minutes,
  // since it tries alternatives one after the other. Those are undecided.
  Validity judge(const std::string& xml, unsigned seconds) const;

 private:
  std::unique_ptr<xmlRelaxNG, decltype(&xmlRelaxNGFree)> schema_;
};

}  // namespace lodge::conformance
