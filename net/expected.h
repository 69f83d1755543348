// SPDX-License-Identifier: Apache-2.0
// Expected<T>: a value or the reason why there is none. Stands in for C++23's std::expected, with the
// part of its interface that sixgate uses.
#pragma once

#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

namespace sixgate {

// Why something could not be done, in words for a person.
struct Error {
  std::string message;
  bool operator==(const Error&) const = default;
};

// Wraps an error so that `return Unexpected(...)` cannot be mistaken for a value.
template <class E>
struct Unexpected {
  explicit Unexpected(E e) : error(std::move(e)) {}
  E error;
};

[[nodiscard]] inline Unexpected<Error> fail(std::string message) {
  return Unexpected<Error>(Error{std::move(message)});
}

template <class T, class E = Error>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Expected(Unexpected<E> error) : state_(std::in_place_index<1>, std::move(error.error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // Asking for the alternative that is not there is a broken invariant: abort.
  T& value() & { return has_value() ? *std::get_if<0>(&state_) : broken<T>(); }
  const T& value() const& { return has_value() ? *std::get_if<0>(&state_) : broken<const T>(); }
  T&& value() && { return std::move(value()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T value_or(T fallback) const& { return has_value() ? value() : std::move(fallback); }

  const E& error() const { return has_value() ? broken<const E>() : *std::get_if<1>(&state_); }

  bool operator==(const Expected&) const = default;

 private:
  template <class U>
  [[noreturn]] static U& broken() {
    std::abort();
  }
  std::variant<T, E> state_;
};

// The value of something that is done for its effect.
struct Done {
  bool operator==(const Done&) const = default;
};

}  // namespace sixgate
