// LZF, as Debian's liblzf-dev has it, and memory to work in.
#pragma once
#include <liblzf/lzf.h>
#include <stddef.h>

// Room for at least `byte_count` bytes, the thread's own until it asks for room number `number`
// (0 or 1) again. NULL where there is no memory.
void *_Nullable apus_room(int number, size_t byte_count);
