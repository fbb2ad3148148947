#pragma once
// Keyed state of process functions. Handles come by constructor and are never empty:
//
//   class Counter {
//    public:
//     using Output = Count;
//     explicit Counter(weir::StateStore& state) : count_(state.value<int64_t>("count")) {}
//     void on_event(const Click&, weir::Context<std::string, Count>& context) {
//       context.emit({context.key(), ++count_.get_or_create()});
//     }
//    private:
//     weir::ValueState<int64_t> count_;
//   };
//
// A handle refers to the key that is being processed; using one outside of a callback fails the job.

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "weir/detail/rows.h"
#include "weir/id.h"
#include "weir/serde.h"

namespace weir {

/// One value per key. Copyable; worker's thread only. Pointers and references are valid until the callback
/// returns.
template <Serializable T>
class ValueState {
 public:
  /// Null: the key has no value.
  const T* get() const { return column_->get(); }
  bool has() const { return get() != nullptr; }
  /// The value, or a new T{}; what the caller changes is kept.
  T& get_or_create() { return column_->get_or_create(); }
  void set(T value) { column_->get_or_create() = std::move(value); }
  void clear() { column_->clear(); }

 private:
  friend class StateStore;
  explicit ValueState(detail::ValueColumn<T>* column) : column_(column) {}
  detail::ValueColumn<T>* column_;
};

/// Gives state handles to the constructor of a process function. Ids are unique within the function.
class StateStore {
 public:
  /// Throws OperatorError when the restored snapshot holds this state with another type.
  template <Serializable T>
  ValueState<T> value(const Id& id) {
    const uint16_t number = rows_.backend().declare(
        {id.name(), detail::KeyLayout::kPlain, rows_.key_schema(), Serde<T>::schema(), id.previously()});
    auto column = std::make_unique<detail::ValueColumn<T>>(rows_, number, rows_.backend().may_hold(number));
    ValueState<T> handle(column.get());
    add_column(std::move(column));
    return handle;
  }

 protected:
  explicit StateStore(detail::Rows& rows) : rows_(rows) {}
  ~StateStore() = default;
  StateStore(const StateStore&) = delete;
  StateStore& operator=(const StateStore&) = delete;
  virtual void add_column(std::unique_ptr<detail::Column> column) = 0;

 private:
  detail::Rows& rows_;
};

}  // namespace weir
