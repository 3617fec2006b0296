/* The smallest dynamic program: what remains is the loader and the start and end of the allocator. */
#include <stdio.h>

int main(void) {
  puts("hello, world");
  return 0;
}
