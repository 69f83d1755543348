# SPDX-License-Identifier: Apache-2.0
# tests/fuzz/NAME_fuzz.cc -> NAME_fuzz, with the corpus in tests/fuzz/corpus/NAME.

add_custom_target(fuzzers)
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/*_fuzz.cc)
foreach(source IN LISTS fuzz_sources)
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer-no-link)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE sixgate_flags)
  sixgate_link_included_rooms(${name} ${source})
  add_dependencies(fuzzers ${name})
endforeach()
