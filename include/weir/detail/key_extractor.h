#pragma once
// key_by's function with its type erased: one virtual call a batch, the user's function inlined in the loop.

#include <functional>
#include <type_traits>
#include <vector>

#include "weir/serde.h"

namespace weir::detail {

/// Pointers to the keys of a batch: into its values when the key is a member, else into `owned`.
template <class K>
struct KeyColumn {
  std::vector<const K*> keys;
  std::vector<K> owned;
  const K& operator[](size_t i) const { return *keys[i]; }
};

template <class K, class T>
class KeyExtractor {
 public:
  virtual ~KeyExtractor() = default;
  /// column[i] is the key of values[i]; valid until `values` or `column` changes.
  virtual void extract(const std::vector<T>& values, KeyColumn<K>& column) const = 0;
};

template <class K, class T, class F>
class FunctionKeyExtractor final : public KeyExtractor<K, T> {
 public:
  explicit FunctionKeyExtractor(F function) : function_(std::move(function)) {}

  void extract(const std::vector<T>& values, KeyColumn<K>& column) const override {
    column.keys.resize(values.size());
    if constexpr (std::is_lvalue_reference_v<std::invoke_result_t<const F&, const T&>>) {
      for (size_t i = 0; i < values.size(); ++i) column.keys[i] = &std::invoke(function_, values[i]);
    } else {
      column.owned.clear();
      column.owned.reserve(values.size());
      for (const T& value : values) column.owned.push_back(std::invoke(function_, value));
      for (size_t i = 0; i < values.size(); ++i) column.keys[i] = &column.owned[i];
    }
  }

 private:
  F function_;
};

}  // namespace weir::detail
