# SPDX-License-Identifier: Apache-2.0
# tests/unit/ROOM/*.cc -> ROOM_tests, tests/sim/*.cc -> sim_tests, tests/support/*.cc shared by all.
# `./dev test` runs the binaries directly (one process each, JSON results); ctest knows them too.

enable_testing()
find_package(GTest REQUIRED)
get_property(rooms GLOBAL PROPERTY SIXGATE_ROOMS)

file(GLOB support_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/support/*.cc)
if(support_sources)
  add_library(sixgate_test_support STATIC ${support_sources})
  set(support_scope PUBLIC)
else()
  add_library(sixgate_test_support INTERFACE)
  set(support_scope INTERFACE)
endif()
target_link_libraries(sixgate_test_support ${support_scope} sixgate_flags GTest::gtest)
foreach(room IN LISTS rooms)
  if(NOT room MATCHES "^(daemon_io|cli)$")
    target_link_libraries(sixgate_test_support ${support_scope} sixgate_${room})
  endif()
endforeach()
set_source_files_properties(${CMAKE_SOURCE_DIR}/tests/support/source_dir.cc PROPERTIES
  COMPILE_DEFINITIONS SIXGATE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")

function(sixgate_test_binary name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE sixgate_test_support GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
endfunction()

foreach(room IN LISTS rooms)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/${room}/*.cc)
  if(sources)
    sixgate_test_binary(${room}_tests ${sources})
    set_target_properties(${room}_tests PROPERTIES SIXGATE_UNIT_TEST ON)
    sixgate_bundle(${room}_tests)
    target_link_libraries(${room}_tests PRIVATE sixgate_${room})
  endif()
endforeach()

# What reaches the medium is watched there (tests/unit/daemon_io/medium.h).
if(TARGET daemon_io_tests)
  target_link_options(daemon_io_tests PRIVATE -Wl,--wrap=write,--wrap=fsync,--wrap=fdatasync,--wrap=rename,--wrap=syscall)
endif()

file(GLOB_RECURSE sim_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/sim/*.cc)
if(sim_sources)
  sixgate_test_binary(sim_tests ${sim_sources})
endif()
