# Rooms that work with guests' definitions in coroutines read the same 200,000 lines before their own first one. They are
# compiled once, by lodge_precompiled, for all targets named here.
function(lodge_precompile)
  # ccache knows how to see through GCC's precompiled headers only.
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()
  endif()
  foreach(target IN LISTS ARGN)
    if(TARGET ${target})
      target_precompile_headers(${target} REUSE_FROM lodge_precompiled)
      # All must be compiled alike: with what gRPC's package defines, and programs as libraries are.
      target_compile_definitions(${target} PRIVATE NOMINMAX)
      set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
      target_compile_options(${target} PRIVATE -fPIC)
    endif()
  endforeach()
endfunction()

function(lodge_precompiled_headers)
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cpp.in "")
  configure_file(${CMAKE_BINARY_DIR}/precompiled.cpp.in ${CMAKE_BINARY_DIR}/precompiled.cpp COPYONLY)
  add_library(lodge_precompiled STATIC ${CMAKE_BINARY_DIR}/precompiled.cpp)
  target_link_libraries(lodge_precompiled PUBLIC lodge_base lodge_proto)
  target_compile_definitions(lodge_precompiled PRIVATE NOMINMAX)
  target_precompile_headers(lodge_precompiled PRIVATE
    <algorithm> <functional> <map> <memory> <optional> <string> <vector>
    <base/log.h> <base/pool.h> <base/task.h> <lodge/v1/domain.pb.h>)
endfunction()
