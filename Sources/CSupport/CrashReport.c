#define _GNU_SOURCE
#include "CrashReport.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

// Everything that the handler calls is async-signal-safe, except for backtrace(3), which allocates
// only on the first call: apus_crash_prepare makes that call.

#define STACK_BYTES (64u * 1024u)
#define FRAMES_MAX 100
// A report that does not finish must not keep the process alive.
#define REPORT_SECONDS 10

static const char *program = "";
static const char *const *command_names;
static size_t command_count;
static char log_path[PATH_MAX];
static pid_t reporter;

static _Thread_local const char *thread_name = "unknown";
static _Thread_local int thread_number = -1;
static _Thread_local const uint32_t *thread_row;
#ifndef SANITIZED
static _Thread_local bool thread_has_stack;
#endif

// --- output ---------------------------------------------------------------------------------
// Text that is collected and then written to the log and to standard error.
typedef struct {
  int files[2];
  int file_count;
  size_t count;
  char text[512];
} Report;

static bool is_same_file(int a, int b) {
  struct stat x, y;
  return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static void open_report(Report *r) {
  int file = program[0] ? STDOUT_FILENO : -1;
  if (log_path[0]) file = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  r->file_count = r->count = 0;
  if (file >= 0) r->files[r->file_count++] = file;
  if (file < 0 || !is_same_file(file, STDERR_FILENO)) r->files[r->file_count++] = STDERR_FILENO;
}

static void flush(Report *r) {
  for (int i = 0; i < r->file_count; i++) {
    size_t written = 0;
    while (written < r->count) {
      ssize_t n = write(r->files[i], r->text + written, r->count - written);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      written += (size_t)n;
    }
  }
  r->count = 0;
}

static void put(Report *r, const char *text) {
  for (; *text; text++) {
    if (r->count == sizeof r->text) flush(r);
    r->text[r->count++] = *text;
  }
}

static void put_number(Report *r, uint64_t number, unsigned base) {
  char digits[24];
  size_t i = sizeof digits - 1;
  digits[i] = 0;
  do digits[--i] = "0123456789abcdef"[number % base];
  while (number /= base);
  put(r, digits + i);
}

static void put_signed(Report *r, int64_t number) {
  if (number < 0) put(r, "-");
  put_number(r, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 10);
}

static void put_address(Report *r, const void *address) {
  put(r, "0x");
  put_number(r, (uintptr_t)address, 16);
  put(r, "\n");
}

// The start of a line, in Redis' format, which log readers understand.
static void put_head(Report *r) {
  put_number(r, (uint64_t)getpid(), 10);
  put(r, ":signal-handler (");
  put_number(r, (uint64_t)time(NULL), 10);
  put(r, ") ");
}

// --- the report -----------------------------------------------------------------------------
static const char *name_of(int signal) {
  switch (signal) {
  case SIGSEGV: return "SIGSEGV";
  case SIGBUS: return "SIGBUS";
  case SIGILL: return "SIGILL";
  case SIGFPE: return "SIGFPE";
  case SIGABRT: return "SIGABRT";
  default: return "?";
  }
}

static const void *instruction(const ucontext_t *context) {
#if defined(__x86_64__)
  return (const void *)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
  return (const void *)context->uc_mcontext.pc;
#else
  return NULL;
#endif
}

static void put_cause(Report *r, int signal, const siginfo_t *info, const ucontext_t *context) {
  put_head(r);
  put(r, program);
  put(r, " crashed by signal: ");
  put_signed(r, signal);
  put(r, " (");
  put(r, name_of(signal));
  put(r, "), si_code: ");
  put_signed(r, info->si_code);
  put(r, "\n");
  put_head(r);
  if (info->si_code <= 0) {
    put(r, "Killed by PID: ");
    put_signed(r, info->si_pid);
    put(r, ", UID: ");
    put_number(r, info->si_uid, 10);
    put(r, "\n");
  } else {
    put(r, "Accessing address: ");
    put_address(r, info->si_addr);
  }
  put_head(r);
  put(r, "Crashed running the instruction at: ");
  put_address(r, instruction(context));
}

static void put_place(Report *r) {
  put_head(r);
  put(r, "Thread: ");
  put(r, thread_name);
  if (thread_number >= 0) {
    put(r, " ");
    put_signed(r, thread_number);
  }
  put(r, "\n");
  put_head(r);
  uint32_t row = thread_row ? __atomic_load_n(thread_row, __ATOMIC_RELAXED) : 0;
  put(r, "Command: ");
  put(r, row > 0 && row <= command_count ? command_names[row - 1] : "none");
  put(r, "\n");
}

static void report(int signal, siginfo_t *info, void *context) {
  pid_t nobody = 0, self = (pid_t)syscall(SYS_gettid);
  if (!__atomic_compare_exchange_n(&reporter, &nobody, self, false, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE)) {
    // Another thread is reporting and will end the process; a report that itself crashes ends it
    // now.
    while (nobody != self) pause();
  } else {
    alarm(REPORT_SECONDS);
    Report r;
    open_report(&r);
    put(&r, "\n\n=== APUS BUG REPORT START: Cut & paste starting from here ===\n");
    put_cause(&r, signal, info, context);
    put_place(&r);
    put(&r, "\n------ STACK TRACE ------\nBacktrace:\n");
    flush(&r);
    void *frames[FRAMES_MAX];
    int count = backtrace(frames, FRAMES_MAX);
    for (int i = 0; i < r.file_count; i++) backtrace_symbols_fd(frames, count, r.files[i]);
    put(&r, "\n=== APUS BUG REPORT END. Make sure to include from START to END. ===\n");
    put(&r, "\n       'addr2line -f -e apus-server 0x…' names the function at an offset (+0x…).\n\n");
    flush(&r);
  }
  struct sigaction standard;
  memset(&standard, 0, sizeof standard);
  standard.sa_handler = SIG_DFL;
  sigaction(signal, &standard, NULL);
  // A fault recurs by itself; a signal that was sent must be sent again.
  if (info->si_code <= 0) raise(signal);
}

// --- preparing ------------------------------------------------------------------------------
void apus_crash_prepare(const char *name, const char *const *names, size_t name_count) {
  program = name;
  command_names = names;
  command_count = name_count;
  void *frames[2];
  backtrace(frames, 2);
}

void apus_crash_log_to(const char *path) {
  size_t count = strlen(path);
  if (count >= sizeof log_path) count = 0;
  memcpy(log_path, path, count);
  log_path[count] = 0;
}

void apus_crash_catch(bool on) {
#ifndef SANITIZED
  static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  if (on) {
    action.sa_sigaction = report;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  } else {
    action.sa_handler = SIG_DFL;
  }
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) sigaction(signals[i], &action, NULL);
#else
  (void)on;
  (void)report;
#endif
}

void apus_crash_enter(const char *name, int number, const uint32_t *row) {
  thread_name = name;
  thread_number = number;
  thread_row = row;
#ifndef SANITIZED
  if (thread_has_stack) return;
  void *memory = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t stack = {.ss_sp = memory, .ss_size = STACK_BYTES};
  thread_has_stack = sigaltstack(&stack, NULL) == 0;
#endif
}

void apus_crash_say(const char *text, size_t number, const char *rest) {
  Report r;
  open_report(&r);
  put_head(&r);
  put(&r, text);
  put_number(&r, number, 10);
  put(&r, rest);
  put(&r, "\n");
  flush(&r);
}

void apus_crash_now(void) {
  char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page != MAP_FAILED) *(volatile char *)page = 1;
  raise(SIGSEGV);
}
