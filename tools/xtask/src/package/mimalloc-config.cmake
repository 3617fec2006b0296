# find_package(mimalloc): the targets mimalloc (shared) and mimalloc-static, and variables for what has no target.
get_filename_component(MIMALLOC_CMAKE_DIR "${CMAKE_CURRENT_LIST_DIR}" REALPATH)
get_filename_component(MIMALLOC_LIBRARY_DIR "${MIMALLOC_CMAKE_DIR}/../.." ABSOLUTE)
get_filename_component(MIMALLOC_INCLUDE_DIR "${MIMALLOC_LIBRARY_DIR}/../include" ABSOLUTE)
set(MIMALLOC_OBJECT_DIR "${MIMALLOC_LIBRARY_DIR}")
# One object file that overrides malloc in a static program; it has to be linked before everything else.
set(MIMALLOC_OBJECT "${MIMALLOC_LIBRARY_DIR}/mimalloc.o")

include("${CMAKE_CURRENT_LIST_DIR}/mimalloc-targets.cmake")
