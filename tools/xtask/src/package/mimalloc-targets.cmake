# The targets of the package @NAME@. Paths are those of this file, wherever it is.
get_filename_component(_mimalloc_lib "${CMAKE_CURRENT_LIST_DIR}" REALPATH)
get_filename_component(_mimalloc_lib "${_mimalloc_lib}/../.." ABSOLUTE)
get_filename_component(_mimalloc_include "${_mimalloc_lib}/../include" ABSOLUTE)

if(NOT TARGET @NAME@)
  add_library(@NAME@ SHARED IMPORTED)
  set_target_properties(@NAME@ PROPERTIES
    IMPORTED_LOCATION "${_mimalloc_lib}/@FILE@"
    IMPORTED_SONAME "@SONAME@"
    INTERFACE_INCLUDE_DIRECTORIES "${_mimalloc_include}")
endif()

if(NOT TARGET @NAME@-static)
  add_library(@NAME@-static STATIC IMPORTED)
  # `-u`: the library is linked in even if only other libraries call malloc.
  set_target_properties(@NAME@-static PROPERTIES
    IMPORTED_LOCATION "${_mimalloc_lib}/lib@NAME@.a"
    IMPORTED_LINK_INTERFACE_LANGUAGES "C"
    INTERFACE_INCLUDE_DIRECTORIES "${_mimalloc_include}"
    INTERFACE_LINK_OPTIONS "-pthread;LINKER:-u,malloc")
endif()

foreach(_mimalloc_file "@FILE@" "lib@NAME@.a")
  if(NOT EXISTS "${_mimalloc_lib}/${_mimalloc_file}")
    message(FATAL_ERROR "the package @NAME@ lacks ${_mimalloc_lib}/${_mimalloc_file}")
  endif()
endforeach()
unset(_mimalloc_file)
unset(_mimalloc_lib)
unset(_mimalloc_include)
