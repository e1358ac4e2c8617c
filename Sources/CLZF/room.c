#include "CLZF.h"

#include <stdlib.h>

// A buffer larger than this is freed by the next call that needs less.
#define KEPT_BYTES (256u * 1024u)

void *apus_room(int number, size_t byte_count) {
  static _Thread_local struct { void *base; size_t byte_count; } rooms[2];
  if (byte_count < KEPT_BYTES) byte_count = KEPT_BYTES;
  if (rooms[number].byte_count == byte_count) return rooms[number].base;
  if (rooms[number].byte_count < byte_count || byte_count == KEPT_BYTES) {
    free(rooms[number].base);
    rooms[number].base = malloc(byte_count);
    rooms[number].byte_count = rooms[number].base ? byte_count : 0;
  }
  return rooms[number].base;
}
