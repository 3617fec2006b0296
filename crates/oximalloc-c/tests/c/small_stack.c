// build: link
// cflags: -D_GNU_SOURCE -Wl,-z,now -Wno-deprecated-declarations -Wno-unused-result
// timeout: 120
// Each function that the library exports runs on a thread of PTHREAD_STACK_MIN, the thread's first use of the library and its
// end included, and uses at most 8 KiB of it: also where it purges, reports, guards its blocks and tells all that it does. A
// function without a row here is an error.
#include <elf.h>
#include <link.h>
#include <limits.h>
#include <sys/mman.h>
#include <wchar.h>
#include "conf.h"

enum { LIMIT = 8 << 10, PAINTED = 128 << 10, WIDE = 512 << 10 };

typedef struct {
  const char* name;
  void (*run)(void);
} row_t;
// A row: the function's name, and what calls it. Rows find each other by their section.
#define ROW(name, ...)                  \
  static void run_##name(void) {        \
    __VA_ARGS__;                        \
  }                                     \
  static const row_t row_##name = {#name, run_##name}; \
  static const row_t* const at_##name __attribute__((used, section("rows"))) = &row_##name;
extern const row_t* const __start_rows[];
extern const row_t* const __stop_rows[];

// Functions that no header declares, and operators by the names that the linker knows.
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void*, size_t), *__libc_valloc(size_t);
extern void *__libc_memalign(size_t, size_t), *__libc_pvalloc(size_t), *_aligned_malloc(size_t, size_t);
extern void __libc_free(void*), __libc_cfree(void*), cfree(void*), vfree(void*), free_sized(void*, size_t);
extern void free_aligned_sized(void*, size_t, size_t);
extern void* reallocf(void*, size_t);
extern int __posix_memalign(void**, size_t, size_t), reallocarr(void*, size_t, size_t);
extern size_t malloc_good_size(size_t), malloc_size(const void*);
// Where `size_t` is no `unsigned long`, it is an `unsigned int`.
#if __SIZEOF_SIZE_T__ < 8
#define _Znwm _Znwj
#define _Znam _Znaj
#define _ZnwmRKSt9nothrow_t _ZnwjRKSt9nothrow_t
#define _ZnamRKSt9nothrow_t _ZnajRKSt9nothrow_t
#define _ZnwmSt11align_val_t _ZnwjSt11align_val_t
#define _ZnamSt11align_val_t _ZnajSt11align_val_t
#define _ZnwmSt11align_val_tRKSt9nothrow_t _ZnwjSt11align_val_tRKSt9nothrow_t
#define _ZnamSt11align_val_tRKSt9nothrow_t _ZnajSt11align_val_tRKSt9nothrow_t
#define _ZdlPvm _ZdlPvj
#define _ZdaPvm _ZdaPvj
#define _ZdlPvmSt11align_val_t _ZdlPvjSt11align_val_t
#define _ZdaPvmSt11align_val_t _ZdaPvjSt11align_val_t
#endif
extern void *_Znwm(size_t), *_Znam(size_t), *_ZnwmRKSt9nothrow_t(size_t, void*), *_ZnamRKSt9nothrow_t(size_t, void*);
extern void *_ZnwmSt11align_val_t(size_t, size_t), *_ZnamSt11align_val_t(size_t, size_t);
extern void* _ZnwmSt11align_val_tRKSt9nothrow_t(size_t, size_t, void*);
extern void* _ZnamSt11align_val_tRKSt9nothrow_t(size_t, size_t, void*);
extern void _ZdlPv(void*), _ZdaPv(void*), _ZdlPvm(void*, size_t), _ZdaPvm(void*, size_t);
extern void _ZdlPvRKSt9nothrow_t(void*, void*), _ZdaPvRKSt9nothrow_t(void*, void*);
extern void _ZdlPvSt11align_val_t(void*, size_t), _ZdaPvSt11align_val_t(void*, size_t);
extern void _ZdlPvmSt11align_val_t(void*, size_t, size_t), _ZdaPvmSt11align_val_t(void*, size_t, size_t);
extern void _ZdlPvSt11align_val_tRKSt9nothrow_t(void*, size_t, void*);
extern void _ZdaPvSt11align_val_tRKSt9nothrow_t(void*, size_t, void*);

// glibc's least. Other C libraries may allow less.
#define SMALLEST (PTHREAD_STACK_MIN > 16384 ? PTHREAD_STACK_MIN : 16384)
// Sizes that take each way: of one class and of others, with a page of its own, of many slices, none.
static const size_t TRIED[] = {1, 100, 3000, 20000, 60000, 100000, 3 << 20};
enum { COUNT = sizeof TRIED / sizeof *TRIED };
#define EACH(...) \
  { for (size_t i = 0, n; i < COUNT && (n = TRIED[i], true); i++) { __VA_ARGS__; } }
#define OURS(p) mi_free(opaque(p))

static char text[70000], resolved[PATH_MAX];
static wchar_t wide[300];
static FILE* sink;
static void* managed;
static mi_heap_t* common;
static mi_arena_id_t arena;
static mi_stats_t stats;
static const int nothrow;
#define NOTHROW ((void*)&nothrow)

static void output(const char* message, void* arg) { (void)message, (void)arg; }
static void on_error(int code, void* arg) { (void)code, (void)arg; }
static void deferred(bool force, unsigned long long beat, void* arg) { (void)force, (void)beat, (void)arg; }
static bool visit_block(const mi_heap_t* h, const mi_heap_area_t* a, void* b, size_t s, void* arg) {
  (void)h, (void)a, (void)b, (void)s, (void)arg;
  return true;
}
static bool visit_heap(mi_heap_t* h, void* arg) { return (void)h, (void)arg, true; }
static bool commit(bool yes, void* p, size_t n, bool* zero, void* arg) { return (void)yes, (void)p, (void)n, (void)zero, (void)arg, true; }

// A heap with blocks of all sizes.
static mi_heap_t* filled_heap(void) {
  mi_heap_t* heap = mi_heap_new();
  EACH(for (int k = 0; k < 20; k++) mi_heap_malloc(heap, n))
  return heap;
}

ROW(malloc, EACH(free(malloc(n))))
ROW(calloc, EACH(free(calloc(n, 1))) free(calloc(opaque_size(SIZE_MAX), 2)))
ROW(realloc, void* p = NULL; EACH(p = realloc(p, n)) EACH(p = realloc(p, TRIED[COUNT - 1 - i])) free(p); realloc(text, 100))
ROW(free, EACH(free(malloc(n))) free(text))
ROW(cfree, EACH(cfree(malloc(n))))
ROW(vfree, EACH(vfree(malloc(n))))
ROW(free_sized, EACH(free_sized(malloc(n), n)))
ROW(free_aligned_sized, EACH(free_aligned_sized(memalign(64, n), 64, n)))
ROW(memalign, EACH(free(memalign(4096, n))) free(memalign(opaque_size(3), 1)); free(memalign(64, TOO_MUCH)))
ROW(aligned_alloc, EACH(free(aligned_alloc(1 << 20, n))) free(aligned_alloc(opaque_size(3), 1)))
ROW(_aligned_malloc, EACH(free(_aligned_malloc(n, 256))) _aligned_malloc(1, opaque_size(3)))
ROW(posix_memalign, void* p; EACH(CHECK(posix_memalign(&p, 256, n) == 0); free(p)) CHECK(posix_memalign(&p, 3, 1) == EINVAL))
ROW(valloc, EACH(free(valloc(n))))
ROW(pvalloc, EACH(free(pvalloc(n))) pvalloc(opaque_size(SIZE_MAX)))
ROW(reallocarray, EACH(free(reallocarray(malloc(5), n, 2))) reallocarray(NULL, opaque_size(SIZE_MAX), 2))
ROW(reallocarr, void* p = NULL; EACH(CHECK(reallocarr(&p, n, 2) == 0)) reallocarr(&p, opaque_size(SIZE_MAX), 2); free(p))
ROW(reallocf, EACH(free(reallocf(malloc(5), n))) reallocf(malloc(5), TOO_MUCH))
ROW(strdup, free(strdup(text)))
ROW(strndup, free(strndup(text, 9999)))
ROW(malloc_usable_size, EACH(void* p = malloc(n); malloc_usable_size(p); free(p)) malloc_usable_size(text))
ROW(malloc_size, EACH(void* p = malloc(n); malloc_size(p); free(p)) malloc_size(text))
ROW(malloc_good_size, EACH(malloc_good_size(n)))
#ifdef __GLIBC__
ROW(__libc_malloc, EACH(free(__libc_malloc(n))))
ROW(__libc_calloc, EACH(free(__libc_calloc(n, 1))))
ROW(__libc_realloc, EACH(free(__libc_realloc(NULL, n))))
ROW(__libc_free, EACH(__libc_free(malloc(n))))
ROW(__libc_cfree, EACH(__libc_cfree(malloc(n))))
ROW(__libc_memalign, EACH(free(__libc_memalign(64, n))))
ROW(__libc_valloc, EACH(free(__libc_valloc(n))))
ROW(__libc_pvalloc, EACH(free(__libc_pvalloc(n))))
ROW(__posix_memalign, void* p; EACH(CHECK(__posix_memalign(&p, 64, n) == 0); free(p)))
ROW(malloc_trim, EACH(free(malloc(n))) malloc_trim(0))
ROW(mallinfo, struct mallinfo info = mallinfo(); CHECK(info.arena != 1))
ROW(mallinfo2, struct mallinfo2 info = mallinfo2(); CHECK(info.arena != 1))
ROW(malloc_info, CHECK(malloc_info(0, sink) == 0))
ROW(malloc_stats, malloc_stats())
ROW(mallopt, mallopt(-8, 1))
#endif
ROW(_Znwm, EACH(free(_Znwm(n))))
ROW(_Znam, EACH(free(_Znam(n))))
ROW(_ZnwmRKSt9nothrow_t, EACH(free(_ZnwmRKSt9nothrow_t(n, NOTHROW))) CHECK(!_ZnwmRKSt9nothrow_t(TOO_MUCH, NOTHROW)))
ROW(_ZnamRKSt9nothrow_t, EACH(free(_ZnamRKSt9nothrow_t(n, NOTHROW))) CHECK(!_ZnamRKSt9nothrow_t(TOO_MUCH, NOTHROW)))
ROW(_ZnwmSt11align_val_t, EACH(free(_ZnwmSt11align_val_t(n, 64))))
ROW(_ZnamSt11align_val_t, EACH(free(_ZnamSt11align_val_t(n, 64))))
ROW(_ZnwmSt11align_val_tRKSt9nothrow_t, EACH(free(_ZnwmSt11align_val_tRKSt9nothrow_t(n, 64, NOTHROW))))
ROW(_ZnamSt11align_val_tRKSt9nothrow_t, EACH(free(_ZnamSt11align_val_tRKSt9nothrow_t(n, 64, NOTHROW))))
ROW(_ZdlPv, EACH(_ZdlPv(_Znwm(n))))
ROW(_ZdaPv, EACH(_ZdaPv(_Znam(n))))
ROW(_ZdlPvm, EACH(_ZdlPvm(_Znwm(n), n)))
ROW(_ZdaPvm, EACH(_ZdaPvm(_Znam(n), n)))
ROW(_ZdlPvRKSt9nothrow_t, EACH(_ZdlPvRKSt9nothrow_t(_Znwm(n), NOTHROW)))
ROW(_ZdaPvRKSt9nothrow_t, EACH(_ZdaPvRKSt9nothrow_t(_Znam(n), NOTHROW)))
ROW(_ZdlPvSt11align_val_t, EACH(_ZdlPvSt11align_val_t(_ZnwmSt11align_val_t(n, 64), 64)))
ROW(_ZdaPvSt11align_val_t, EACH(_ZdaPvSt11align_val_t(_ZnamSt11align_val_t(n, 64), 64)))
ROW(_ZdlPvmSt11align_val_t, EACH(_ZdlPvmSt11align_val_t(_ZnwmSt11align_val_t(n, 64), n, 64)))
ROW(_ZdaPvmSt11align_val_t, EACH(_ZdaPvmSt11align_val_t(_ZnamSt11align_val_t(n, 64), n, 64)))
ROW(_ZdlPvSt11align_val_tRKSt9nothrow_t, EACH(_ZdlPvSt11align_val_tRKSt9nothrow_t(_ZnwmSt11align_val_t(n, 64), 64, NOTHROW)))
ROW(_ZdaPvSt11align_val_tRKSt9nothrow_t, EACH(_ZdaPvSt11align_val_tRKSt9nothrow_t(_ZnamSt11align_val_t(n, 64), 64, NOTHROW)))

ROW(mi_malloc, EACH(mi_free(mi_malloc(n))))
ROW(mi_free, EACH(mi_free(mi_malloc(n))) OURS(text))
ROW(mi_malloc_small, mi_free(mi_malloc_small(100)))
ROW(mi_mallocn, EACH(mi_free(mi_mallocn(n, 2))))
ROW(mi_zalloc, EACH(mi_free(mi_zalloc(n))))
ROW(mi_zalloc_small, mi_free(mi_zalloc_small(100)))
ROW(mi_calloc, EACH(mi_free(mi_calloc(n, 2))))
ROW(mi_realloc, void* p = NULL; EACH(p = mi_realloc(p, n)) EACH(p = mi_realloc(p, TRIED[COUNT - 1 - i])) mi_free(p))
ROW(mi_reallocn, EACH(mi_free(mi_reallocn(NULL, n, 2))))
ROW(mi_reallocf, EACH(mi_free(mi_reallocf(mi_malloc(5), n))))
ROW(mi_reallocarray, EACH(mi_free(mi_reallocarray(NULL, n, 2))))
ROW(mi_reallocarr, void* p = NULL; EACH(mi_reallocarr(&p, n, 2)) mi_free(p))
ROW(mi_rezalloc, void* p = NULL; EACH(p = mi_rezalloc(p, n)) EACH(p = mi_rezalloc(p, TRIED[COUNT - 1 - i])) mi_free(p))
ROW(mi_recalloc, EACH(mi_free(mi_recalloc(mi_calloc(1, 1), n, 2))))
ROW(mi_expand, EACH(void* p = mi_malloc(n); mi_expand(p, n + 70000); mi_free(p)))
ROW(mi__expand, EACH(void* p = mi_malloc(n); mi__expand(p, n + 70000); mi_free(p)))
ROW(mi_cfree, EACH(mi_cfree(mi_malloc(n))) mi_cfree(opaque(text)))
ROW(mi_free_size, EACH(mi_free_size(mi_malloc(n), n)))
ROW(mi_free_size_aligned, EACH(mi_free_size_aligned(mi_malloc_aligned(n, 64), n, 64)))
ROW(mi_free_aligned, EACH(mi_free_aligned(mi_malloc_aligned(n, 64), 64)))
ROW(mi_free_small, mi_free_small(mi_malloc_small(100)))
ROW(mi_good_size, EACH(mi_good_size(n)))
ROW(mi_malloc_good_size, EACH(mi_malloc_good_size(n)))
ROW(mi_malloc_size, EACH(void* p = mi_malloc(n); mi_malloc_size(p); mi_free(p)))
ROW(mi_malloc_usable_size, EACH(void* p = mi_malloc(n); mi_malloc_usable_size(p); mi_free(p)))
ROW(mi_usable_size, EACH(void* p = mi_malloc(n); mi_usable_size(p); mi_free(p)) mi_usable_size(text))
ROW(mi_malloc_aligned, EACH(mi_free(mi_malloc_aligned(n, 4096))) mi_malloc_aligned(1, opaque_size(3)))
ROW(mi_malloc_aligned_at, EACH(mi_free(mi_malloc_aligned_at(n, 4096, 8))))
ROW(mi_zalloc_aligned, EACH(mi_free(mi_zalloc_aligned(n, 4096))))
ROW(mi_zalloc_aligned_at, EACH(mi_free(mi_zalloc_aligned_at(n, 4096, 8))))
ROW(mi_calloc_aligned, EACH(mi_free(mi_calloc_aligned(n, 2, 4096))))
ROW(mi_calloc_aligned_at, EACH(mi_free(mi_calloc_aligned_at(n, 2, 4096, 8))))
ROW(mi_realloc_aligned, EACH(mi_free(mi_realloc_aligned(mi_malloc(5), n, 4096))))
ROW(mi_realloc_aligned_at, EACH(mi_free(mi_realloc_aligned_at(mi_malloc(5), n, 4096, 8))))
ROW(mi_rezalloc_aligned, EACH(mi_free(mi_rezalloc_aligned(mi_zalloc(5), n, 4096))))
ROW(mi_rezalloc_aligned_at, EACH(mi_free(mi_rezalloc_aligned_at(mi_zalloc(5), n, 4096, 8))))
ROW(mi_recalloc_aligned, EACH(mi_free(mi_recalloc_aligned(mi_zalloc(5), n, 2, 4096))))
ROW(mi_recalloc_aligned_at, EACH(mi_free(mi_recalloc_aligned_at(mi_zalloc(5), n, 2, 4096, 8))))
ROW(mi_aligned_recalloc, EACH(mi_free(mi_aligned_recalloc(mi_zalloc(5), n, 2, 4096))))
ROW(mi_aligned_offset_recalloc, EACH(mi_free(mi_aligned_offset_recalloc(mi_zalloc(5), n, 2, 4096, 8))))
ROW(mi_memalign, EACH(mi_free(mi_memalign(64, n))))
ROW(mi_aligned_alloc, EACH(mi_free(mi_aligned_alloc(64, n))))
ROW(mi_posix_memalign, void* p; EACH(mi_posix_memalign(&p, 64, n); mi_free(p)) mi_posix_memalign(&p, 3, 1))
ROW(mi_valloc, EACH(mi_free(mi_valloc(n))))
ROW(mi_pvalloc, EACH(mi_free(mi_pvalloc(n))))
ROW(mi_umalloc, size_t s; EACH(mi_free(mi_umalloc(n, &s))))
ROW(mi_ucalloc, size_t s; EACH(mi_free(mi_ucalloc(n, 2, &s))))
ROW(mi_ufree, size_t s; EACH(mi_ufree(mi_malloc(n), &s)))
ROW(mi_umalloc_aligned, size_t s; EACH(mi_free(mi_umalloc_aligned(n, 64, &s))))
ROW(mi_uzalloc_aligned, size_t s; EACH(mi_free(mi_uzalloc_aligned(n, 64, &s))))
ROW(mi_umalloc_small, size_t s; mi_free(mi_umalloc_small(100, &s)))
ROW(mi_uzalloc_small, size_t s; mi_free(mi_uzalloc_small(100, &s)))
ROW(mi_urealloc, size_t s, t; EACH(mi_free(mi_urealloc(mi_malloc(5), n, &s, &t))))
ROW(mi_new, EACH(mi_free(mi_new(n))))
ROW(mi_new_aligned, EACH(mi_free(mi_new_aligned(n, 64))))
ROW(mi_new_nothrow, EACH(mi_free(mi_new_nothrow(n))) mi_new_nothrow(TOO_MUCH))
ROW(mi_new_aligned_nothrow, EACH(mi_free(mi_new_aligned_nothrow(n, 64))))
ROW(mi_new_n, EACH(mi_free(mi_new_n(n, 2))))
ROW(mi_new_realloc, EACH(mi_free(mi_new_realloc(NULL, n))))
ROW(mi_new_reallocn, EACH(mi_free(mi_new_reallocn(NULL, n, 2))))
ROW(mi_strdup, mi_free(mi_strdup(text)))
ROW(mi_strndup, mi_free(mi_strndup(text, 1000)))
ROW(mi_mbsdup, mi_free(mi_mbsdup((unsigned char*)text)))
ROW(mi_wcsdup, mi_free(mi_wcsdup(wide)))
ROW(mi_dupenv_s, char* p; size_t s; mi_dupenv_s(&p, &s, "PATH"); mi_free(p))
ROW(mi_wdupenv_s, wchar_t* p; size_t s; mi_wdupenv_s(&p, &s, L"PATH"))
ROW(mi_realpath, mi_free(mi_realpath("/proc/self/../1/..", NULL)); mi_realpath("/", resolved))
ROW(mi_heap_realpath, mi_free(mi_heap_realpath(common, "/proc/self/../1/..", NULL)))

ROW(mi_heap_new, mi_heap_delete(mi_heap_new()))
ROW(mi_heap_new_in_arena, mi_heap_destroy(mi_heap_new_in_arena(arena)))
ROW(mi_heap_delete, mi_heap_delete(filled_heap()); mi_heap_delete((mi_heap_t*)text))
ROW(mi_heap_destroy, mi_heap_destroy(filled_heap()); mi_heap_destroy((mi_heap_t*)text))
ROW(mi_heap_main, CHECK(mi_heap_main() != NULL))
ROW(mi_heap_of, mi_heap_of(text))
ROW(mi_heap_contains, mi_heap_contains(common, text))
ROW(mi_any_heap_contains, mi_any_heap_contains(text))
ROW(mi_check_owned, mi_check_owned(text))
ROW(mi_is_in_heap_region, mi_is_in_heap_region(text))
ROW(mi_is_redirected, mi_is_redirected())
ROW(mi_heap_collect, mi_heap_t* h = filled_heap(); mi_heap_collect(h, false); mi_heap_collect(h, true); mi_heap_destroy(h))
ROW(mi_heap_set_numa_affinity, mi_heap_set_numa_affinity(common, 0))
ROW(mi_heap_malloc, EACH(mi_free(mi_heap_malloc(common, n))))
ROW(mi_heap_malloc_small, mi_free(mi_heap_malloc_small(common, 100)))
ROW(mi_heap_mallocn, EACH(mi_free(mi_heap_mallocn(common, n, 2))))
ROW(mi_heap_zalloc, EACH(mi_free(mi_heap_zalloc(common, n))))
ROW(mi_heap_zalloc_small, mi_free(mi_heap_zalloc_small(common, 100)))
ROW(mi_heap_calloc, EACH(mi_free(mi_heap_calloc(common, n, 2))))
ROW(mi_heap_realloc, EACH(mi_free(mi_heap_realloc(common, mi_malloc(5), n))))
ROW(mi_heap_reallocn, EACH(mi_free(mi_heap_reallocn(common, NULL, n, 2))))
ROW(mi_heap_reallocf, EACH(mi_free(mi_heap_reallocf(common, NULL, n))))
ROW(mi_heap_rezalloc, EACH(mi_free(mi_heap_rezalloc(common, mi_zalloc(5), n))))
ROW(mi_heap_recalloc, EACH(mi_free(mi_heap_recalloc(common, mi_zalloc(5), n, 2))))
ROW(mi_heap_malloc_aligned, EACH(mi_free(mi_heap_malloc_aligned(common, n, 64))))
ROW(mi_heap_malloc_aligned_at, EACH(mi_free(mi_heap_malloc_aligned_at(common, n, 64, 8))))
ROW(mi_heap_zalloc_aligned, EACH(mi_free(mi_heap_zalloc_aligned(common, n, 64))))
ROW(mi_heap_zalloc_aligned_at, EACH(mi_free(mi_heap_zalloc_aligned_at(common, n, 64, 8))))
ROW(mi_heap_calloc_aligned, EACH(mi_free(mi_heap_calloc_aligned(common, n, 2, 64))))
ROW(mi_heap_calloc_aligned_at, EACH(mi_free(mi_heap_calloc_aligned_at(common, n, 2, 64, 8))))
ROW(mi_heap_realloc_aligned, EACH(mi_free(mi_heap_realloc_aligned(common, mi_malloc(5), n, 64))))
ROW(mi_heap_realloc_aligned_at, EACH(mi_free(mi_heap_realloc_aligned_at(common, mi_malloc(5), n, 64, 8))))
ROW(mi_heap_rezalloc_aligned, EACH(mi_free(mi_heap_rezalloc_aligned(common, mi_zalloc(5), n, 64))))
ROW(mi_heap_rezalloc_aligned_at, EACH(mi_free(mi_heap_rezalloc_aligned_at(common, mi_zalloc(5), n, 64, 8))))
ROW(mi_heap_recalloc_aligned, EACH(mi_free(mi_heap_recalloc_aligned(common, mi_zalloc(5), n, 2, 64))))
ROW(mi_heap_recalloc_aligned_at, EACH(mi_free(mi_heap_recalloc_aligned_at(common, mi_zalloc(5), n, 2, 64, 8))))
ROW(mi_heap_alloc_new, EACH(mi_free(mi_heap_alloc_new(common, n))))
ROW(mi_heap_alloc_new_n, EACH(mi_free(mi_heap_alloc_new_n(common, n, 2))))
ROW(mi_heap_strdup, mi_free(mi_heap_strdup(common, text)))
ROW(mi_heap_strndup, mi_free(mi_heap_strndup(common, text, 1000)))
ROW(mi_heap_visit_blocks, mi_heap_visit_blocks(common, true, visit_block, NULL))
ROW(mi_heap_visit_abandoned_blocks, mi_heap_visit_abandoned_blocks(common, true, visit_block, NULL))
ROW(mi_heap_stats_get, CHECK(mi_heap_stats_get(common, &stats)))
ROW(mi_heap_stats_get_json, mi_heap_stats_get_json(common, sizeof text, text); mi_free(mi_heap_stats_get_json(common, 0, NULL)))
ROW(mi_heap_stats_merge_to_subproc, mi_heap_stats_merge_to_subproc(common))
ROW(mi_heap_stats_print_out, mi_heap_stats_print_out(common, output, NULL))
ROW(mi_heap_theap, CHECK(mi_heap_theap(common) != NULL))
ROW(mi_unsafe_heap_page_is_under_utilized, mi_unsafe_heap_page_is_under_utilized(common, text, 80))

ROW(mi_theap_get_default, CHECK(mi_theap_get_default() != NULL))
ROW(mi_theap_set_default, mi_theap_set_default(mi_theap_set_default(mi_heap_theap(common))))
ROW(mi_theap_malloc, EACH(mi_free(mi_theap_malloc(mi_theap_get_default(), n))))
ROW(mi_theap_malloc_small, mi_free(mi_theap_malloc_small(mi_theap_get_default(), 100)))
ROW(mi_theap_malloc_aligned, EACH(mi_free(mi_theap_malloc_aligned(mi_theap_get_default(), n, 64))))
ROW(mi_theap_zalloc, EACH(mi_free(mi_theap_zalloc(mi_theap_get_default(), n))))
ROW(mi_theap_zalloc_small, mi_free(mi_theap_zalloc_small(mi_theap_get_default(), 100)))
ROW(mi_theap_calloc, EACH(mi_free(mi_theap_calloc(mi_theap_get_default(), n, 2))))
ROW(mi_theap_realloc, EACH(mi_free(mi_theap_realloc(mi_theap_get_default(), NULL, n))))
ROW(mi_theap_collect, mi_theap_collect(mi_theap_get_default(), true))
ROW(mi_theap_visit_blocks, EACH(malloc(n)) mi_theap_visit_blocks(mi_theap_get_default(), true, visit_block, NULL))
ROW(mi_theap_guarded_set_sample_rate, mi_theap_guarded_set_sample_rate(mi_theap_get_default(), 2, 1); EACH(free(malloc(n))))
ROW(mi_theap_guarded_set_size_bound, mi_theap_guarded_set_size_bound(mi_theap_get_default(), 1, 1 << 20))

ROW(mi_subproc_main, CHECK(mi_subproc_main()._mi_subproc_id != NULL || true))
ROW(mi_subproc_current, (void)mi_subproc_current())
ROW(mi_subproc_new, mi_subproc_destroy(mi_subproc_new()))
ROW(mi_subproc_destroy, mi_subproc_destroy(mi_subproc_new()))
ROW(mi_subproc_add_current_thread, mi_subproc_add_current_thread(mi_subproc_main()))
ROW(mi_subproc_visit_heaps, mi_subproc_visit_heaps(mi_subproc_main(), visit_heap, NULL))
ROW(mi_subproc_stats_get, CHECK(mi_subproc_stats_get(mi_subproc_main(), &stats)))
ROW(mi_subproc_stats_get_exclusive, CHECK(mi_subproc_stats_get_exclusive(mi_subproc_main(), &stats)))
ROW(mi_subproc_stats_get_json, mi_free(mi_subproc_stats_get_json(mi_subproc_main(), 0, NULL)))
ROW(mi_subproc_stats_print_out, mi_subproc_stats_print_out(mi_subproc_main(), output, NULL))
ROW(mi_subproc_heap_stats_print_out, mi_subproc_heap_stats_print_out(mi_subproc_main(), output, NULL))

ROW(mi_collect, EACH(free(malloc(n))) mi_collect(false); mi_collect(true))
ROW(mi_collect_reduce, EACH(free(malloc(n))) mi_collect_reduce(0))
ROW(mi_stats_get, CHECK(mi_stats_get(&stats)))
ROW(mi_stats_get_bin_size, mi_stats_get_bin_size(5))
ROW(mi_stats_get_json, mi_free(mi_stats_get_json(0, NULL)); mi_stats_get_json(sizeof text, text))
ROW(mi_stats_as_json, CHECK(mi_stats_get(&stats)); mi_free(mi_stats_as_json(&stats, 0, NULL)))
ROW(mi_stats_merge, mi_stats_merge())
ROW(mi_stats_reset, mi_stats_reset())
ROW(mi_stats_print, mi_stats_print(NULL))
ROW(mi_stats_print_out, mi_stats_print_out(output, NULL))
ROW(mi_thread_stats_print_out, mi_thread_stats_print_out(output, NULL))
ROW(mi_options_print, mi_options_print())
ROW(mi_options_print_out, mi_options_print_out(output, NULL))
ROW(mi_process_info, size_t a; mi_process_info(&a, &a, &a, &a, &a, &a, &a, &a))
ROW(mi_process_info_print, mi_process_info_print())
ROW(mi_process_info_print_out, mi_process_info_print_out(output, NULL))
ROW(mi_version, mi_version())
ROW(mi_option_get, mi_option_get(mi_option_verbose))
ROW(mi_option_get_clamp, mi_option_get_clamp(mi_option_verbose, 0, 1))
ROW(mi_option_get_size, mi_option_get_size(mi_option_arena_reserve))
ROW(mi_option_is_enabled, mi_option_is_enabled(mi_option_verbose))
ROW(mi_option_set, mi_option_set(mi_option_retry_on_oom, 1))
ROW(mi_option_set_default, mi_option_set_default(mi_option_retry_on_oom, 1))
ROW(mi_option_enable, mi_option_enable(mi_option_retry_on_oom))
ROW(mi_option_disable, mi_option_disable(mi_option_retry_on_oom))
ROW(mi_option_set_enabled, mi_option_set_enabled(mi_option_retry_on_oom, true))
ROW(mi_option_set_enabled_default, mi_option_set_enabled_default(mi_option_retry_on_oom, true))
ROW(mi_register_output, mi_register_output(output, NULL))
ROW(mi_register_error, mi_register_error(on_error, NULL))
ROW(mi_register_deferred_free, mi_register_deferred_free(deferred, NULL))
ROW(mi_arenas_print, mi_arenas_print())
ROW(mi_debug_show_arenas, mi_debug_show_arenas())
ROW(mi_arena_area, size_t s; mi_arena_area(arena, &s))
ROW(mi_arena_contains, mi_arena_contains(arena, text))
ROW(mi_arena_min_alignment, mi_arena_min_alignment())
ROW(mi_arena_min_size, mi_arena_min_size())
ROW(mi_reserve_os_memory, CHECK(mi_reserve_os_memory(64 << 20, false, false) == 0))
ROW(mi_reserve_os_memory_ex, mi_arena_id_t a; CHECK(mi_reserve_os_memory_ex(64 << 20, false, true, true, &a) == 0))
ROW(mi_reserve_huge_os_pages, size_t s; mi_reserve_huge_os_pages(1, 0.01, &s))
ROW(mi_reserve_huge_os_pages_at, mi_reserve_huge_os_pages_at(1, 0, 10))
ROW(mi_reserve_huge_os_pages_at_ex, mi_arena_id_t a; mi_reserve_huge_os_pages_at_ex(1, 0, 10, true, &a))
ROW(mi_reserve_huge_os_pages_interleave, mi_reserve_huge_os_pages_interleave(2, 2, 10))
// Each call has a range of its own.
static void* range(void) {
  static size_t next;
  return (char*)managed + (next++ << 26);
}
ROW(mi_manage_os_memory, mi_manage_os_memory(range(), 1 << 26, true, false, true, -1))
ROW(mi_manage_os_memory_ex, mi_arena_id_t a; mi_manage_os_memory_ex(range(), 1 << 26, true, false, true, -1, true, &a))
ROW(mi_manage_memory, mi_arena_id_t a; CHECK(mi_manage_memory(range(), 1 << 26, false, false, true, -1, true, commit, NULL, &a));
    mi_heap_t* h = mi_heap_new_in_arena(a); EACH(mi_heap_malloc(h, n)) mi_heap_destroy(h))
ROW(mi_thread_init, mi_thread_init())
ROW(mi_thread_done, EACH(free(malloc(n))) mi_thread_done())
ROW(mi_thread_set_in_threadpool, mi_thread_set_in_threadpool())
ROW(mi_process_init, mi_process_init())
ROW(mi_process_done, mi_process_done())

// How much of the stack below here `run` uses.
static size_t __attribute__((noinline)) depth_of(void (*run)(void)) {
  volatile unsigned char* top = (unsigned char*)__builtin_frame_address(0) - 512;
  for (size_t i = 0; i < PAINTED; i++) top[-1 - (ptrdiff_t)i] = 0x5a;
  run();
  size_t untouched = 0;
  while (untouched < PAINTED && top[-(ptrdiff_t)PAINTED + (ptrdiff_t)untouched] == 0x5a) untouched++;
  return PAINTED - untouched;
}

static size_t deepest[2];
static volatile unsigned char* end_top;
static void* measured(void* row) {
  // The first call is this thread's first use of the library.
  for (int k = 0; k < 2; k++) deepest[k] = depth_of(((const row_t*)row)->run);
  return NULL;
}
static void* only_run(void* row) {
  ((const row_t*)row)->run();
  return NULL;
}
// What comes after this function's end is the thread's end.
static void* ends(void* row) {
  ((const row_t*)row)->run();
  end_top = (unsigned char*)__builtin_frame_address(0) - 512;
  for (size_t i = 0; i < PAINTED; i++) end_top[-1 - (ptrdiff_t)i] = 0x5a;
  return NULL;
}
static size_t end_depth(void) {
  size_t untouched = 0;
  while (untouched < PAINTED && end_top[-(ptrdiff_t)PAINTED + (ptrdiff_t)untouched] == 0x5a) untouched++;
  return PAINTED - untouched;
}

static void* stack;
static void in_thread(void* (*work)(void*), const row_t* row, size_t size) {
  pthread_t id;
  pthread_attr_t attributes;
  CHECK(pthread_attr_init(&attributes) == 0);
  CHECK(size == WIDE ? pthread_attr_setstack(&attributes, stack, WIDE) == 0
                     : pthread_attr_setstacksize(&attributes, size) == 0);
  CHECK(pthread_create(&id, &attributes, work, (void*)row) == 0 && pthread_join(id, NULL) == 0);
  pthread_attr_destroy(&attributes);
}

// Each name that the library exports has a row.
static int see_library(struct dl_phdr_info* info, size_t size, void* arg) {
  (void)size;
  if (strstr(info->dlpi_name, "libmimalloc") == NULL) return 0;
  const Elf64_Sym* symbols = NULL;
  const char* strings = NULL;
  const uint32_t* hash = NULL;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_DYNAMIC) continue;
    for (const Elf64_Dyn* d = (const Elf64_Dyn*)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr); d->d_tag != DT_NULL; d++) {
      // glibc's loader has added the base.
      uintptr_t at = d->d_un.d_ptr + (d->d_un.d_ptr < info->dlpi_addr ? info->dlpi_addr : 0);
      if (d->d_tag == DT_SYMTAB) symbols = (const Elf64_Sym*)at;
      if (d->d_tag == DT_STRTAB) strings = (const char*)at;
      if (d->d_tag == DT_GNU_HASH) hash = (const uint32_t*)at;
    }
  }
  CHECK(symbols != NULL && strings != NULL && hash != NULL);
  // The names that are exported are those that the hash table has.
  const uint32_t* buckets = hash + 4 + hash[2] * 2;
  const uint32_t* chain = buckets + hash[0];
  for (uint32_t b = 0; b < hash[0]; b++)
    for (uint32_t i = buckets[b]; i != 0; i = chain[i - hash[1]] & 1 ? 0 : i + 1) {
      const char* name = strings + symbols[i].st_name;
      if (ELF64_ST_TYPE(symbols[i].st_info) != STT_FUNC) continue;
      bool has = false;
      for (const row_t* const* row = __start_rows; row < __stop_rows; row++) has |= strcmp((*row)->name, name) == 0;
      if (!has) fprintf(stderr, "%s has no row\n", name);
      *(int*)arg += has ? 0 : 1;
      ((int*)arg)[1]++;
    }
  return 0;
}

static void libc_realpath(void) { CHECK(realpath("/proc/self/../1/..", resolved) != NULL); }
static const row_t libc_realpath_row = {"realpath", libc_realpath};

static bool try_all(const char* mode) {
  size_t most = 0, ends_most = 0;
  bool good = true;
  in_thread(measured, &libc_realpath_row, WIDE);
  size_t libcs = deepest[0];
  for (const row_t* const* row = __start_rows; row < __stop_rows; row++) {
    in_thread(measured, *row, WIDE);
    size_t depth = deepest[deepest[0] < deepest[1]];
    // What the C library's function needs is not ours.
    size_t limit = LIMIT + (strstr((*row)->name, "realpath") != NULL ? libcs : 0);
    if (depth > limit) fprintf(stderr, "%s: %s uses %zu bytes of stack\n", mode, (*row)->name, depth);
    good &= depth <= limit;
    if (limit == LIMIT && depth > most) most = depth;
    in_thread(ends, *row, WIDE);
    if (end_depth() > ends_most) ends_most = end_depth();
    if (end_depth() > LIMIT) fprintf(stderr, "%s: the end of a thread after %s uses %zu\n", mode, (*row)->name, end_depth());
    good &= end_depth() <= LIMIT;
  }
  fprintf(stderr, "%s: at most %zu bytes of stack, %zu at a thread's end\n", mode, most, ends_most);
  // And without room for more.
  for (const row_t* const* row = __start_rows; good && row < __stop_rows; row++) in_thread(only_run, *row, SMALLEST);
  return good;
}

int main(void) {
  memset(text, 'x', 300);
  wmemset(wide, L'x', 299);
  CHECK((sink = fopen("/dev/null", "w")) != NULL && fputs("now it has a buffer", sink) >= 0);
  managed = mmap(NULL, (size_t)100 << 26, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  stack = mmap(NULL, WIDE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(managed != MAP_FAILED && stack != MAP_FAILED);
  CHECK(mi_reserve_os_memory_ex(256 << 20, false, false, true, &arena) == 0);
  common = mi_heap_new();
  stats.size = sizeof stats;
  stats.version = MI_STAT_VERSION;
  int missing[2] = {0, 0};
  dl_iterate_phdr(see_library, missing);
  CHECK(missing[0] == 0 && missing[1] > 200);
  bool good = try_all("as it is");
  mi_option_set(mi_option_purge_delay, 0);
  good &= try_all("purging at once");
  mi_register_output(output, NULL);
  mi_register_error(on_error, NULL);
  mi_option_set(mi_option_show_errors, 1);
  mi_option_set(mi_option_verbose, 3);
  good &= try_all("telling all");
  mi_option_set(mi_option_guarded_sample_rate, 1);
  good &= try_all("guarding all");
  CHECK(good);
  return 0;
}
