# Puts the symbols of `program` below lib/debug/.build-id, named by its build id as gdb(1) and debuginfod look them up.
execute_process(COMMAND readelf --notes --wide ${program} OUTPUT_VARIABLE notes COMMAND_ERROR_IS_FATAL ANY)
if(NOT notes MATCHES "Build ID: ([0-9a-f][0-9a-f])([0-9a-f]+)")
  message(FATAL_ERROR "${program} has no build id")
endif()
set(directory $ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/lib/debug/.build-id/${CMAKE_MATCH_1})
set(debug_file ${directory}/${CMAKE_MATCH_2}.debug)
file(MAKE_DIRECTORY ${directory})
execute_process(COMMAND objcopy --only-keep-debug --compress-debug-sections ${program} ${debug_file}
  COMMAND_ERROR_IS_FATAL ANY)
file(CHMOD ${debug_file} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
message(STATUS "Installing: ${debug_file}")
