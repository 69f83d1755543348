# SPDX-License-Identifier: Apache-2.0
# One interface target that every sixgate target links: language level, warnings, sanitizers, size options.

add_library(sixgate_flags INTERFACE)
target_compile_features(sixgate_flags INTERFACE cxx_std_20)
target_include_directories(sixgate_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(sixgate_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wswitch -Wimplicit-fallthrough -Wcast-align -Wcast-qual
  -Wunused -Wformat=2 -Wdouble-promotion -Wextra-semi
  # Designated initializers that lean on default member initializers are the style here.
  -Wno-missing-field-initializers)
# No path of the building machine in a program (assert, sanitizer reports).
target_compile_options(sixgate_flags INTERFACE -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)

if(SIXGATE_WERROR)
  target_compile_options(sixgate_flags INTERFACE -Werror)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(sixgate_flags INTERFACE
    -Wduplicated-cond -Wlogical-op
    # g++ 12 reports std::string concatenation as overlapping memcpy (GCC bug 105651).
    -Wno-restrict)
endif()

# What costs a fifth of the compile time and finds nothing here: a null reference crashes by itself, and a wrong type or
# size of an object is AddressSanitizer's to find. Alignment stays: routers are not x86.
set(cheap_undefined -fno-sanitize=null,object-size,vptr)

if(SIXGATE_SANITIZE)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "SIXGATE_SANITIZE needs clang: cmake --preset dev")
  endif()
  # What a unit test tests is compiled elsewhere, with all sanitizers; so the tests themselves (SIXGATE_UNIT_TEST)
  # take half as long.
  set(is_test $<BOOL:$<TARGET_PROPERTY:SIXGATE_UNIT_TEST>>)
  target_compile_options(sixgate_flags INTERFACE
    $<IF:${is_test},-O0,-O1> -fsanitize=address $<IF:${is_test},,-fsanitize=undefined> ${cheap_undefined}
    -fno-sanitize-recover=all -fno-omit-frame-pointer -g1
    # clang looks into libstdc++ 12's std::stable_sort, which uses what C++17 deprecated.
    -Wno-deprecated-declarations)
  target_link_options(sixgate_flags INTERFACE -fsanitize=address,undefined)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 takes members of an optional that is empty for uninitialized ones, once everything is in one function.
  target_compile_options(sixgate_flags INTERFACE
    $<$<BOOL:$<TARGET_PROPERTY:SIXGATE_UNIT_TEST>>:-Wno-maybe-uninitialized>)
endif()

# A bundle is one object: what of it a program does not use is left out of the program, not of the object.
if(NOT SIXGATE_SANITIZE)
  target_compile_options(sixgate_flags INTERFACE -ffunction-sections -fdata-sections)
  target_link_options(sixgate_flags INTERFACE -Wl,--gc-sections)
endif()

if(SIXGATE_SMALL)
  target_link_options(sixgate_flags INTERFACE
    -Wl,--as-needed -Wl,-z,pack-relative-relocs -Wl,-z,noseparate-code
    -flto-partition=one -static-libstdc++ -static-libgcc)
endif()
