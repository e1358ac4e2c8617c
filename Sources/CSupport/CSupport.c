#define _GNU_SOURCE
#include "CSupport.h"
#include "CrashReport.h"

#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <malloc.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(sizeof(long double) <= sizeof(apus_wide), "a long double fits");

// Copies exactly `count` bytes and a zero; false where they are none or too many, or begin with
// space.
static bool copy_word(const char *text, size_t count, char *copy, size_t capacity) {
  if (count == 0 || count >= capacity || (text[0] >= '\t' && text[0] <= '\r') || text[0] == ' ')
    return false;
  memcpy(copy, text, count);
  copy[count] = 0;
  return true;
}

static bool parse_long_double(const char *text, size_t count, long double *out) {
  char copy[5120];
  char *end;
  if (!copy_word(text, count, copy, sizeof copy)) return false;
  errno = 0;
  *out = strtold(copy, &end);
  if ((size_t)(end - copy) != count || isnan(*out)) return false;
  return !(errno == ERANGE && (isinf(*out) || fpclassify(*out) == FP_ZERO));
}

// "%.17Lf" without trailing zeros and without a minus before zero; -3 when it does not fit.
static int write_long_double(long double value, char *out, size_t out_capacity) {
  int count = snprintf(out, out_capacity, "%.17Lf", value);
  if (count < 0 || (size_t)count >= out_capacity) return -3;
  if (memchr(out, '.', (size_t)count)) {
    while (out[count - 1] == '0') count--;
    if (out[count - 1] == '.') count--;
  }
  if (count == 2 && out[0] == '-' && out[1] == '0') {
    out[0] = '0';
    count = 1;
  }
  return count;
}

int apus_long_double_sum(const char *a, size_t a_count, const char *b, size_t b_count, char *out,
                         size_t out_capacity) {
  long double left, right;
  if (!parse_long_double(a, a_count, &left)) return -1;
  if (!parse_long_double(b, b_count, &right)) return -2;
  long double sum = left + right;
  if (isnan(sum) || isinf(sum)) return -3;
  return write_long_double(sum, out, out_capacity);
}

static long double widen(apus_wide a) {
  long double value;
  memcpy(&value, &a, sizeof value);
  return value;
}

static apus_wide wide(long double value) {
  apus_wide result = {{0, 0}};
  memcpy(&result, &value, sizeof value);
  return result;
}

bool apus_wide_parse(const char *text, size_t count, apus_wide *out) {
  long double value;
  if (!parse_long_double(text, count, &value)) return false;
  *out = wide(value);
  return true;
}

apus_wide apus_wide_add(apus_wide a, apus_wide b) { return wide(widen(a) + widen(b)); }

apus_wide apus_wide_subtract(apus_wide a, apus_wide b) { return wide(widen(a) - widen(b)); }

bool apus_wide_less(apus_wide a, apus_wide b) { return widen(a) < widen(b); }

bool apus_wide_finite(apus_wide a) { return isfinite(widen(a)); }

apus_wide apus_wide_max(void) { return wide(LDBL_MAX); }

int apus_wide_write(apus_wide a, char *out, size_t out_capacity) {
  return write_long_double(widen(a), out, out_capacity);
}

bool apus_parse_double_in_any_range(const char *text, size_t count, double *out) {
  char copy[512];
  char *end;
  if (!copy_word(text, count, copy, sizeof copy)) return false;
  *out = strtod(copy, &end);
  return (size_t)(end - copy) == count && !isnan(*out);
}

bool apus_parse_double(const char *text, size_t count, double *out) {
  errno = 0;
  if (!apus_parse_double_in_any_range(text, count, out)) return false;
  return !(errno == ERANGE && (*out == HUGE_VAL || *out == -HUGE_VAL || fpclassify(*out) == FP_ZERO));
}

int apus_format_fixed(double value, int digits, char *out, size_t capacity) {
  return snprintf(out, capacity, "%.*f", digits, value);
}

int apus_format_double17(double value, char *out, size_t capacity) {
  return snprintf(out, capacity, "%.17g", value);
}

void apus_execute(const char *path, char *const *arguments) {
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, NULL);
  close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
  execv(path, arguments);
}
int apus_open(const char *path, int flags, unsigned mode) { return open(path, flags, mode); }

int apus_set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? flags : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int apus_epoll_wait(int set, struct epoll_event *events, int most, int64_t nanoseconds) {
  struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  return epoll_pwait2(set, events, most, &time, NULL);
}
// The numbers are the same on every processor; older headers do not have them.
int apus_ring_setup(unsigned entries, void *parameters) {
  return (int)syscall(425, entries, parameters);
}
int apus_ring_enter(int ring, unsigned submitted, unsigned wanted, unsigned flags,
                    const void *argument, size_t argument_size) {
  return (int)syscall(426, ring, submitted, wanted, flags, argument, argument_size);
}
int apus_ring_register(int ring, unsigned operation, void *argument, unsigned count) {
  return (int)syscall(427, ring, operation, argument, count);
}
int apus_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int apus_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int apus_accept(int listening) {
  return accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int apus_set_timer_slack(unsigned long nanoseconds) {
  return prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0);
}

void apus_give_back(void) { malloc_trim(0); }

_Noreturn void apus_out_of_memory(size_t byte_count) {
  apus_crash_say("Out of memory: the system refused ", byte_count, " bytes. Apus exits.");
  _exit(1);
}

// --- title ----------------------------------------------------------------------------------
// The kernel shows the memory that the command line was put into, which the environment follows:
// argv[0] … argv[n-1] envp[0] … envp[m-1], each with its zero.
static char *title_start, *title_end;

__attribute__((constructor)) static void keep_title_room(int argc, char **argv, char **envp) {
  if (argc < 1 || !argv[0]) return;
  title_start = argv[0];
  title_end = argv[0];
  for (int i = 0; i < argc; i++)
    if (argv[i] == title_end) title_end = argv[i] + strlen(argv[i]) + 1;
  for (int i = 0; envp[i]; i++)
    if (envp[i] == title_end) title_end = envp[i] + strlen(envp[i]) + 1;
}

void apus_set_title(const char *title) {
  static bool has_moved = false;
  if (!title_start || title_end - title_start < 2) return;
  if (!has_moved) {
    for (char **entry = environ; entry && *entry; entry++) {
      char *copy = strdup(*entry);
      if (!copy) return;
      *entry = copy;
    }
    has_moved = true;
  }
  size_t room = (size_t)(title_end - title_start), length = strlen(title);
  if (length > room - 1) length = room - 1;
  memcpy(title_start, title, length);
  memset(title_start + length, 0, room - length);
}
