# SPDX-License-Identifier: Apache-2.0
# The programs that ship.

file(GLOB sixgated_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/daemon/main/*.cc)
if(sixgated_sources AND TARGET sixgate_daemon_io)
  add_executable(sixgated ${sixgated_sources})
  target_link_libraries(sixgated PRIVATE sixgate_daemon_io)
endif()

# cli/MAIN.cc -> PROGRAM, with the library of the room.
function(sixgate_tool program main)
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/cli/${main}.cc)
    return()
  endif()
  add_executable(${program} ${CMAKE_SOURCE_DIR}/cli/${main}.cc)
  foreach(room cli daemon conf net)
    if(TARGET sixgate_${room})
      target_link_libraries(${program} PRIVATE sixgate_${room})
    endif()
  endforeach()
endfunction()
sixgate_tool(sixgate sixgate)
sixgate_tool(prefix-probe prefix_probe)

if(SIXGATE_SMALL)
  foreach(program sixgated sixgate prefix-probe)
    if(TARGET ${program})
      target_sources(${program} PRIVATE cmake/quiet_terminate.cc)
    endif()
  endforeach()
endif()

# What the lab drives and nobody ships: rooms without the daemon, in tools/ beside bin/.
if(NOT SIXGATE_SMALL AND TARGET sixgate_daemon_io)
  file(GLOB tool_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/tools/*.cc)
  foreach(source IN LISTS tool_sources)
    get_filename_component(tool ${source} NAME_WE)
    add_executable(${tool} ${source})
    set_target_properties(${tool} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tools)
    target_link_libraries(${tool} PRIVATE sixgate_daemon_io)
  endforeach()
endif()
