#pragma once

#include <string>

#include "base/result.h"
#include "lodge/v1/domain_object.pb.h"
#include "lodge/v1/domain_service.pb.h"

namespace lodge::rpc {

// A guest as a caller gets it: each of its specs through its view. Any thread.
v1::Domain present(const v1::Domain& domain, bool secure = false);

// The same without its specs, which are by far the largest part.
v1::Domain present_briefly(const v1::Domain& domain);

// The guest's document as libvirt prints it, for this audience. A transient guest's running spec stands in for the stored one it does not
// have. failed_precondition if the live one is asked for and it does not run.
Result<std::string> document_of(const v1::Domain& domain, v1::DomainView view, bool secure);

}  // namespace lodge::rpc
