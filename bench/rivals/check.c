/* Proves that a preloaded library is this process's malloc: `LD_PRELOAD=LIBRARY check LIBRARY`.
 *
 * Every function that programs use must come from the library; then four threads take, fill, check, grow and free
 * blocks, half of them another thread's. Prints the version that the library itself tells, if it has a function for
 * that. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, SLOTS = 512, ROUNDS = 100000 };

static void *slots[SLOTS];

static void fail(const char *what, const char *detail) {
    fprintf(stderr, "%s %s\n", what, detail);
    exit(1);
}

static void comes_from(const char *library, const char *function) {
    void *address = dlsym(RTLD_DEFAULT, function);
    Dl_info info;
    if (!address || !dladdr(address, &info)) fail(function, "is nowhere");
    char *real = realpath(info.dli_fname, NULL);
    if (!real || strcmp(real, library) != 0) fail(function, real ? real : "is elsewhere");
    free(real);
}

/* A block begins with its size and ends with the size's lowest byte. */
static void *filled(void *block, size_t size) {
    if (!block) fail("no", "memory");
    memset(block, (int)(size & 0xff), size);
    memcpy(block, &size, sizeof size);
    return block;
}

static size_t checked(void *block) {
    size_t size;
    memcpy(&size, block, sizeof size);
    if (size > 70000 || ((unsigned char *)block)[size - 1] != (size & 0xff)) fail("a block was", "overwritten");
    if (malloc_usable_size(block) < size) fail("malloc_usable_size is", "too small");
    return size;
}

static void *fresh(uint64_t random, size_t size) {
    void *block = NULL;
    size_t alignment = (size_t)16 << (random >> 40 & 7);
    switch (random >> 32 & 7) {
    case 0:
        block = calloc(1, size);
        for (size_t i = 0; block && i < size; i++)
            if (((unsigned char *)block)[i]) fail("calloc is", "not zero");
        return filled(block, size);
    case 1:
        if (posix_memalign(&block, alignment, size)) fail("posix_memalign", "failed");
        break;
    case 2:
        block = aligned_alloc(alignment, (size + alignment - 1) & ~(alignment - 1));
        break;
    case 3:
        block = memalign(alignment, size);
        break;
    default:
        alignment = 16;
        block = malloc(size);
    }
    if ((uintptr_t)block % alignment) fail("a block is", "not aligned");
    return filled(block, size);
}

static void *work(void *argument) {
    uint64_t random = 0x9E3779B97F4A7C15u * (uintptr_t)argument;
    for (int round = 0; round < ROUNDS; round++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        size_t size = 16 + (random >> 8) % (random % 50 ? 1000 : 60000);
        void *old = __atomic_exchange_n(&slots[random >> 52 & (SLOTS - 1)], NULL, __ATOMIC_ACQ_REL);
        if (old) {
            size_t had = checked(old);
            if (random >> 45 & 1 && size > had) old = realloc(old, size);
            size_t kept;
            memcpy(&kept, old, sizeof kept);
            if (kept != had) fail("realloc lost", "the content");
            free(old);
        }
        old = __atomic_exchange_n(&slots[random >> 52 & (SLOTS - 1)], fresh(random, size), __ATOMIC_ACQ_REL);
        free(old);
    }
    return NULL;
}

static void print_version(void) {
    int (*mi_version)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "mi_version");
    int (*mallctl)(const char *, void *, size_t *, void *, size_t) =
        (int (*)(const char *, void *, size_t *, void *, size_t))dlsym(RTLD_DEFAULT, "mallctl");
    const char *(*tc_version)(int *, int *, const char **) =
        (const char *(*)(int *, int *, const char **))dlsym(RTLD_DEFAULT, "tc_version");
    const char *text = NULL;
    size_t length = sizeof text;
    if (mi_version)
        printf("mi_version %d\n", mi_version());
    else if (mallctl && mallctl("version", &text, &length, NULL, 0) == 0)
        printf("%s\n", text);
    else if (tc_version)
        printf("%s\n", tc_version(NULL, NULL, NULL));
}

int main(int count, char **arguments) {
    static const char *const functions[] = {"malloc",        "calloc",   "realloc", "free", "posix_memalign",
                                            "aligned_alloc", "memalign", "malloc_usable_size"};
    char *library = count == 2 ? realpath(arguments[1], NULL) : NULL;
    if (!library) fail("usage:", "check LIBRARY");
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) comes_from(library, functions[i]);
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, (void *)(i + 1))) fail("no", "thread");
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < SLOTS; i++) free(slots[i]);
    free(library);
    print_version();
    return 0;
}
