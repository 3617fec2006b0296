// build: link
// The mi_ functions of the header, by family.
#include <mimalloc.h>
#include "check.h"

static int outputs;
static char text[65536];
static void out(const char* message, void* arg) {
  CHECK(arg == (void*)&outputs);
  outputs++;
  strncat(text, message, sizeof text - strlen(text) - 1);
}

static void blocks(void) {
  unsigned char* p = mi_malloc(100);
  CHECK(p != NULL && mi_usable_size(p) >= 100 && mi_check_owned(p) && mi_is_in_heap_region(p));
  p = mi_realloc(p, 1000);
  p = mi_reallocn(p, 100, 100);
  CHECK(p != NULL && mi_reallocn(p, opaque_size(SIZE_MAX / 2), 3) == NULL);
  CHECK(mi_expand(p, 5000) == p && mi_expand(p, mi_usable_size(p)) == p);
  CHECK(mi_expand(NULL, 10) == NULL && mi_expand(p, opaque_size(SIZE_MAX)) == NULL);
  mi_free_size(p, 10000);
  mi_free_small(mi_malloc_small(MI_SMALL_SIZE_MAX));
  p = mi_zalloc_small(MI_SMALL_SIZE_MAX);
  CHECK(all_bytes(p, MI_SMALL_SIZE_MAX, 0));
  mi_cfree(p);
  char foreign[100];
  mi_cfree(opaque(foreign));
  p = mi_zalloc(100000);
  CHECK(all_bytes(p, 100000, 0));
  mi_free(p);
  errno = 0;
  CHECK(mi_calloc(opaque_size(SIZE_MAX), 2) == NULL && errno == ENOMEM);
  errno = 0;
  CHECK(mi_mallocn(opaque_size(SIZE_MAX / 4), 8) == NULL && errno == ENOMEM);
  errno = 0;
  CHECK(mi_malloc(opaque_size(SIZE_MAX)) == NULL && errno == ENOMEM);
  free(mi_mallocn(10, 10));
  free(mi_calloc(10, 10));
  int* numbers = mi_calloc_tp(int, 10);
  numbers = mi_recalloc_tp(int, numbers, 1000);
  CHECK(all_bytes(numbers, 4000, 0));
  numbers = mi_reallocf(numbers, 10);
  CHECK(numbers != NULL && mi_reallocf(numbers, opaque_size(SIZE_MAX)) == NULL);
}

// A zeroed block stays zero through any growing and shrinking, written or not.
static void zeroed(void) {
  for (size_t size = 8; size < 300000; size += size / 2 + 3) {
    unsigned char* p = mi_zalloc(size);
    for (int step = 0; step < 6; step++) {
      size_t more = size * (size_t)(step + 1) + 5;
      p = mi_rezalloc(p, more);
      CHECK(p != NULL && all_bytes(p, more, 0));
    }
    mi_free(p);
    p = mi_zalloc_aligned(6 * 1024, 1024);
    memset(p, 0xff, 6 * 1024);
    p = mi_rezalloc_aligned(p, 3 * 1024, 1024);
    memset(p, 0xff, 3 * 1024);
    p = mi_rezalloc_aligned(p, 6 * 1024 + size, 1024);
    CHECK(is_aligned(p, 1024) && all_bytes(p, 3 * 1024, 0xff));
    CHECK(all_bytes(p + 6 * 1024, size, 0));
    mi_free(p);
  }
}

static void alignment(void) {
  for (size_t a = 8; a <= (size_t)1 << 22; a *= 2)
    for (size_t size = 1; size < 300000; size = size * 3 + 7) {
      size_t offset = size / 2 / 8 * 8;
      char* p = mi_malloc_aligned(size, a);
      CHECK(p != NULL && is_aligned(p, a) && mi_usable_size(p) >= size);
      p[size - 1] = 7;
      p = mi_realloc_aligned(p, size * 2, a);
      CHECK(p != NULL && is_aligned(p, a) && p[size - 1] == 7);
      mi_free_size_aligned(p, size * 2, a);
      p = mi_malloc_aligned_at(size, a, offset);
      CHECK(p != NULL && is_aligned(p + offset, a) && mi_usable_size(p) >= size);
      memset(p, 5, size);
      p = mi_realloc_aligned_at(p, size + 100, a, offset);
      CHECK(p != NULL && is_aligned(p + offset, a) && all_bytes(p, size, 5));
      mi_free_aligned(p, a);
      p = mi_zalloc_aligned_at(size, a, offset);
      CHECK(p != NULL && is_aligned(p + offset, a) && all_bytes(p, size, 0));
      p = mi_rezalloc_aligned_at(p, size * 3, a, offset);
      CHECK(p != NULL && is_aligned(p + offset, a) && all_bytes(p, size * 3, 0));
      mi_free(p);
      p = mi_calloc_aligned(3, size, a);
      CHECK(p != NULL && is_aligned(p, a) && all_bytes(p, 3 * size, 0));
      p = mi_recalloc_aligned(p, 5, size, a);
      CHECK(p != NULL && is_aligned(p, a) && all_bytes(p, 5 * size, 0));
      p = mi_aligned_recalloc(p, 6, size, a);
      CHECK(p != NULL && is_aligned(p, a) && all_bytes(p, 6 * size, 0));
      mi_free(p);
      p = mi_calloc_aligned_at(3, size, a, offset);
      CHECK(p != NULL && is_aligned(p + offset, a) && all_bytes(p, 3 * size, 0));
      p = mi_recalloc_aligned_at(p, 4, size, a, offset);
      p = mi_aligned_offset_recalloc(p, 5, size, a, offset);
      CHECK(p != NULL && is_aligned(p + offset, a) && all_bytes(p, 5 * size, 0));
      mi_free(p);
    }
  // A plain block that is given an alignment later.
  char* p = mi_malloc(100);
  p = mi_realloc_aligned(p, 200, 4096);
  CHECK(is_aligned(p, 4096));
  mi_free(p);
  errno = 0;
  CHECK(mi_malloc_aligned(10, 3) == NULL && errno == EINVAL);
  errno = 0;
  CHECK(mi_calloc_aligned(opaque_size(SIZE_MAX), 2, 16) == NULL && errno == ENOMEM);
  CHECK(mi_malloc_aligned(opaque_size(PTRDIFF_MAX), 64) == NULL);
  free(mi_memalign(64, 10));
  free(mi_aligned_alloc(64, 64));
  free(mi_valloc(10));
  free(mi_pvalloc(10));
  void* q = NULL;
  CHECK(mi_posix_memalign(&q, 64, 10) == 0 && is_aligned(q, 64));
  CHECK(mi_posix_memalign(&q, 3, 10) == EINVAL && mi_posix_memalign(NULL, 64, 10) == EINVAL);
  q = mi_reallocarray(q, 10, 10);
  CHECK(q != NULL && mi_reallocarr(&q, 100, 10) == 0 && mi_reallocarr(NULL, 1, 1) == EINVAL);
  mi_free(q);
}

static void with_sizes(void) {
  size_t size = 1, before = 1;
  void* p = mi_umalloc(100, &size);
  CHECK(p != NULL && size >= 100 && size == mi_usable_size(p));
  p = mi_urealloc(p, 1000, &before, &size);
  CHECK(before >= 100 && size >= 1000 && size == mi_usable_size(p));
  mi_ufree(p, &before);
  CHECK(before == size);
  mi_ufree(mi_umalloc_small(10, NULL), NULL);
  mi_ufree(mi_uzalloc_small(10, &size), &before);
  mi_ufree(mi_ucalloc(10, 10, &size), &before);
  CHECK(size >= 100 && size == before);
  mi_ufree(mi_umalloc_aligned(10, 256, &size), &before);
  mi_ufree(mi_uzalloc_aligned(10, 256, &size), &before);
  CHECK(size >= 10 && size == before);
  CHECK(mi_umalloc(opaque_size(SIZE_MAX), &size) == NULL && size == 0);
  CHECK(mi_good_size(100) >= 100 && mi_malloc_good_size(100) == mi_good_size(100));
  CHECK(mi_usable_size(NULL) == 0 && mi_malloc_size(NULL) == 0 && mi_malloc_usable_size(NULL) == 0);
}

static void strings(void) {
  char* s = mi_strdup("hello");
  CHECK(strcmp(s, "hello") == 0 && mi_check_owned(s));
  mi_free(s);
  s = mi_strndup("hello", 2);
  CHECK(strcmp(s, "he") == 0);
  mi_free(s);
  CHECK(mi_strdup(NULL) == NULL && mi_strndup(NULL, 3) == NULL && mi_wcsdup(NULL) == NULL);
  wchar_t* w = mi_wcsdup(L"wide");
  CHECK(wcscmp(w, L"wide") == 0);
  mi_free(w);
  unsigned char* b = mi_mbsdup((const unsigned char*)"bytes");
  CHECK(strcmp((char*)b, "bytes") == 0);
  mi_free(b);
  s = mi_realpath("/proc/../tmp", NULL);
  CHECK(strcmp(s, "/tmp") == 0 && mi_check_owned(s));
  mi_free(s);
  errno = 0;
  CHECK(mi_realpath("/no/such/file", NULL) == NULL && errno == ENOENT);
  size_t size = 0;
  setenv("MI_TEST", "value", 1);
  CHECK(mi_dupenv_s(&s, &size, "MI_TEST") == 0 && strcmp(s, "value") == 0 && size == 6);
  mi_free(s);
  CHECK(mi_dupenv_s(&s, &size, "MI_TEST_NOT") == 0 && s == NULL && size == 0);
  CHECK(mi_dupenv_s(NULL, &size, "MI_TEST") == EINVAL);
}

static void figures(void) {
  mi_stats_print_out(out, &outputs);
  CHECK(outputs > 0 && strlen(text) > 100);
  text[0] = 0;
  mi_options_print_out(out, &outputs);
  CHECK(strstr(text, "purge_delay") != NULL && strstr(text, "arena_reserve") != NULL);
  text[0] = 0;
  mi_process_info_print_out(out, &outputs);
  mi_thread_stats_print_out(out, &outputs);
  CHECK(strlen(text) > 10);
  size_t elapsed = 0, user = 0, system = 0, rss = 0, peak = 0, commit = 0, peak_commit = 0, faults = 0;
  mi_process_info(&elapsed, &user, &system, &rss, &peak, &commit, &peak_commit, &faults);
  mi_process_info(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
  CHECK(rss > 100000 && peak >= rss / 2 && commit > 0 && peak_commit >= commit);
  mi_stats_merge();
  mi_stats_reset();
  CHECK(mi_version() == MI_MALLOC_VERSION && !mi_is_redirected());

  CHECK(mi_option_get(mi_option_purge_delay) == 1000);
  mi_option_set(mi_option_purge_delay, 20);
  CHECK(mi_option_get(mi_option_purge_delay) == 20 && mi_option_get(mi_option_reset_delay) == 20);
  CHECK(mi_option_get_clamp(mi_option_purge_delay, 30, 40) == 30);
  mi_option_set_default(mi_option_purge_delay, 30);
  CHECK(mi_option_get(mi_option_purge_delay) == 20);
  mi_option_set_enabled(mi_option_purge_decommits, false);
  CHECK(!mi_option_is_enabled(mi_option_purge_decommits));
  mi_option_enable(mi_option_purge_decommits);
  CHECK(mi_option_is_enabled(mi_option_purge_decommits));
  mi_option_disable(mi_option_show_errors);
  mi_option_set_enabled_default(mi_option_destroy_on_exit, false);
  CHECK(mi_option_get_size(mi_option_arena_reserve) == (size_t)mi_option_get(mi_option_arena_reserve) * 1024);
  CHECK(mi_option_get((mi_option_t)999) == 0 && !mi_option_is_enabled((mi_option_t)-1));
  mi_option_set((mi_option_t)999, 5);
}

static unsigned long long last_beat;
static int beats, forced;
static void deferred(bool force, unsigned long long beat, void* arg) {
  CHECK(arg == (void*)&beats && beat > last_beat);
  last_beat = beat;
  beats++;
  forced += force;
  mi_free(mi_malloc(100));
}
static void life(void) {
  mi_register_deferred_free(deferred, &beats);
  void* p[2000];
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 2000; i++) p[i] = mi_malloc((size_t)i);
    for (int i = 0; i < 2000; i++) mi_free(p[i]);
  }
  mi_collect(true);
  CHECK(beats > 0 && forced > 0);
  mi_register_deferred_free(NULL, NULL);
  mi_thread_init();
  mi_thread_set_in_threadpool();
  mi_process_init();
  mi_thread_done();
  mi_free(mi_malloc(10));
  mi_collect(false);
}

int main(void) {
  {
    // The most that was committed stays when memory goes back.
    size_t before = 0, now = 0, peak = 0;
    void* large = mi_malloc(64 << 20);
    mi_process_info(NULL, NULL, NULL, NULL, NULL, &before, NULL, NULL);
    mi_free(large);
    mi_collect(true);
    mi_process_info(NULL, NULL, NULL, NULL, NULL, &now, &peak, NULL);
    CHECK(peak >= before && now + (32 << 20) < peak);
  }
  blocks();
  zeroed();
  alignment();
  with_sizes();
  strings();
  figures();
  life();
  return 0;
}
