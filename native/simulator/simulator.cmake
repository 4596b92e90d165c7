file(GLOB NVPULSE_SIMULATOR_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cc ${CMAKE_CURRENT_LIST_DIR}/profiles/*.cc)
add_library(nvpulse-simulator SHARED ${NVPULSE_SIMULATOR_SOURCES})
set_target_properties(nvpulse-simulator PROPERTIES PREFIX "" OUTPUT_NAME "libnvidia-ml" SUFFIX ".so.1"
  LIBRARY_OUTPUT_DIRECTORY ${NVPULSE_OUT} LIBRARY_OUTPUT_DIRECTORY_RELEASE ${NVPULSE_OUT})
target_link_options(nvpulse-simulator PRIVATE -Wl,-soname,libnvidia-ml.so.1)
target_link_libraries(nvpulse-simulator PRIVATE nvpulse_flags)
