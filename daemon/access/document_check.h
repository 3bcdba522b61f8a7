#pragma once

#include <cstdint>

#include "base/result.h"
#include "conf/xml/source_map.h"
#include "daemon/access/project.h"
#include "lodge/v1/capabilities.pb.h"
#include "lodge/v1/domain.pb.h"

namespace lodge::access {

// Whoever may only look at a project is not told which of its files there are.
enum class Files { looked_at, by_name_only };

// Judges a complete definition by the project's rules (document_rules.h), and gives how large its disks can grow. permission_denied with
// a finding for everything that is not allowed. Looks at the files that it names, with the rights of the project's user: blocks. By name
// only, it looks at none, and their size is 0. `host` says which emulators there are.
Result<std::uint64_t> check_document(const v1::DomainSpec& spec, const Project& project, const v1::Capabilities& host,
                                     const conf::xml::SourceMap& source, Files files = Files::looked_at);

// The same for a single card of a guest with so many processors.
Result<void> check_interface(const v1::Interface& interface, const Project& project, std::uint32_t vcpus);

// How large the disks of a definition can grow. What cannot be looked at counts as nothing: check_document() refuses it. Blocks.
std::uint64_t measure_disks(const v1::DomainSpec& spec, const Project& project);

}  // namespace lodge::access
