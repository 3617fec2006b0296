# The targets of the package mimalloc. Paths are those of this file, wherever it is.
get_filename_component(_mimalloc_lib "${CMAKE_CURRENT_LIST_DIR}" REALPATH)
get_filename_component(_mimalloc_lib "${_mimalloc_lib}/../.." ABSOLUTE)
get_filename_component(_mimalloc_include "${_mimalloc_lib}/../include" ABSOLUTE)

if(NOT TARGET mimalloc)
  add_library(mimalloc SHARED IMPORTED)
  set_target_properties(mimalloc PROPERTIES
    IMPORTED_LOCATION "${_mimalloc_lib}/@FILE@"
    IMPORTED_SONAME "@SONAME@"
    INTERFACE_INCLUDE_DIRECTORIES "${_mimalloc_include}")
endif()

if(NOT TARGET mimalloc-static)
  add_library(mimalloc-static STATIC IMPORTED)
  # `-u`: the library is linked in even if only other libraries call malloc.
  set_target_properties(mimalloc-static PROPERTIES
    IMPORTED_LOCATION "${_mimalloc_lib}/libmimalloc.a"
    IMPORTED_LINK_INTERFACE_LANGUAGES "C"
    INTERFACE_INCLUDE_DIRECTORIES "${_mimalloc_include}"
    INTERFACE_LINK_OPTIONS "-pthread;LINKER:-u,malloc")
endif()

foreach(_mimalloc_file "@FILE@" "libmimalloc.a")
  if(NOT EXISTS "${_mimalloc_lib}/${_mimalloc_file}")
    message(FATAL_ERROR "the package mimalloc lacks ${_mimalloc_lib}/${_mimalloc_file}")
  endif()
endforeach()
unset(_mimalloc_file)
unset(_mimalloc_lib)
unset(_mimalloc_include)
