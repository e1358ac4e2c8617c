// Measures what Tools/scaling-model asks for: a lock taken and released by one thread, and a cache line
// handed from one core to another. cc -O2 -o /tmp/lock-cost Tools/lock-cost.c -lpthread && /tmp/lock-cost
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { ROUNDS = 2000000, REPEATS = 9 };

static struct {
  _Alignas(64) uint32_t lock;
  _Alignas(64) uint64_t turn;
  _Alignas(64) volatile uint64_t data;
} shared;

static void pause_core(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static double nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e9 + now.tv_nsec;
}

static void pin(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  pthread_setaffinity_np(pthread_self(), sizeof cores, &cores);
}

// Takes every second turn; the other side takes the rest.
static void *take_turns(void *argument) {
  uint64_t side = (uint64_t)argument;
  pin((int)side);
  for (uint64_t turn = side; turn < ROUNDS; turn += 2) {
    while (__atomic_load_n(&shared.turn, __ATOMIC_ACQUIRE) != turn) pause_core();
    __atomic_store_n(&shared.turn, turn + 1, __ATOMIC_RELEASE);
  }
  return 0;
}

static double lock_alone(void) {
  double begin = nanoseconds();
  for (int round = 0; round < ROUNDS; round++) {
    while (__atomic_exchange_n(&shared.lock, 1, __ATOMIC_ACQUIRE)) pause_core();
    shared.data++;
    __atomic_store_n(&shared.lock, 0, __ATOMIC_RELEASE);
  }
  return (nanoseconds() - begin) / ROUNDS;
}

static double hand_over(void) {
  pthread_t sides[2];
  shared.turn = 0;
  double begin = nanoseconds();
  for (uint64_t side = 0; side < 2; side++) pthread_create(&sides[side], 0, take_turns, (void *)side);
  for (int side = 0; side < 2; side++) pthread_join(sides[side], 0);
  return (nanoseconds() - begin) / ROUNDS;
}

int main(void) {
  double alone = 1e9, handed = 1e9;
  for (int repeat = 0; repeat < REPEATS; repeat++) {
    double a = lock_alone(), h = hand_over();
    if (a < alone) alone = a;
    if (h < handed) handed = h;
  }
  printf("lock and release on one core: %.1f ns; a cache line from core to core: %.1f ns\n", alone, handed);
}
