# SPDX-License-Identifier: Apache-2.0
# The programs that ship.

if(SIXGATE_FUZZ)
  return()
endif()

file(GLOB sixgated_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/daemon/main/*.cc)
if(sixgated_sources AND TARGET sixgate_daemon_io)
  add_executable(sixgated ${sixgated_sources})
  target_link_libraries(sixgated PRIVATE sixgate_daemon_io)
endif()

file(GLOB sixgate_main CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cli/sixgate.cc)
if(sixgate_main)
  add_executable(sixgate ${sixgate_main})
  foreach(room cli daemon conf net)
    if(TARGET sixgate_${room})
      target_link_libraries(sixgate PRIVATE sixgate_${room})
    endif()
  endforeach()
endif()
