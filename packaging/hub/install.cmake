# The units that name the program, whose place depends on the prefix. `packaging` is the directory above this one.
set(hub_program ${CMAKE_INSTALL_PREFIX}/sbin/greenwave-hub)
foreach(unit hub/greenwave-hub hub/greenwave-cities mirror/greenwave-mirror)
  get_filename_component(name ${unit} NAME)
  set(file $ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/lib/systemd/system/${name}.service)
  configure_file(${packaging}/${unit}.service.in ${file} @ONLY)
  message(STATUS "Installing: ${file}")
endforeach()
