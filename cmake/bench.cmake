# SPDX-License-Identifier: Apache-2.0
# tests/bench/NAME_bench.cc -> NAME_bench; `./dev bench` builds and runs them.

add_custom_target(benches)
file(GLOB bench_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/bench/*_bench.cc)
foreach(source IN LISTS bench_sources)
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} EXCLUDE_FROM_ALL ${source})
  target_link_libraries(${name} PRIVATE sixgate_flags)
  sixgate_link_included_rooms(${name} ${source})
  add_dependencies(benches ${name})
endforeach()
