/* Frees and allocates PAIRS blocks of SIZE bytes in a ring of RING blocks (a power of two). */
#include <stdio.h>
#include <stdlib.h>

#define MAX_RING 4096

static void* ring[MAX_RING];

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: pair SIZE RING PAIRS\n");
    return 2;
  }
  size_t size = strtoul(argv[1], NULL, 10);
  size_t blocks = strtoul(argv[2], NULL, 10);
  size_t pairs = strtoul(argv[3], NULL, 10);
  if (blocks == 0 || blocks > MAX_RING || (blocks & (blocks - 1)) != 0) {
    fprintf(stderr, "pair: the ring's length must be a power of two up to %d\n", MAX_RING);
    return 2;
  }
  for (size_t i = 0; i < blocks; i++) ring[i] = malloc(size);
  for (size_t i = 0; i < pairs; i++) {
    void** slot = &ring[i & (blocks - 1)];
    free(*slot);
    *slot = malloc(size);
  }
  for (size_t i = 0; i < blocks; i++) free(ring[i]);
  return 0;
}
