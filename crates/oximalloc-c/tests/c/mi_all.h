// GENERATED, for as long as include/mimalloc.h does not declare the whole interface: what is missing there.
#ifndef MI_ALL_H
#define MI_ALL_H
#ifdef __cplusplus
extern "C" {
#endif
typedef struct mi_heap_s mi_heap_t;
typedef struct mi_theap_s mi_theap_t;
typedef void* mi_arena_id_t;
typedef struct { void* id; } mi_subproc_id_t;
typedef struct mi_heap_area_s {
  void* blocks;
  size_t reserved, committed, used, block_size, full_block_size;
  void* reserved1;
} mi_heap_area_t;
typedef bool(mi_block_visit_fun)(const mi_heap_t*, const mi_heap_area_t*, void* block, size_t block_size, void* arg);
typedef bool(mi_heap_visit_fun)(mi_heap_t* heap, void* arg);
typedef bool(mi_commit_fun_t)(bool commit, void* start, size_t size, bool* is_zero, void* user_arg);
#define MI_STAT_VERSION 5
typedef struct { int64_t total, peak, current; } mi_stat_count_t;
typedef struct { int64_t total; } mi_stat_counter_t;
typedef struct mi_stats_s {
  size_t size, version;
  mi_stat_count_t pages, reserved, committed;
  mi_stat_counter_t reset, purged;
  mi_stat_count_t page_committed, pages_abandoned, threads, malloc_normal, malloc_huge, malloc_requested;
  mi_stat_counter_t mmap_calls, commit_calls, reset_calls, purge_calls, arena_count, malloc_normal_count,
      malloc_huge_count, malloc_guarded_count, arena_rollback_count, arena_purges, pages_extended, pages_retire,
      page_searches, page_searches_count;
  mi_stat_count_t segments, segments_abandoned, segments_cache, _segments_reserved;
  mi_stat_count_t heaps, theaps;
  mi_stat_counter_t pages_reclaim_on_alloc, pages_reclaim_on_free, pages_reabandon_full, pages_unabandon_busy_wait,
      heaps_delete_wait;
  mi_stat_count_t _stat_reserved[4];
  mi_stat_counter_t _stat_counter_reserved[4];
  mi_stat_count_t malloc_bins[74], page_bins[74], chunk_bins[6];
} mi_stats_t;
bool mi_any_heap_contains(const void* p);
void* mi_arena_area(mi_arena_id_t arena_id, size_t* size);
bool mi_arena_contains(mi_arena_id_t arena_id, const void* p);
size_t mi_arena_min_alignment(void);
size_t mi_arena_min_size(void);
void mi_arenas_print(void);
void mi_collect_reduce(size_t target_thread_owned);
void mi_debug_show_arenas(void);
void* mi_heap_alloc_new(mi_heap_t* heap, size_t size);
void* mi_heap_alloc_new_n(mi_heap_t* heap, size_t count, size_t size);
void* mi_heap_calloc(mi_heap_t* heap, size_t count, size_t size);
void* mi_heap_calloc_aligned(mi_heap_t* heap, size_t count, size_t size, size_t alignment);
void* mi_heap_calloc_aligned_at(mi_heap_t* heap, size_t count, size_t size, size_t alignment, size_t offset);
void mi_heap_collect(mi_heap_t* heap, bool force);
bool mi_heap_contains(const mi_heap_t* heap, const void* p);
void mi_heap_delete(mi_heap_t* heap);
void mi_heap_destroy(mi_heap_t* heap);
mi_heap_t* mi_heap_main(void);
void* mi_heap_malloc(mi_heap_t* theap, size_t size);
void* mi_heap_malloc_aligned(mi_heap_t* heap, size_t size, size_t alignment);
void* mi_heap_malloc_aligned_at(mi_heap_t* heap, size_t size, size_t alignment, size_t offset);
void* mi_heap_malloc_small(mi_heap_t* heap, size_t size);
void* mi_heap_mallocn(mi_heap_t* heap, size_t count, size_t size);
mi_heap_t* mi_heap_new(void);
mi_heap_t* mi_heap_new_in_arena(mi_arena_id_t arena_id);
mi_heap_t* mi_heap_of(const void* p);
void* mi_heap_realloc(mi_heap_t* heap, void* p, size_t newsize);
void* mi_heap_realloc_aligned(mi_heap_t* heap, void* p, size_t newsize, size_t alignment);
void* mi_heap_realloc_aligned_at(mi_heap_t* heap, void* p, size_t newsize, size_t alignment, size_t offset);
void* mi_heap_reallocf(mi_heap_t* theap, void* p, size_t newsize);
void* mi_heap_reallocn(mi_heap_t* heap, void* p, size_t count, size_t size);
char* mi_heap_realpath(mi_heap_t* heap, const char* fname, char* resolved_name);
void* mi_heap_recalloc(mi_heap_t* heap, void* p, size_t newcount, size_t size);
void* mi_heap_recalloc_aligned(mi_heap_t* heap, void* p, size_t newcount, size_t size, size_t alignment);
void* mi_heap_recalloc_aligned_at(mi_heap_t* heap, void* p, size_t newcount, size_t size, size_t alignment, size_t offset);
void* mi_heap_rezalloc(mi_heap_t* heap, void* p, size_t newsize);
void* mi_heap_rezalloc_aligned(mi_heap_t* heap, void* p, size_t newsize, size_t alignment);
void* mi_heap_rezalloc_aligned_at(mi_heap_t* heap, void* p, size_t newsize, size_t alignment, size_t offset);
void mi_heap_set_numa_affinity(mi_heap_t* heap, int numa_node);
bool mi_heap_stats_get(mi_heap_t* heap, mi_stats_t* stats);
char* mi_heap_stats_get_json(mi_heap_t* heap, size_t buf_size, char* buf);
void mi_heap_stats_merge_to_subproc(mi_heap_t* heap);
void mi_heap_stats_print_out(mi_heap_t* heap, mi_output_fun* out, void* arg);
char* mi_heap_strdup(mi_heap_t* heap, const char* s);
char* mi_heap_strndup(mi_heap_t* heap, const char* s, size_t n);
mi_theap_t* mi_heap_theap(mi_heap_t* heap);
bool mi_heap_visit_abandoned_blocks(mi_heap_t* heap, bool visit_blocks, mi_block_visit_fun* visitor, void* arg);
bool mi_heap_visit_blocks(mi_heap_t* heap, bool visit_blocks, mi_block_visit_fun* visitor, void* arg);
void* mi_heap_zalloc(mi_heap_t* heap, size_t size);
void* mi_heap_zalloc_aligned(mi_heap_t* heap, size_t size, size_t alignment);
void* mi_heap_zalloc_aligned_at(mi_heap_t* heap, size_t size, size_t alignment, size_t offset);
void* mi_heap_zalloc_small(mi_heap_t* heap, size_t size);
bool mi_manage_memory(void* start, size_t size, bool is_committed, bool is_pinned, bool is_zero, int numa_node, bool exclusive, mi_commit_fun_t* commit_fun, void* commit_fun_arg, mi_arena_id_t* arena_id);
bool mi_manage_os_memory(void* start, size_t size, bool is_committed, bool is_pinned , bool is_zero, int numa_node);
bool mi_manage_os_memory_ex(void* start, size_t size, bool is_committed, bool is_pinned, bool is_zero, int numa_node, bool exclusive, mi_arena_id_t* arena_id);
int mi_reserve_huge_os_pages(size_t pages, double max_secs, size_t* pages_reserved);
int mi_reserve_huge_os_pages_at(size_t pages, int numa_node, size_t timeout_msecs);
int mi_reserve_huge_os_pages_at_ex(size_t pages, int numa_node, size_t timeout_msecs, bool exclusive, mi_arena_id_t* arena_id);
int mi_reserve_huge_os_pages_interleave(size_t pages, size_t numa_nodes, size_t timeout_msecs);
int mi_reserve_os_memory(size_t size, bool commit, bool allow_large);
int mi_reserve_os_memory_ex(size_t size, bool commit, bool allow_large, bool exclusive, mi_arena_id_t* arena_id);
char* mi_stats_as_json(mi_stats_t* stats, size_t buf_size, char* buf);
bool mi_stats_get(mi_stats_t* stats);
size_t mi_stats_get_bin_size(size_t bin);
char* mi_stats_get_json(size_t buf_size, char* buf);
void mi_subproc_add_current_thread(mi_subproc_id_t subproc);
mi_subproc_id_t mi_subproc_current(void);
void mi_subproc_destroy(mi_subproc_id_t subproc);
void mi_subproc_heap_stats_print_out(mi_subproc_id_t subproc_id, mi_output_fun* out, void* arg);
mi_subproc_id_t mi_subproc_main(void);
mi_subproc_id_t mi_subproc_new(void);
bool mi_subproc_stats_get(mi_subproc_id_t subproc_id, mi_stats_t* stats);
bool mi_subproc_stats_get_exclusive(mi_subproc_id_t subproc_id, mi_stats_t* stats);
char* mi_subproc_stats_get_json(mi_subproc_id_t subproc_id, size_t buf_size, char* buf);
void mi_subproc_stats_print_out(mi_subproc_id_t subproc_id, mi_output_fun* out, void* arg);
bool mi_subproc_visit_heaps(mi_subproc_id_t subproc, mi_heap_visit_fun* visitor, void* arg);
void* mi_theap_calloc(mi_theap_t* theap, size_t count, size_t size);
void mi_theap_collect(mi_theap_t* theap, bool force);
mi_theap_t* mi_theap_get_default(void);
void mi_theap_guarded_set_sample_rate(mi_theap_t* theap, size_t sample_rate, size_t seed);
void mi_theap_guarded_set_size_bound(mi_theap_t* theap, size_t min, size_t max);
void* mi_theap_malloc(mi_theap_t* theap, size_t size);
void* mi_theap_malloc_aligned(mi_theap_t* theap, size_t size, size_t alignment);
void* mi_theap_malloc_small(mi_theap_t* theap, size_t size);
void* mi_theap_realloc(mi_theap_t* theap, void* p, size_t newsize);
mi_theap_t* mi_theap_set_default(mi_theap_t* theap);
bool mi_theap_visit_blocks(const mi_theap_t* theap, bool visit_blocks, mi_block_visit_fun* visitor, void* arg);
void* mi_theap_zalloc(mi_theap_t* theap, size_t size);
void* mi_theap_zalloc_small(mi_theap_t* theap, size_t size);
bool mi_unsafe_heap_page_is_under_utilized(mi_heap_t* heap, void* p, size_t perc_threshold);
#ifdef __cplusplus
}
#endif
#define mi_heap_malloc_tp(tp, hp) ((tp*)mi_heap_malloc(hp, sizeof(tp)))
#define mi_heap_zalloc_tp(tp, hp) ((tp*)mi_heap_zalloc(hp, sizeof(tp)))
#define mi_heap_calloc_tp(tp, hp, n) ((tp*)mi_heap_calloc(hp, n, sizeof(tp)))
#define mi_heap_mallocn_tp(tp, hp, n) ((tp*)mi_heap_mallocn(hp, n, sizeof(tp)))
#define mi_heap_reallocn_tp(tp, hp, p, n) ((tp*)mi_heap_reallocn(hp, p, n, sizeof(tp)))
#define mi_heap_recalloc_tp(tp, hp, p, n) ((tp*)mi_heap_recalloc(hp, p, n, sizeof(tp)))
#endif
