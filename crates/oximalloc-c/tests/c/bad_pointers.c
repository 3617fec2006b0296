// build: preload
// env: MIMALLOC_SHOW_ERRORS=1
// env: MIMALLOC_MAX_ERRORS=-1
// env: MIMALLOC_ABORT_ON_ERROR=0
// stderr: mimalloc: error: 
// free, realloc and malloc_usable_size of pointers that are no blocks of ours: reported, errno right, nothing
// changed.
#include "bad_input.h"

// An address that nothing is mapped at.
#define FAR (sizeof(void*) > 4 ? 0x7123456789a0ull : 0xfffe0010ull)
static char in_data[200] = "data";
static char in_bss[200];

static void refuses(void* p) {
  char copy[16];
  bool readable = p != (void*)64 && p != (void*)-4096 && p != (void*)(uintptr_t)FAR;
  if (readable) memcpy(copy, p, sizeof copy);
  int before = heard;
  errno = 31;
  free(p);
  CHECK(errno == 31);
  reported(before, EINVAL, "free", p);

  before = heard;
  CHECK(malloc_usable_size(p) == 0);
  reported(before, EINVAL, "usable_size", p);

  before = heard;
  errno = 0;
  CHECK(realloc(p, opaque_size(100)) == NULL);
  CHECK(errno == EINVAL);
  reported(before, EINVAL, "realloc", p);
  if (readable) CHECK(memcmp(copy, p, sizeof copy) == 0);
  still_works();
}

int main(void) {
  listen();
  char on_stack[200] = "stack";
  refuses(opaque(on_stack));
  refuses(opaque(on_stack + 16));
  refuses(opaque(in_data));
  refuses(opaque(in_bss));
  refuses(opaque((void*)main));
  char* mapped = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(mapped != MAP_FAILED);
  refuses(mapped);
  refuses(mapped + 65536);
#ifdef __GLIBC__
  // Other C libraries may refuse it.
  char* broken = sbrk(4096);
  CHECK(broken != (char*)-1);
  refuses(broken);
#endif
  refuses(opaque((void*)64));
  refuses(opaque((void*)-4096));
  refuses(opaque((void*)(uintptr_t)FAR));

  // Misaligned inside a block, small to huge; the block itself stays good.
  size_t sizes[] = {16, 48, 64, 100, 512, 1000, 4000, 20000, 100000, 1 << 20, 40 << 20};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    char* p = malloc(sizes[i]);
    memset(p, 3, sizes[i]);
    refuses(p + 1);
    refuses(p + 7);
    refuses(p + 8);
    CHECK(all_bytes(p, sizes[i], 3) && malloc_usable_size(p) >= sizes[i]);
    free(p);
  }
  // The end of what a large block holds is no block either.
  char* p = malloc(3 << 20);
  refuses(p + (1 << 20));
  free(p);
  return 0;
}
