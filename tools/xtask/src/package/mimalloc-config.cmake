# find_package(@NAME@): the targets @NAME@ (shared) and @NAME@-static, and variables for what has no target.
get_filename_component(@VARIABLE@_CMAKE_DIR "${CMAKE_CURRENT_LIST_DIR}" REALPATH)
get_filename_component(@VARIABLE@_LIBRARY_DIR "${@VARIABLE@_CMAKE_DIR}/../.." ABSOLUTE)
get_filename_component(@VARIABLE@_INCLUDE_DIR "${@VARIABLE@_LIBRARY_DIR}/../include" ABSOLUTE)
set(@VARIABLE@_OBJECT_DIR "${@VARIABLE@_LIBRARY_DIR}")
# One object file that overrides malloc in a static program; it has to be linked before everything else.
set(@VARIABLE@_OBJECT "${@VARIABLE@_LIBRARY_DIR}/@NAME@.o")

include("${CMAKE_CURRENT_LIST_DIR}/@NAME@-targets.cmake")
