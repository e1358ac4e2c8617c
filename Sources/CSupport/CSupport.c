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

// Copies exactly `count` bytes and a zero; false if there are none or too many, or if they start
// with a space.
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

// "%.17Lf" without trailing zeros and without a minus before zero; -3 if it does not fit.
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
// These numbers are the same on every processor; older headers do not define them.
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

void apus_tune_allocator(void) {
  mallopt(M_TRIM_THRESHOLD, 2 << 20);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  // Well below vm.max_map_count, as other mappings count as well.
  mallopt(M_MMAP_MAX, 16384);
}

bool apus_can_allocate(size_t byte_count) {
  void *block = malloc(byte_count);
  // Otherwise the compiler omits a block that nobody uses.
  __asm__ volatile("" : : "r"(block) : "memory");
  free(block);
  return block != NULL;
}

// --- CRC16 ----------------------------------------------------------------------------------
// The contribution of the byte in the upper half of the register.
static const uint16_t crc16_steps[256] = {
    0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7, 0x8108, 0x9129, 0xa14a, 0xb16b,
    0xc18c, 0xd1ad, 0xe1ce, 0xf1ef, 0x1231, 0x0210, 0x3273, 0x2252, 0x52b5, 0x4294, 0x72f7, 0x62d6,
    0x9339, 0x8318, 0xb37b, 0xa35a, 0xd3bd, 0xc39c, 0xf3ff, 0xe3de, 0x2462, 0x3443, 0x0420, 0x1401,
    0x64e6, 0x74c7, 0x44a4, 0x5485, 0xa56a, 0xb54b, 0x8528, 0x9509, 0xe5ee, 0xf5cf, 0xc5ac, 0xd58d,
    0x3653, 0x2672, 0x1611, 0x0630, 0x76d7, 0x66f6, 0x5695, 0x46b4, 0xb75b, 0xa77a, 0x9719, 0x8738,
    0xf7df, 0xe7fe, 0xd79d, 0xc7bc, 0x48c4, 0x58e5, 0x6886, 0x78a7, 0x0840, 0x1861, 0x2802, 0x3823,
    0xc9cc, 0xd9ed, 0xe98e, 0xf9af, 0x8948, 0x9969, 0xa90a, 0xb92b, 0x5af5, 0x4ad4, 0x7ab7, 0x6a96,
    0x1a71, 0x0a50, 0x3a33, 0x2a12, 0xdbfd, 0xcbdc, 0xfbbf, 0xeb9e, 0x9b79, 0x8b58, 0xbb3b, 0xab1a,
    0x6ca6, 0x7c87, 0x4ce4, 0x5cc5, 0x2c22, 0x3c03, 0x0c60, 0x1c41, 0xedae, 0xfd8f, 0xcdec, 0xddcd,
    0xad2a, 0xbd0b, 0x8d68, 0x9d49, 0x7e97, 0x6eb6, 0x5ed5, 0x4ef4, 0x3e13, 0x2e32, 0x1e51, 0x0e70,
    0xff9f, 0xefbe, 0xdfdd, 0xcffc, 0xbf1b, 0xaf3a, 0x9f59, 0x8f78, 0x9188, 0x81a9, 0xb1ca, 0xa1eb,
    0xd10c, 0xc12d, 0xf14e, 0xe16f, 0x1080, 0x00a1, 0x30c2, 0x20e3, 0x5004, 0x4025, 0x7046, 0x6067,
    0x83b9, 0x9398, 0xa3fb, 0xb3da, 0xc33d, 0xd31c, 0xe37f, 0xf35e, 0x02b1, 0x1290, 0x22f3, 0x32d2,
    0x4235, 0x5214, 0x6277, 0x7256, 0xb5ea, 0xa5cb, 0x95a8, 0x8589, 0xf56e, 0xe54f, 0xd52c, 0xc50d,
    0x34e2, 0x24c3, 0x14a0, 0x0481, 0x7466, 0x6447, 0x5424, 0x4405, 0xa7db, 0xb7fa, 0x8799, 0x97b8,
    0xe75f, 0xf77e, 0xc71d, 0xd73c, 0x26d3, 0x36f2, 0x0691, 0x16b0, 0x6657, 0x7676, 0x4615, 0x5634,
    0xd94c, 0xc96d, 0xf90e, 0xe92f, 0x99c8, 0x89e9, 0xb98a, 0xa9ab, 0x5844, 0x4865, 0x7806, 0x6827,
    0x18c0, 0x08e1, 0x3882, 0x28a3, 0xcb7d, 0xdb5c, 0xeb3f, 0xfb1e, 0x8bf9, 0x9bd8, 0xabbb, 0xbb9a,
    0x4a75, 0x5a54, 0x6a37, 0x7a16, 0x0af1, 0x1ad0, 0x2ab3, 0x3a92, 0xfd2e, 0xed0f, 0xdd6c, 0xcd4d,
    0xbdaa, 0xad8b, 0x9de8, 0x8dc9, 0x7c26, 0x6c07, 0x5c64, 0x4c45, 0x3ca2, 0x2c83, 0x1ce0, 0x0cc1,
    0xef1f, 0xff3e, 0xcf5d, 0xdf7c, 0xaf9b, 0xbfba, 0x8fd9, 0x9ff8, 0x6e17, 0x7e36, 0x4e55, 0x5e74,
    0x2e93, 0x3eb2, 0x0ed1, 0x1ef0,
};

uint16_t apus_crc16(const void *bytes, size_t count) {
  const uint8_t *p = bytes;
  uint16_t crc = 0;
  for (size_t i = 0; i < count; i++) crc = (uint16_t)(crc << 8) ^ crc16_steps[crc >> 8 ^ p[i]];
  return crc;
}

_Noreturn void apus_out_of_memory(size_t byte_count) {
  apus_crash_say("Out of memory: the system refused ", byte_count, " bytes. Apus exits.");
  _exit(1);
}

// --- title ----------------------------------------------------------------------------------
// The kernel shows the memory that initially held the command line, which the environment follows:
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

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define APUS_SEES_RACES true
#endif
#endif
#ifndef APUS_SEES_RACES
#define APUS_SEES_RACES false
#endif

bool apus_sees_races(void) { return APUS_SEES_RACES; }
