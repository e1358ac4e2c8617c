// What a crash leaves in the log: the signal, the address, the thread, the command, the stack.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Names the program as reports do, and the commands by row; all texts must live for ever. Called
// once, before the threads start.
void apus_crash_prepare(const char *_Nonnull program, const char *_Nonnull const *_Nonnull names,
                        size_t name_count);
// The log file that reports are appended to; an empty path is standard output. The path is copied.
void apus_crash_log_to(const char *_Nonnull path);
// Reports SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT from here on, or no longer. A build under a
// sanitizer leaves the signals to it.
void apus_crash_catch(bool on);
// Gives the calling thread a stack for its report and a name; `row`, if any, is the word where it
// keeps the row of the command that it runs plus one, or 0. Both live as long as the thread.
void apus_crash_enter(const char *_Nonnull name, int number, const uint32_t *_Nullable row);
// One line in the log and on standard error, from a process that is about to end.
void apus_crash_say(const char *_Nonnull text, size_t number, const char *_Nonnull rest);
// Writes to an address that cannot be written to.
void apus_crash_now(void);
