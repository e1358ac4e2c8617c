// libedit's functions are variadic, and Swift cannot call those: there is a wrapper here for each
// use in apus-cli.
#pragma once
#include <histedit.h>
#include <stdio.h>
#include <wchar.h>

static inline EditLine *_Nullable apus_edit_make(const char *_Nonnull program) {
  return el_init(program, stdin, stdout, stderr);
}
static inline void apus_edit_prompt(EditLine *_Nonnull e, char *_Nullable (*_Nonnull prompt)(EditLine *_Nullable)) {
  el_set(e, EL_PROMPT, prompt);
}
static inline void apus_edit_emacs(EditLine *_Nonnull e) { el_set(e, EL_EDITOR, "emacs"); }
static inline void apus_edit_prepare(EditLine *_Nonnull e) { el_set(e, EL_PREP_TERM, 1); }
static inline void apus_edit_history(EditLine *_Nonnull e, History *_Nonnull h) {
  el_set(e, EL_HIST, history, h);
}
static inline void apus_edit_bind(EditLine *_Nonnull e, const char *_Nonnull key, const char *_Nonnull command) {
  el_set(e, EL_BIND, key, command, NULL);
}
static inline void apus_edit_function(EditLine *_Nonnull e, const char *_Nonnull name, const char *_Nonnull help,
                                      unsigned char (*_Nonnull function)(EditLine *_Nullable, int)) {
  el_set(e, EL_ADDFN, name, help, function);
}
static inline void apus_edit_reader(EditLine *_Nonnull e, int (*_Nonnull reader)(EditLine *_Nullable, wchar_t *_Nullable)) {
  el_set(e, EL_GETCFN, reader);
}
static inline void apus_edit_set_owner(EditLine *_Nonnull e, void *_Nonnull owner) {
  el_set(e, EL_CLIENTDATA, owner);
}
static inline void *_Nullable apus_edit_owner(EditLine *_Nonnull e) {
  void *owner = NULL;
  el_get(e, EL_CLIENTDATA, &owner);
  return owner;
}
static inline void apus_history_size(History *_Nonnull h, int lines) {
  HistEvent event;
  history(h, &event, H_SETSIZE, lines);
  history(h, &event, H_SETUNIQUE, 1);
}
static inline void apus_history_enter(History *_Nonnull h, const char *_Nonnull line) {
  HistEvent event;
  history(h, &event, H_ENTER, line);
}
