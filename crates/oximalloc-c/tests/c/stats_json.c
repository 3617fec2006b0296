// build: link
// The JSON of statistics is read by a strict parser, and has each field of the struct; a small buffer gets its beginning.
#include "stats.h"

static const char reader[] =
    "import json, sys\n"
    "def no(x): raise ValueError(x)\n"
    "def once(pairs):\n"
    "    names = [name for name, _ in pairs]\n"
    "    assert len(set(names)) == len(names), names\n"
    "    return dict(pairs)\n"
    "text, lines = sys.stdin.buffer.read().decode('ascii').split('\\1')\n"
    "all = json.loads(text, parse_constant=no, parse_float=no, object_pairs_hook=once)\n"
    "head = {'stat_version', 'mimalloc_version', 'process'}\n"
    "kinds = {'elapsed_msecs', 'user_msecs', 'system_msecs', 'page_faults', 'rss_current', 'rss_peak',\n"
    "         'commit_current', 'commit_peak'}\n"
    "assert set(all['process']) == kinds and all['stat_version'] == all['version'] == 5\n"
    "words = lambda x: [x] if isinstance(x, int) else \\\n"
    "    [x['total'], x['peak'], x['current']] if isinstance(x, dict) else [w for y in x for w in words(y)]\n"
    "fields = 0\n"
    "for line in lines.split('\\n')[:-1]:\n"
    "    name, *expected = line.split()\n"
    "    assert words(all[name]) == [int(word) for word in expected], (name, all[name], expected)\n"
    "    head.add(name)\n"
    "    fields += len(expected)\n"
    "assert head == set(all), head ^ set(all)\n"
    "assert fields * 8 == all['size'], fields\n"
    "for i, row in enumerate(all['malloc_bins']): assert row['block_size'] == all['page_bins'][i]['block_size'] > 0\n";

#define FIELD(name) field(to, #name, &stats->name, sizeof stats->name)
static void field(FILE* to, const char* name, const void* at, size_t size) {
  fprintf(to, "%s", name);
  for (size_t i = 0; i < size / 8; i++) fprintf(to, " %lld", (long long)((const int64_t*)at)[i]);
  fprintf(to, "\n");
}

// The text has what the struct has, and nothing else.
static void compare(const char* text, const mi_stats_t* stats) {
  CHECK(setenv("STATS_READER", reader, 1) == 0);
  FILE* to = popen("python3 -c \"$STATS_READER\"", "w");
  CHECK(to != NULL);
  fprintf(to, "%s\1", text);
  FIELD(size); FIELD(version);
  FIELD(pages); FIELD(reserved); FIELD(committed); FIELD(reset); FIELD(purged); FIELD(page_committed);
  FIELD(pages_abandoned); FIELD(threads); FIELD(malloc_normal); FIELD(malloc_huge); FIELD(malloc_requested);
  FIELD(mmap_calls); FIELD(commit_calls); FIELD(reset_calls); FIELD(purge_calls); FIELD(arena_count);
  FIELD(malloc_normal_count); FIELD(malloc_huge_count); FIELD(malloc_guarded_count); FIELD(arena_rollback_count);
  FIELD(arena_purges); FIELD(pages_extended); FIELD(pages_retire); FIELD(page_searches); FIELD(page_searches_count);
  FIELD(segments); FIELD(segments_abandoned); FIELD(segments_cache); FIELD(_segments_reserved);
  FIELD(heaps); FIELD(theaps); FIELD(pages_reclaim_on_alloc); FIELD(pages_reclaim_on_free);
  FIELD(pages_reabandon_full); FIELD(pages_unabandon_busy_wait); FIELD(heaps_delete_wait);
  FIELD(_stat_reserved); FIELD(_stat_counter_reserved);
  FIELD(malloc_bins); FIELD(page_bins); FIELD(chunk_bins);
  CHECK(pclose(to) == 0);
}

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  for (int i = 0; i < 1000; i++) CHECK(mi_heap_malloc(heap, (size_t)i * 200) != NULL);

  // A struct as it is, whatever is in it.
  mi_stats_t stats = stats_of(heap);
  char* text = mi_stats_as_json(&stats, 0, NULL);
  CHECK(text != NULL);
  compare(text, &stats);
  mi_free(text);
  int64_t* words = (int64_t*)&stats;
  for (size_t i = 2; i < sizeof stats / 8; i++) words[i] = (int64_t)i * (i % 2 ? 1 : -1) + (i == 100 ? INT64_MIN + 200 : 0);
  words[2] = INT64_MAX;
  text = mi_stats_as_json(&stats, 0, NULL);
  CHECK(text != NULL);
  compare(text, &stats);

  // In a buffer: whole, or not at all.
  size_t need = strlen(text) + 1;
  static char buffer[65536];
  CHECK(need < sizeof buffer);
  memset(buffer, 'x', sizeof buffer);
  CHECK(mi_stats_as_json(&stats, sizeof buffer, buffer) == buffer);
  compare(buffer, &stats);
  need = strlen(buffer) + 1;
  for (size_t size = 1; size < need - 64; size = size * 3 + 1) {
    memset(buffer, 'x', sizeof buffer);
    errno = 0;
    // As much as fits, and nothing behind it.
    CHECK(mi_stats_as_json(&stats, size, buffer) == buffer && errno == 0);
    CHECK(strlen(buffer) == size - 1 && all_bytes(buffer + size, sizeof buffer - size, 'x'));
  }
  mi_free(text);
  text = mi_stats_as_json(&stats, 0, buffer);
  CHECK(text != NULL && text != buffer);
  mi_free(text);

  // Of what is counted: nothing else is at work, so that the heap's figures stay.
  mi_stats_t now = stats_of(heap);
  text = mi_heap_stats_get_json(heap, 0, NULL);
  compare(text, &now);
  mi_free(text);
  CHECK(mi_stats_get_json(sizeof buffer, buffer) == buffer);
  now = stats_of(NULL);
  compare(buffer, &now);
  CHECK(mi_subproc_stats_get_json(mi_subproc_current(), sizeof buffer, buffer) == buffer);
  compare(buffer, &now);
  CHECK(mi_stats_get_json(100, buffer) == buffer && strlen(buffer) == 99);
  mi_heap_destroy(heap);
  return 0;
}
