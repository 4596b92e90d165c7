# Node-API's headers come from npm (node-api-headers, node-addon-api): nothing is downloaded to build. cmake-js names
# their folders; plain cmake finds them itself.
if(NOT CMAKE_JS_INC)
  set(CMAKE_JS_INC ${CMAKE_SOURCE_DIR}/node_modules/node-api-headers/include ${CMAKE_SOURCE_DIR}/node_modules/node-addon-api)
endif()

add_library(nvpulse SHARED addon.cc ${CMAKE_JS_SRC})
set_target_properties(nvpulse PROPERTIES PREFIX "" SUFFIX ".node"
  LIBRARY_OUTPUT_DIRECTORY ${NVPULSE_OUT} LIBRARY_OUTPUT_DIRECTORY_RELEASE ${NVPULSE_OUT})
target_include_directories(nvpulse SYSTEM PRIVATE ${CMAKE_JS_INC})
target_compile_definitions(nvpulse PRIVATE NAPI_VERSION=8 NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS
  NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS)
# nodelete: an addon that Node unloads with a worker thread would take the
# process down at exit (zig-built objects have no FINI_ARRAY).
target_link_options(nvpulse PRIVATE -Wl,-z,nodelete)
target_link_libraries(nvpulse PRIVATE nvpulse_core ${CMAKE_JS_LIB})
