# SPDX-License-Identifier: Apache-2.0
# tests/fuzz/NAME_fuzz.cc -> NAME_fuzz, with the corpus in tests/fuzz/corpus/NAME.

if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "SIXGATE_FUZZ needs clang: cmake --preset fuzz")
endif()
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/*_fuzz.cc)
foreach(source IN LISTS fuzz_sources)
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE sixgate_flags)
  sixgate_link_included_rooms(${name} ${source})
endforeach()
