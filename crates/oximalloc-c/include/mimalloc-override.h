/* mimalloc-override.h: the standard names of allocation as macros for the mi_ functions.

   For a source file of a program that does not let the library override the names by itself. Include it after every
   other header: what a header declares later would be renamed too. Only calls are renamed, so a name without
   parentheses behind it (a pointer to `free`, say) is the C library's, as is what other source files and libraries
   call: a block must be freed by the side that allocated it. In C++, `std::malloc` and operator new are not covered. */
#pragma once
#ifndef MIMALLOC_OVERRIDE_H
#define MIMALLOC_OVERRIDE_H

/* Their own declarations have to come first. */
#ifdef __cplusplus
#include <cstdlib>
#include <cstring>
#include <cwchar>
#endif
#include <mimalloc.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#if defined(__linux__) || defined(_WIN32)
#include <malloc.h>
#endif

/* ISO C */
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef free_sized
#undef free_aligned_sized
#undef aligned_alloc
#undef strdup
#undef strndup
#define malloc(n) mi_malloc(n)
#define calloc(c, n) mi_calloc(c, n)
#define realloc(p, n) mi_realloc(p, n)
#define free(p) mi_free(p)
#define free_sized(p, n) mi_free_size(p, n)
#define free_aligned_sized(p, a, n) mi_free_size_aligned(p, n, a)
#define aligned_alloc(a, n) mi_aligned_alloc(a, n)
#define strdup(s) mi_strdup(s)
#define strndup(s, n) mi_strndup(s, n)

/* POSIX, glibc and the BSDs */
#undef cfree
#undef malloc_good_size
#undef malloc_size
#undef malloc_usable_size
#undef memalign
#undef posix_memalign
#undef pvalloc
#undef realpath
#undef reallocarr
#undef reallocarray
#undef reallocf
#undef valloc
#undef vfree
#undef wcsdup
#define cfree(p) mi_free(p)
#define malloc_good_size(n) mi_malloc_good_size(n)
#define malloc_size(p) mi_malloc_size(p)
#define malloc_usable_size(p) mi_malloc_usable_size(p)
#define memalign(a, n) mi_memalign(a, n)
#define posix_memalign(p, a, n) mi_posix_memalign(p, a, n)
#define pvalloc(n) mi_pvalloc(n)
#define realpath(f, r) mi_realpath(f, r)
#define reallocarr(p, c, n) mi_reallocarr(p, c, n)
#define reallocarray(p, c, n) mi_reallocarray(p, c, n)
#define reallocf(p, n) mi_reallocf(p, n)
#define valloc(n) mi_valloc(n)
#define vfree(p) mi_free(p)
#define wcsdup(s) mi_wcsdup(s)

/* Windows */
#undef _aligned_free
#undef _aligned_malloc
#undef _aligned_msize
#undef _aligned_offset_malloc
#undef _aligned_offset_realloc
#undef _aligned_offset_recalloc
#undef _aligned_realloc
#undef _aligned_recalloc
#undef _dupenv_s
#undef _expand
#undef _mbsdup
#undef _msize
#undef _recalloc
#undef _strdup
#undef _wcsdup
#undef _wdupenv_s
#define _aligned_free(p) mi_free(p)
#define _aligned_malloc(n, a) mi_malloc_aligned(n, a)
#define _aligned_msize(p, a, o) mi_usable_size(p)
#define _aligned_offset_malloc(n, a, o) mi_malloc_aligned_at(n, a, o)
#define _aligned_offset_realloc(p, n, a, o) mi_realloc_aligned_at(p, n, a, o)
#define _aligned_offset_recalloc(p, c, n, a, o) mi_recalloc_aligned_at(p, c, n, a, o)
#define _aligned_realloc(p, n, a) mi_realloc_aligned(p, n, a)
#define _aligned_recalloc(p, c, n, a) mi_recalloc_aligned(p, c, n, a)
#define _dupenv_s(b, n, s) mi_dupenv_s(b, n, s)
#define _expand(p, n) mi_expand(p, n)
#define _mbsdup(s) mi_mbsdup(s)
#define _msize(p) mi_usable_size(p)
#define _recalloc(p, c, n) mi_recalloc(p, c, n)
#define _strdup(s) mi_strdup(s)
#define _wcsdup(s) mi_wcsdup(s)
#define _wdupenv_s(b, n, s) mi_wdupenv_s(b, n, s)

#endif
