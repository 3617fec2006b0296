/* mimalloc-new-delete.h: the operators new and delete of a C++ program, served by mimalloc.

   Include it in exactly one source file of the program. It is not needed where the library itself overrides them: with
   libmimalloc.so, libmimalloc.a or mimalloc.o linked in, or preloaded. */
#pragma once
#ifndef MIMALLOC_NEW_DELETE_H
#define MIMALLOC_NEW_DELETE_H

#if defined(__cplusplus)
#include <cstddef>
#include <mimalloc.h>
#include <new>

void* operator new(std::size_t size) { return mi_new(size); }
void* operator new[](std::size_t size) { return mi_new(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return mi_new_nothrow(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return mi_new_nothrow(size); }

void operator delete(void* p) noexcept { mi_free(p); }
void operator delete[](void* p) noexcept { mi_free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { mi_free(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { mi_free(p); }
void operator delete(void* p, std::size_t size) noexcept { mi_free_size(p, size); }
void operator delete[](void* p, std::size_t size) noexcept { mi_free_size(p, size); }

#if defined(__cpp_aligned_new)
void* operator new(std::size_t size, std::align_val_t al) { return mi_new_aligned(size, static_cast<std::size_t>(al)); }
void* operator new[](std::size_t size, std::align_val_t al) {
  return mi_new_aligned(size, static_cast<std::size_t>(al));
}
void* operator new(std::size_t size, std::align_val_t al, const std::nothrow_t&) noexcept {
  return mi_new_aligned_nothrow(size, static_cast<std::size_t>(al));
}
void* operator new[](std::size_t size, std::align_val_t al, const std::nothrow_t&) noexcept {
  return mi_new_aligned_nothrow(size, static_cast<std::size_t>(al));
}

void operator delete(void* p, std::align_val_t al) noexcept { mi_free_aligned(p, static_cast<std::size_t>(al)); }
void operator delete[](void* p, std::align_val_t al) noexcept { mi_free_aligned(p, static_cast<std::size_t>(al)); }
void operator delete(void* p, std::align_val_t al, const std::nothrow_t&) noexcept {
  mi_free_aligned(p, static_cast<std::size_t>(al));
}
void operator delete[](void* p, std::align_val_t al, const std::nothrow_t&) noexcept {
  mi_free_aligned(p, static_cast<std::size_t>(al));
}
void operator delete(void* p, std::size_t size, std::align_val_t al) noexcept {
  mi_free_size_aligned(p, size, static_cast<std::size_t>(al));
}
void operator delete[](void* p, std::size_t size, std::align_val_t al) noexcept {
  mi_free_size_aligned(p, size, static_cast<std::size_t>(al));
}
#endif
#endif

#endif
