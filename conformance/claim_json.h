// A Claim as JSON: what a test program prints, and what the report writes.
//
// Apart from claim.h, so that the tests do not compile the JSON library.
#pragma once

#include <nlohmann/json.hpp>

#include "conformance/claim.h"

namespace mn::conformance {

NLOHMANN_JSON_SERIALIZE_ENUM(Profile, {{kBoth, "both"},
                                       {kDocument, "document"},
                                       {kGo, "go"}})

// Without `test`, which a test program cannot know.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Claim, id, section, source, says, profile,
                                   name)

}  // namespace mn::conformance
