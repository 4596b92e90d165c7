# The supervisor, static where the platform has the static C library: then neither LD_PRELOAD nor
# LD_LIBRARY_PATH of the command's environment reach it, and it starts without a dynamic linker.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_LINK_OPTIONS -static ${CMAKE_EXE_LINKER_FLAGS})
check_cxx_source_compiles("#include <string>\nint main(int c, char** v) { return std::string(v[c - 1]).empty(); }"
  NVPULSE_CAN_LINK_STATICALLY)
unset(CMAKE_REQUIRED_LINK_OPTIONS)

file(GLOB NVPULSE_SUPERVISOR_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/supervisor/*.cc)
add_executable(nvpulse-supervisor ${NVPULSE_SUPERVISOR_SOURCES})
set_target_properties(nvpulse-supervisor PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${NVPULSE_OUT} RUNTIME_OUTPUT_DIRECTORY_RELEASE ${NVPULSE_OUT})
target_link_libraries(nvpulse-supervisor PRIVATE nvpulse_flags)
if(NVPULSE_CAN_LINK_STATICALLY)
  target_link_options(nvpulse-supervisor PRIVATE -static)
endif()
