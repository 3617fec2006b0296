/* Runs one program and writes down what it cost.
 *
 *   launch REPORT SECONDS LIBRARY PROGRAM [ARGUMENT...]
 *
 * The program is found in PATH, runs in a process group of its own with LIBRARY preloaded ("" for none), and is killed
 * with its group after SECONDS. One line goes into the file REPORT:
 *
 *   wall user system maxrss minflt majflt end
 *
 * in nanoseconds, KiB and page faults, of the program and the descendants that were waited for; end is `exit N`,
 * `signal N` or `late`.
 *
 * On a virtual machine the host takes free memory back after some seconds, and first use of it then costs many times what
 * it does else: the more, the larger the pages that are asked for, and the less, the more the program before has used.
 * So that all programs find the same, WARM bytes are used and freed just before, by a process of its own.
 *
 * A process begins with the peak memory of the one that started it. This one is therefore tiny and linked statically,
 * and vforks: what it adds to the peak is less than what any program has.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* More than what the workloads use, those of --scale aside. */
#define WARM ((size_t)320 << 20)

extern char** environ;

static char preload[4096] = "LD_PRELOAD=";
static char* environment[256];

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long nanoseconds(struct timeval time) { return time.tv_sec * 1000000000LL + time.tv_usec * 1000LL; }

static int fail(const char* what) {
  fprintf(stderr, "launch: %s: %s\n", what, strerror(errno));
  return 127;
}

/* Where it fails there is nothing to be warmed. */
static void warm_memory(void) {
  pid_t child = fork();
  if (child == 0) {
    char* memory = mmap(NULL, WARM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) _exit(0);
    madvise(memory, WARM, MADV_HUGEPAGE);
    for (size_t i = 0; i < WARM; i += 4096) ((volatile char*)memory)[i] = 1;
    _exit(0);
  }
  if (child > 0) waitpid(child, NULL, 0);
}

/* Waits for the child's end without reaping it, so that its group can still be killed. Says whether it came in time. */
static int wait_for_end(pid_t child, const sigset_t* set, long long deadline) {
  for (;;) {
    siginfo_t info = {0};
    if (waitid(P_PID, child, &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_pid == child) return 1;
    long long left = deadline - now();
    if (left <= 0) return 0;
    struct timespec time = {left / 1000000000, left % 1000000000};
    sigtimedwait(set, NULL, &time);
  }
}

int main(int argc, char** argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: launch REPORT SECONDS LIBRARY PROGRAM [ARGUMENT...]\n");
    return 127;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int report = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (report < 0) return fail(argv[1]);
  if (strlen(argv[3]) + strlen(preload) >= sizeof preload) return fail("the library's path is too long");
  strcat(preload, argv[3]);
  int count = 0;
  for (char** entry = environ; *entry && count < 254; entry++) {
    if (strncmp(*entry, "LD_PRELOAD=", 11) != 0) environment[count++] = *entry;
  }
  if (*argv[3]) environment[count++] = preload;

  warm_memory();
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigset_t before;
  sigprocmask(SIG_BLOCK, &set, &before);

  volatile int error = 0;
  long long start = now();
  pid_t child = vfork();
  if (child == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    execvpe(argv[4], argv + 4, environment);
    error = errno;
    _exit(127);
  }
  if (child < 0) return fail("vfork");
  int in_time = wait_for_end(child, &set, start + atoll(argv[2]) * 1000000000LL);
  long long wall = now() - start;
  kill(-child, SIGKILL);
  int status = 0;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) != child) return fail("wait4");
  if (error) {
    errno = error;
    return fail(argv[4]);
  }
  dprintf(report, "%lld %lld %lld %ld %ld %ld ", wall, nanoseconds(usage.ru_utime), nanoseconds(usage.ru_stime),
          usage.ru_maxrss, usage.ru_minflt, usage.ru_majflt);
  if (!in_time) dprintf(report, "late\n");
  else if (WIFSIGNALED(status)) dprintf(report, "signal %d\n", WTERMSIG(status));
  else dprintf(report, "exit %d\n", WEXITSTATUS(status));
  return 0;
}
