# The hub's page goes into the hub: one program, whose page is always of its own version, and which needs no files beside
# it. It is made in the build directory, from what package-lock.json names, and again when something of it changes.
if(NOT GREENWAVE_PAGE)
  file(CONFIGURE OUTPUT no_page.cpp CONTENT [[
#include "site/site.h"

std::span<const greenwave::hub::PageFile> greenwave::hub::page_files() { return {}; }
]] @ONLY)
  target_sources(hub PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/no_page.cpp)
  return()
endif()
find_program(NODE node)
find_program(NPM npm)
if(NOT NODE OR NOT NPM)
  message(FATAL_ERROR "The hub's page needs Node.js and npm: packaging/install-build-packages brings them; "
    "or leave the page out with -D GREENWAVE_PAGE=OFF, or the hub with -D GREENWAVE_HUB=OFF")
endif()

set(page ${CMAKE_CURRENT_LIST_DIR})
set(page_build ${CMAKE_BINARY_DIR}/page)
set(page_packages ${page_build}/node_modules/.package-lock.json)
add_custom_command(OUTPUT ${page_packages}
  COMMAND ${CMAKE_COMMAND} -E copy ${page}/package.json ${page}/package-lock.json ${page_build}
  # Nobody's install scripts run; what is downloaded is what the lock file's hashes say, and is kept in npm's cache.
  COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error
  COMMAND ${CMAKE_COMMAND} -E touch ${page_packages}
  DEPENDS ${page}/package.json ${page}/package-lock.json
  WORKING_DIRECTORY ${page_build} COMMENT "Fetching what the hub's page is made with" VERBATIM)
file(MAKE_DIRECTORY ${page_build})

file(GLOB_RECURSE page_sources CONFIGURE_DEPENDS ${page}/src/* ${page}/test/*)
set(page_files ${page_build}/out/page_files.cpp)
add_custom_command(OUTPUT ${page_files} ${page_build}/out/page.pack
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${page_build}/src ${page_build}/test
  COMMAND ${CMAKE_COMMAND} -E copy_directory ${page}/src ${page_build}/src
  COMMAND ${CMAKE_COMMAND} -E copy_directory ${page}/test ${page_build}/test
  COMMAND ${CMAKE_COMMAND} -E copy ${page}/build.mjs ${page}/test.mjs ${page}/tsconfig.json ${page_build}
  COMMAND ${NODE} build.mjs out
  DEPENDS ${page_packages} ${page_sources} ${page}/build.mjs ${page}/test.mjs ${page}/tsconfig.json
  WORKING_DIRECTORY ${page_build} COMMENT "Making the hub's page" VERBATIM)
set_source_files_properties(${page_files} PROPERTIES OBJECT_DEPENDS ${page_build}/out/page.pack)
target_sources(hub PRIVATE ${page_files})
