#include "weir/pipeline.h"

#include "runtime/plan/physical_plan.h"

namespace weir {

std::string Pipeline::plan_text(int workers) const { return weir::plan_text(*graph_, workers); }
std::string Pipeline::plan_dot(int workers) const { return weir::plan_dot(*graph_, workers); }

}  // namespace weir
