// build: link
// tests: mi_stats_get_json
// The figures as JSON: in a block to be freed when no buffer is given, else in the buffer, cut off where it ends but
// always with an end of its own.
#include "conf.h"

// Braces and brackets outside strings are balanced, and nothing follows the last.
static void is_json(const char* text) {
  int depth = 0;
  bool string = false;
  CHECK(text != NULL && text[0] == '{');
  for (const char* at = text; *at != 0; at++) {
    if (*at == '"') string = !string;
    if (string) continue;
    if (*at == '{' || *at == '[') depth++;
    if (*at == '}' || *at == ']') depth--;
    CHECK(depth >= 0 && (depth > 0 || at == strrchr(text, '}') || *at == '\n' || *at == ' '));
  }
  CHECK(depth == 0 && !string);
}
int main(void) {
  char* json = mi_stats_get_json(0, NULL);
  is_json(json);
  CHECK(strstr(json, "\"committed\"") != NULL && strstr(json, "\"reserved\"") != NULL);
  CHECK(strstr(json, "\"pages\"") != NULL);
  CHECK(strstr(json, "\"mimalloc_version\"") != NULL && strstr(json, "\"process\"") != NULL);
  CHECK(mi_any_heap_contains(json));
  mi_free(json);
  // The size means nothing without a buffer.
  json = mi_stats_get_json(10, NULL);
  is_json(json);
  size_t length = strlen(json);
  mi_free(json);
  char* buffer = mi_malloc(2 * length);
  CHECK(mi_stats_get_json(2 * length, buffer) == buffer);
  is_json(buffer);
  memset(buffer, 'z', 200);
  CHECK(mi_stats_get_json(100, buffer) == buffer);
  CHECK(strlen(buffer) < 100 && buffer[0] == '{' && all_bytes(buffer + 100, 100, 'z'));
  mi_free(buffer);
  return 0;
}
