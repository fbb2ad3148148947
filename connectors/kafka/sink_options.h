#pragma once
// What users may not set in a sink's properties.

#include "connectors/kafka/properties.h"

namespace weir::kafka {

const PropertyList& fixed_sink_properties(Delivery delivery);

}  // namespace weir::kafka
