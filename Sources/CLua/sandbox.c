// What scripts may use: Lua's libraries, sealed, without whatever reaches outside a script.
//
// A sealed table is an empty table whose metatable refers to the real one, so nothing can be
// assigned; scripts never get hold of the real table.
//
//   environment of scripts ─ sealed ─▶ globals ─ no such key ─▶ error
//                                        └ string ─ sealed ─▶ the functions of the library
#include "state.h"

#include <limits.h>
#include <math.h>
#include <string.h>

// Every item of a pattern may take a C stack frame.
#define PATTERN_BYTES_MAX 4096
// The maximum number of values that unpack returns; Lua 5.1's LUAI_MAXCSTACK.
#define UNPACKED_MAX 8000
// The limit of cjson's output, because its buffers have 32-bit sizes.
#define JSON_BYTES_MAX (64.0 * 1024 * 1024)
#define JSON_DEPTH_MAX 2000
// The longest chunk that load may assemble.
#define LOADED_BYTES_MAX (16u << 20)

int luaopen_cjson(lua_State *state);
int luaopen_bit(lua_State *state);

static const char sealed_mark;

// Sealed tables

int apus_is_sealed(lua_State *state, int index) {
  if (!lua_istable(state, index) || !lua_getmetatable(state, index)) return 0;
  lua_rawgeti(state, -1, 1);
  int is_sealed = lua_touserdata(state, -1) == &sealed_mark;
  lua_pop(state, 2);
  return is_sealed;
}

static int refuse_change(lua_State *state) { return luaL_error(state, APUS_READ_ONLY); }

void apus_seal(lua_State *state) {
  lua_newtable(state);
  lua_createtable(state, 1, 2);
  lua_pushlightuserdata(state, (void *)&sealed_mark);
  lua_rawseti(state, -2, 1);
  lua_pushvalue(state, -3);
  lua_setfield(state, -2, "__index");
  lua_pushcfunction(state, refuse_change);
  lua_setfield(state, -2, "__newindex");
  lua_setmetatable(state, -2);
  lua_remove(state, -2);
}

// Replaces the sealed table at `index` with the real one.
static int unseal(lua_State *state, int index) {
  if (!apus_is_sealed(state, index)) return 0;
  lua_getmetatable(state, index);
  lua_getfield(state, -1, "__index");
  lua_replace(state, index);
  lua_pop(state, 1);
  return 1;
}

static void refuse_sealed(lua_State *state, int index) {
  if (!apus_is_sealed(state, index)) return;
  lua_pushliteral(state, APUS_READ_ONLY);
  lua_error(state);
}

// Guards, which run before a library's own function (their first upvalue)

static int call_original(lua_State *state) {
  int count = lua_gettop(state);
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, count, LUA_MULTRET);
  return lua_gettop(state);
}

// Calls it without a frame in between, so that its errors name the caller.
static int jump_to_original(lua_State *state) {
  return lua_tocfunction(state, lua_upvalueindex(1))(state);
}

// For functions that modify their first argument, a table.
static int guard_table(lua_State *state) {
  refuse_sealed(state, 1);
  return jump_to_original(state);
}

static int guard_pattern(lua_State *state) {
  if (lua_type(state, 2) == LUA_TSTRING && lua_objlen(state, 2) > PATTERN_BYTES_MAX &&
      !lua_toboolean(state, 4))
    return luaL_error(state, "pattern too long");
  return jump_to_original(state);
}

static int guard_repetition(lua_State *state) {
  size_t count;
  luaL_checklstring(state, 1, &count);
  double times = luaL_checknumber(state, 2);
  if (count == 0 || times < 1) {
    lua_pushliteral(state, "");
    return 1;
  }
  if (times * (double)count > (double)apus_owner(state)->bytes_max || times > INT_MAX)
    return luaL_error(state, "resulting string too large");
  return jump_to_original(state);
}

static int guard_unpack(lua_State *state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  double first = luaL_optnumber(state, 2, 1);
  double last = luaL_optnumber(state, 3, (double)lua_objlen(state, 1));
  if (!(last - first < UNPACKED_MAX) || fabs(first) > INT_MAX / 2 || last > INT_MAX / 2)
    return luaL_error(state, "too many results to unpack");
  return jump_to_original(state);
}

// Debian's bit.tohex cannot negate the smallest integer.
static int guard_hexadecimal(lua_State *state) {
  if (!lua_isnone(state, 2)) {
    double digits = luaL_checknumber(state, 2);
    lua_settop(state, 2);
    lua_pushnumber(state, digits > 8 ? 8 : digits < -8 ? -8 : digits == digits ? digits : 0);
    lua_replace(state, 2);
  }
  return jump_to_original(state);
}

// The most bytes that cjson may reserve to encode a value.
static double json_bytes(lua_State *state, int index, int depth) {
  switch (lua_type(state, index)) {
    case LUA_TSTRING: return 6.0 * (double)lua_objlen(state, index) + 4;
    case LUA_TTABLE: break;
    default: return 64;
  }
  if (depth > JSON_DEPTH_MAX || !lua_checkstack(state, 4)) return 64;
  double bytes = 4;
  int table = lua_gettop(state) + 1;
  lua_pushvalue(state, index);
  lua_pushnil(state);
  while (bytes < JSON_BYTES_MAX && lua_next(state, table)) {
    bytes += json_bytes(state, table + 2, depth + 1) + 4;
    int is_text = lua_type(state, table + 1) == LUA_TSTRING;
    bytes += is_text ? 6.0 * (double)lua_objlen(state, table + 1) : 32;
    lua_settop(state, table + 1);
  }
  lua_settop(state, table - 1);
  return bytes;
}

static int guard_encoding(lua_State *state) {
  if (lua_gettop(state) == 1 && json_bytes(state, 1, 0) > JSON_BYTES_MAX)
    return luaL_error(state, "JSON text too large");
  return call_original(state);
}

// With a ratio of zero, an array would be padded with nulls up to its largest index.
static int guard_sparse(lua_State *state) {
  if ((lua_isnumber(state, 2) && (lua_tonumber(state, 2) < 1 || lua_tonumber(state, 2) > 1000)) ||
      (lua_isnumber(state, 3) && lua_tonumber(state, 3) > 1e6))
    return luaL_error(state, "sparse arrays are limited");
  return call_original(state);
}

// The base library's functions

static int get_metatable(lua_State *state) {
  luaL_checkany(state, 1);
  if (apus_is_sealed(state, 1)) {
    lua_getmetatable(state, 1);
    lua_getfield(state, -1, "__metatable");
    return 1;
  }
  if (!lua_getmetatable(state, 1)) {
    lua_pushnil(state);
    return 1;
  }
  luaL_getmetafield(state, 1, "__metatable");
  return 1;
}

static int get_raw(lua_State *state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  luaL_checkany(state, 2);
  lua_settop(state, 2);
  unseal(state, 1);
  lua_rawget(state, 1);
  return 1;
}

static int next(lua_State *state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_settop(state, 2);
  unseal(state, 1);
  if (lua_next(state, 1)) return 2;
  lua_pushnil(state);
  return 1;
}

static int pairs(lua_State *state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_pushvalue(state, 1);
  lua_pushnil(state);
  return 3;
}

// Like pcall, but an error object is replaced by its message.
static int call_protected(lua_State *state) {
  luaL_checkany(state, 1);
  int count = lua_gettop(state);
  lua_pushboolean(state, 1);
  lua_insert(state, 1);
  if (lua_pcall(state, count - 1, LUA_MULTRET, 0) == 0) return lua_gettop(state);
  if (lua_istable(state, -1)) {
    lua_pushliteral(state, "err");
    lua_rawget(state, -2);
    if (!lua_isstring(state, -1)) lua_pop(state, 1);
  }
  lua_pushboolean(state, 0);
  lua_insert(state, -2);
  return 2;
}

static int collect(lua_State *state) {
  const char *option = luaL_optstring(state, 1, "collect");
  if (strcmp(option, "count") == 0) {
    lua_pushnumber(state, (double)apus_owner(state)->bytes / 1024);
    return 1;
  }
  if (strcmp(option, "collect") == 0) lua_gc(state, LUA_GCCOLLECT, 0);
  lua_pushinteger(state, 0);
  return 1;
}

// Compiles text in the scripts' environment; on failure, leaves nil and a message.
static int load_text(lua_State *state, const char *text, size_t count, const char *name) {
  int code = 1;
  if (count && text[0] == LUA_SIGNATURE[0]) {
    lua_pushliteral(state, "precompiled scripts are not allowed");
  } else if (count > LOADED_BYTES_MAX) {
    lua_pushliteral(state, "chunk too large");
  } else {
    // As in `compile`: the parser does not keep the name alive.
    lua_gc(state, LUA_GCSTOP, 0);
    code = luaL_loadbuffer(state, text, count, name);
    lua_gc(state, LUA_GCRESTART, 0);
  }
  if (code == 0) return 1;
  lua_pushnil(state);
  lua_insert(state, -2);
  return 2;
}

static int load_string(lua_State *state) {
  size_t count;
  const char *text = luaL_checklstring(state, 1, &count);
  const char *name = luaL_optstring(state, 2, text);
  return load_text(state, text, count, name);
}

static int load_pieces(lua_State *state) {
  luaL_checktype(state, 1, LUA_TFUNCTION);
  const char *name = luaL_optstring(state, 2, "=(load)");
  lua_settop(state, 2);
  lua_newtable(state);
  size_t total = 0;
  int pieces = 0;
  for (;;) {
    lua_pushvalue(state, 1);
    lua_call(state, 0, 1);
    if (lua_isnil(state, -1)) break;
    if (!lua_isstring(state, -1)) return luaL_error(state, "reader function must return a string");
    size_t count = lua_objlen(state, -1);
    if (count == 0) break;
    if ((total += count) > LOADED_BYTES_MAX) return luaL_error(state, "chunk too large");
    lua_rawseti(state, 3, ++pieces);
  }
  lua_settop(state, 3);
  luaL_Buffer buffer;
  luaL_buffinit(state, &buffer);
  for (int i = 1; i <= pieces; i++) {
    lua_rawgeti(state, 3, i);
    luaL_addvalue(&buffer);
  }
  luaL_pushresult(&buffer);
  size_t count;
  const char *text = lua_tolstring(state, -1, &count);
  return load_text(state, text, count, name);
}

static int print(lua_State *state) {
  int count = lua_gettop(state);
  luaL_Buffer line;
  luaL_buffinit(state, &line);
  for (int i = 1; i <= count; i++) {
    if (i > 1) luaL_addchar(&line, ' ');
    if (lua_isstring(state, i)) {
      lua_pushvalue(state, i);
      luaL_addvalue(&line);
    } else {
      luaL_addstring(&line, luaL_typename(state, i));
    }
  }
  luaL_pushresult(&line);
  size_t bytes;
  const char *text = lua_tolstring(state, -1, &bytes);
  apus_lua *lua = apus_owner(state);
  lua->host.log(lua->host.context, 2, (const uint8_t *)text, bytes);
  return 0;
}

static int refuse_global(lua_State *state) {
  const char *name = lua_isstring(state, 2) ? lua_tostring(state, 2) : luaL_typename(state, 2);
  return luaL_error(state, "Script attempted to access nonexistent global variable '%s'", name);
}

// math.random: lrand48's generator, seeded anew for each script

void apus_seed_random(apus_lua *lua, uint32_t seed) { lua->random = (uint64_t)seed << 16 | 0x330E; }

static int random_number(lua_State *state) {
  apus_lua *lua = apus_owner(state);
  lua->random = (lua->random * 0x5DEECE66DULL + 0xB) & 0xFFFFFFFFFFFFULL;
  double part = (double)((lua->random >> 17) % INT_MAX) / (double)INT_MAX;
  switch (lua_gettop(state)) {
    case 0: lua_pushnumber(state, part); return 1;
    case 1: {
      int upper = luaL_checkint(state, 1);
      luaL_argcheck(state, 1 <= upper, 1, "interval is empty");
      lua_pushnumber(state, floor(part * upper) + 1);
      return 1;
    }
    case 2: {
      int lower = luaL_checkint(state, 1);
      int upper = luaL_checkint(state, 2);
      luaL_argcheck(state, lower <= upper, 2, "interval is empty");
      lua_pushnumber(state, floor(part * ((double)upper - lower + 1)) + lower);
      return 1;
    }
    default: return luaL_error(state, "wrong number of arguments");
  }
}

static int seed_random(lua_State *state) {
  apus_seed_random(apus_owner(state), (uint32_t)luaL_checkint(state, 1));
  return 0;
}

// Assembly

// Installs `guard` in front of a function of the table on top.
static void guard(lua_State *state, const char *name, lua_CFunction function) {
  lua_getfield(state, -1, name);
  lua_pushcclosure(state, function, 1);
  lua_setfield(state, -2, name);
}

static void set_function(lua_State *state, const char *name, lua_CFunction function) {
  lua_pushcfunction(state, function);
  lua_setfield(state, -2, name);
}

static void remove_field(lua_State *state, const char *name) {
  lua_pushnil(state);
  lua_setfield(state, -2, name);
}

// Opens a library and leaves its table on the stack.
static void open_library(lua_State *state, lua_CFunction open, const char *name) {
  lua_pushcfunction(state, open);
  lua_pushstring(state, name);
  lua_call(state, 1, 0);
  lua_getfield(state, LUA_GLOBALSINDEX, name);
}

// Seals the table on top and stores it as a global.
static void publish(lua_State *state, const char *name) {
  apus_seal(state);
  lua_setfield(state, LUA_GLOBALSINDEX, name);
}

static void open_strings(lua_State *state) {
  open_library(state, luaopen_string, "string");
  remove_field(state, "dump");
  guard(state, "rep", guard_repetition);
  static const char *const searches[] = {"find", "match", "gmatch", "gfind", "gsub"};
  for (size_t i = 0; i < sizeof searches / sizeof *searches; i++)
    guard(state, searches[i], guard_pattern);
  publish(state, "string");
  // Strings get their methods from the sealed library.
  lua_pushliteral(state, "");
  lua_getmetatable(state, -1);
  lua_getfield(state, LUA_GLOBALSINDEX, "string");
  lua_setfield(state, -2, "__index");
  lua_newtable(state);
  lua_getfield(state, LUA_GLOBALSINDEX, "string");
  lua_setfield(state, -2, "__index");
  apus_seal(state);
  lua_setfield(state, -2, "__metatable");
  lua_pop(state, 2);
}

static void open_data_libraries(lua_State *state) {
  open_library(state, luaopen_table, "table");
  static const char *const changes[] = {"insert", "remove", "sort", "setn"};
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
    guard(state, changes[i], guard_table);
  publish(state, "table");
  open_library(state, luaopen_math, "math");
  set_function(state, "random", random_number);
  set_function(state, "randomseed", seed_random);
  publish(state, "math");
  open_library(state, luaopen_os, "os");
  lua_newtable(state);
  lua_getfield(state, -2, "clock");
  lua_setfield(state, -2, "clock");
  lua_remove(state, -2);
  publish(state, "os");
  lua_getfield(state, LUA_GLOBALSINDEX, "coroutine");
  publish(state, "coroutine");
  lua_pushcfunction(state, luaopen_cjson);
  lua_call(state, 0, 1);
  guard(state, "encode", guard_encoding);
  guard(state, "encode_sparse_array", guard_sparse);
  remove_field(state, "new");
  publish(state, "cjson");
  lua_pushcfunction(state, luaopen_bit);
  lua_call(state, 0, 1);
  guard(state, "tohex", guard_hexadecimal);
  publish(state, "bit");
  lua_pushcfunction(state, apus_open_struct);
  lua_call(state, 0, 1);
  publish(state, "struct");
  lua_pushcfunction(state, apus_open_messages);
  lua_call(state, 0, 1);
  publish(state, "cmsgpack");
}

static void narrow_base(lua_State *state) {
  static const char *const removed[] = {"dofile", "loadfile", "newproxy", "getfenv", "setfenv",
                                        "module", "require"};
  static const luaL_Reg replaced[] = {
      {"getmetatable", get_metatable}, {"rawget", get_raw},    {"next", next},
      {"pcall", call_protected},       {"print", print},       {"collectgarbage", collect},
      {"loadstring", load_string},     {"load", load_pieces},  {NULL, NULL},
  };
  lua_pushvalue(state, LUA_GLOBALSINDEX);
  for (size_t i = 0; i < sizeof removed / sizeof *removed; i++) remove_field(state, removed[i]);
  luaL_register(state, NULL, replaced);
  guard(state, "rawset", guard_table);
  guard(state, "setmetatable", guard_table);
  guard(state, "unpack", guard_unpack);
  lua_getfield(state, -1, "next");
  lua_pushcclosure(state, pairs, 1);
  lua_setfield(state, -2, "pairs");
  lua_pop(state, 1);
}

void apus_open_sandbox(lua_State *state) {
  lua_pushcfunction(state, luaopen_base);
  lua_pushliteral(state, "");
  lua_call(state, 1, 0);
  narrow_base(state);
  open_strings(state);
  open_data_libraries(state);
  apus_push_api(state);
  apus_seal(state);
  lua_pushvalue(state, -1);
  lua_setfield(state, LUA_GLOBALSINDEX, "redis");
  lua_setfield(state, LUA_GLOBALSINDEX, "server");
  // Reading an undefined global is an error.
  lua_newtable(state);
  lua_pushcfunction(state, refuse_global);
  lua_setfield(state, -2, "__index");
  lua_setmetatable(state, LUA_GLOBALSINDEX);
  // The environment of scripts and of the chunks that they load.
  lua_pushvalue(state, LUA_GLOBALSINDEX);
  lua_pushvalue(state, -1);
  apus_owner(state)->globals = luaL_ref(state, LUA_REGISTRYINDEX);
  apus_seal(state);
  lua_pushvalue(state, -1);
  lua_setfield(state, LUA_GLOBALSINDEX, "_G");
  lua_getmetatable(state, -1);
  lua_newtable(state);
  lua_pushcfunction(state, refuse_global);
  lua_setfield(state, -2, "__index");
  apus_seal(state);
  lua_setfield(state, -2, "__metatable");
  lua_pop(state, 1);
  lua_replace(state, LUA_GLOBALSINDEX);
}
