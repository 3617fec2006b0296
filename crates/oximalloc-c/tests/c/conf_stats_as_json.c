// build: link
// tests: mi_stats_as_json
// JSON from a struct of figures that the program has; from one of another size or version, and from none, NULL.
#include "conf.h"

static mi_stats_t stats;
int main(void) {
  stats.size = sizeof stats;
  stats.version = MI_STAT_VERSION;
  CHECK(mi_stats_get(&stats));
  stats.reserved.current = 123456789012345;
  char* json = mi_stats_as_json(&stats, 0, NULL);
  CHECK(json != NULL && json[0] == '{' && strstr(json, "123456789012345") != NULL);
  mi_free(json);
  char buffer[200];
  memset(buffer, 'z', sizeof buffer);
  CHECK(mi_stats_as_json(&stats, 100, buffer) == buffer && strlen(buffer) < 100 && buffer[100] == 'z');
  stats.size--;
  CHECK(mi_stats_as_json(&stats, 0, NULL) == NULL);
  stats.size++;
  stats.version++;
  CHECK(mi_stats_as_json(&stats, 0, NULL) == NULL && mi_stats_as_json(NULL, 0, NULL) == NULL);
  return 0;
}
