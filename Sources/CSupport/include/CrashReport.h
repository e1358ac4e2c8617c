// The report that a crash leaves in the log: the signal, address, thread, command and stack.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Sets the name of the program in reports, and the commands by row; all texts must live forever.
// Called once, before any thread starts.
void apus_crash_prepare(const char *_Nonnull program, const char *_Nonnull const *_Nonnull names,
                        size_t name_count);
// Sets the log file that reports are appended to; an empty path is standard output. The path is
// copied.
void apus_crash_log_to(const char *_Nonnull path);
// Turns reports of SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT on or off. A build with a sanitizer
// leaves these signals to it.
void apus_crash_catch(bool on);
// Gives the calling thread a stack for its report and a name. `row`, if any, is the word in which
// it keeps the row of its running command plus one, or 0. Both live as long as the thread.
void apus_crash_enter(const char *_Nonnull name, int number, const uint32_t *_Nullable row);
// Writes one line to the log and to standard error, from a process that is about to end.
void apus_crash_say(const char *_Nonnull text, size_t number, const char *_Nonnull rest);
// Writes to an unwritable address.
void apus_crash_now(void);
