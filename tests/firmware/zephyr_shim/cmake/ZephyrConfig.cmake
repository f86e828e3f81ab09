# SPDX-License-Identifier: Apache-2.0
#
# What the exported module uses of Zephyr's build, for this computer: prj.conf gives the switches,
# every module's CMakeLists.txt is entered, and `app` becomes a program of all.
# Those of EXTRA_CONF_FILE too. C sees them as well.
file(STRINGS ${CMAKE_SOURCE_DIR}/prj.conf settings REGEX "^CONFIG_")
if(EXTRA_CONF_FILE)
  file(STRINGS ${CMAKE_SOURCE_DIR}/${EXTRA_CONF_FILE} more REGEX "^CONFIG_")
  list(APPEND settings ${more})
endif()
foreach(setting IN LISTS settings)
  string(REGEX MATCH "^(CONFIG_[A-Z0-9_]+)=(.*)$" _ "${setting}")
  set(${CMAKE_MATCH_1} "${CMAKE_MATCH_2}")
endforeach()

set(CMAKE_C_STANDARD 11)
add_library(zephyr_interface INTERFACE)
target_include_directories(zephyr_interface INTERFACE $ENV{ZEPHYR_BASE})
target_compile_options(zephyr_interface INTERFACE -Wall -Wextra -Werror)

macro(zephyr_library_named name)
  set(ZEPHYR_CURRENT_LIBRARY ${name})
  add_library(${name} STATIC)
  target_link_libraries(${name} PRIVATE zephyr_interface)
  set_property(GLOBAL APPEND PROPERTY SHIM_LIBRARIES ${name})
endmacro()

function(zephyr_library_sources)
  target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGV})
endfunction()

function(zephyr_library_sources_ifdef feature)
  if(${${feature}})
    target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
  endif()
endfunction()

function(zephyr_library_compile_options)
  target_compile_options(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGV})
endfunction()

function(zephyr_include_directories)
  target_include_directories(zephyr_interface INTERFACE ${ARGV})
endfunction()

enable_language(C)
file(WRITE ${CMAKE_BINARY_DIR}/kernel.c "int z_unused(void);\nint z_unused(void) { return 0; }\n")
add_executable(app ${CMAKE_BINARY_DIR}/kernel.c)
target_link_libraries(app PRIVATE zephyr_interface)
if(CONFIG_BT)
  target_sources(app PRIVATE $ENV{ZEPHYR_BASE}/bluetooth.c)
  target_compile_definitions(app PRIVATE CONFIG_BT=1 CONFIG_BT_DEVICE_NAME=${CONFIG_BT_DEVICE_NAME})
endif()

function(target_sources_ifdef feature target)
  if(${${feature}})
    target_sources(${target} ${ARGN})
  endif()
endfunction()
foreach(module IN LISTS ZEPHYR_EXTRA_MODULES)
  if(NOT EXISTS ${module}/zephyr/module.yml)
    message(FATAL_ERROR "${module} has no zephyr/module.yml")
  endif()
  get_filename_component(name ${module} ABSOLUTE)
  add_subdirectory(${name} ${CMAKE_BINARY_DIR}/module)
endforeach()
get_property(libraries GLOBAL PROPERTY SHIM_LIBRARIES)
target_link_libraries(app PRIVATE ${libraries})
