file(GLOB NVPULSE_CORE_SOURCES CONFIGURE_DEPENDS
  ${CMAKE_CURRENT_LIST_DIR}/nvml/*.cc ${CMAKE_CURRENT_LIST_DIR}/readers/*.cc ${CMAKE_CURRENT_LIST_DIR}/sampler/*.cc)
add_library(nvpulse_core STATIC ${NVPULSE_CORE_SOURCES})
target_link_libraries(nvpulse_core PUBLIC nvpulse_flags)
