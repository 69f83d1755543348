// SPDX-License-Identifier: Apache-2.0
#include "tests/support/allocation_count.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)  // clang's alone, as what is tested with sanitizers is
#define SIXGATE_ADDRESS_SANITIZER
#endif
#endif

#ifdef SIXGATE_ADDRESS_SANITIZER
#include <sanitizer/allocator_interface.h>
#else
#include <cstdlib>
#include <new>
#endif

namespace {
std::size_t allocations_so_far = 0;
}  // namespace

#ifdef SIXGATE_ADDRESS_SANITIZER

std::size_t sixgate::testing::allocation_count() {
  static const int kInstalled = __sanitizer_install_malloc_and_free_hooks(
      [](const volatile void*, std::size_t) { ++allocations_so_far; }, [](const volatile void*) {});
  return kInstalled > 0 ? allocations_so_far : 0;
}

#else

std::size_t sixgate::testing::allocation_count() { return allocations_so_far; }

void* operator new(std::size_t size) {
  ++allocations_so_far;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

#endif
