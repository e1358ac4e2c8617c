// Converts command replies to Lua values, and Lua values to replies.
//
//   reply        RESP2          RESP3          Lua             reply
//   :1           1              1              number          :1
//   $2 ab        "ab"           "ab"           string          $2 ab
//   +OK          {ok="OK"}      {ok="OK"}      {ok="OK"}       +OK
//   -ERR x       {err="ERR x"}  {err="ERR x"}  {err="ERR x"}   -ERR x
//   $-1 *-1 _    false          nil            nil, false      null
//   #t                          true           true            :1 or #t
//   ,1.5                        {double=1.5}   {double=1.5}    double
//   %1 a b                      {map={a="b"}}  {map={a="b"}}   map
//   ~1 a                        {set={a=true}} {set={a=true}}  set
#include "state.h"

#include <math.h>
#include <string.h>

#define HEAD_BYTES 32

// Reading

typedef struct {
  const char *at, *end;
} cursor;

static long long read_number(cursor *at) {
  int is_negative = at->at < at->end && *at->at == '-';
  if (is_negative) at->at++;
  unsigned long long number = 0;
  while (at->at < at->end && *at->at != '\r') number = number * 10 + (unsigned)(*at->at++ - '0');
  at->at += 2;
  return is_negative ? (long long)(0 - number) : (long long)number;
}

static const char *read_line(cursor *at, size_t *count) {
  const char *start = at->at;
  const char *stop = memchr(start, '\r', (size_t)(at->end - start));
  *count = (size_t)((stop ? stop : at->end) - start);
  at->at = start + *count + 2;
  return start;
}

static void push_value(lua_State *state, cursor *at);

static void set_field(lua_State *state, const char *name) {
  lua_pushstring(state, name);
  lua_insert(state, -2);
  lua_rawset(state, -3);
}

static void push_absent(lua_State *state) {
  // RESP2 has no booleans; false stands for null there.
  if (apus_owner(state)->resp == 2)
    lua_pushboolean(state, 0);
  else
    lua_pushnil(state);
}

static void push_bulk(lua_State *state, cursor *at) {
  long long count = read_number(at);
  if (count < 0) {
    push_absent(state);
    return;
  }
  const char *start = at->at;
  at->at += count + 2;
  lua_pushlstring(state, start, (size_t)count);
}

static void push_array(lua_State *state, cursor *at) {
  long long count = read_number(at);
  if (count < 0) {
    push_absent(state);
    return;
  }
  lua_createtable(state, (int)count, 0);
  for (int i = 1; i <= count; i++) {
    push_value(state, at);
    lua_rawseti(state, -2, i);
  }
}

static void push_map(lua_State *state, cursor *at) {
  long long count = read_number(at);
  lua_newtable(state);
  lua_createtable(state, 0, (int)count);
  for (long long i = 0; i < count; i++) {
    push_value(state, at);
    push_value(state, at);
    lua_rawset(state, -3);
  }
  set_field(state, "map");
}

static void push_set(lua_State *state, cursor *at) {
  long long count = read_number(at);
  lua_newtable(state);
  lua_createtable(state, 0, (int)count);
  for (long long i = 0; i < count; i++) {
    push_value(state, at);
    lua_pushboolean(state, 1);
    lua_rawset(state, -3);
  }
  set_field(state, "set");
}

static void push_line(lua_State *state, cursor *at, const char *field) {
  size_t count;
  const char *text = read_line(at, &count);
  lua_newtable(state);
  lua_pushlstring(state, text, count);
  set_field(state, field);
}

static void push_failure(lua_State *state, cursor *at) {
  push_line(state, at, "err");
  lua_pushboolean(state, 1);
  set_field(state, "ignore_error_stats_update");
}

static void push_double(lua_State *state, cursor *at) {
  size_t count;
  const char *text = read_line(at, &count);
  lua_newtable(state);
  lua_pushlstring(state, text, count);
  lua_pushnumber(state, strncmp(text, "nan", 3) == 0 ? NAN : lua_tonumber(state, -1));
  lua_remove(state, -2);
  set_field(state, "double");
}

static void push_verbatim(lua_State *state, cursor *at) {
  long long count = read_number(at);
  const char *text = at->at;
  at->at += count + 2;
  lua_newtable(state);
  lua_newtable(state);
  lua_pushlstring(state, text, 3);
  set_field(state, "format");
  lua_pushlstring(state, text + 4, (size_t)count - 4);
  set_field(state, "string");
  set_field(state, "verbatim_string");
}

static void push_value(lua_State *state, cursor *at) {
  luaL_checkstack(state, 8, "reply too deep");
  if (at->at >= at->end) {
    lua_pushnil(state);
    return;
  }
  switch (*at->at++) {
    case ':': lua_pushnumber(state, (lua_Number)read_number(at)); break;
    case '$': push_bulk(state, at); break;
    case '+': push_line(state, at, "ok"); break;
    case '-': push_failure(state, at); break;
    case '*':
    case '>': push_array(state, at); break;
    case '%': push_map(state, at); break;
    case '~': push_set(state, at); break;
    case ',': push_double(state, at); break;
    case '(': push_line(state, at, "big_number"); break;
    case '=': push_verbatim(state, at); break;
    case '#':
      lua_pushboolean(state, *at->at == 't');
      at->at += 3;
      break;
    default:
      at->at += 2;
      lua_pushnil(state);
  }
}

void apus_push_reply(lua_State *state, const apus_text *reply) {
  cursor at = {(const char *)reply->bytes, (const char *)reply->bytes + reply->count};
  push_value(state, &at);
}

void apus_push_error(lua_State *state, const char *message, size_t count) {
  lua_newtable(state);
  if (count && *message == '-') {
    const char *text = message + 1;
    size_t rest = count - 1;
    if (!memchr(text, ' ', rest)) {
      lua_pushliteral(state, "ERR ");
      lua_pushlstring(state, text, rest);
      lua_concat(state, 2);
    } else {
      lua_pushlstring(state, text, rest);
    }
  } else {
    lua_pushliteral(state, "ERR ");
    lua_pushlstring(state, message, count);
    lua_concat(state, 2);
  }
  set_field(state, "err");
  lua_pushboolean(state, 1);
  set_field(state, "ignore_error_stats_update");
}

// Writing

static void write_value(lua_State *state, apus_lua *lua);

static void put(apus_lua *lua, const char *text) {
  apus_buffer_append(&lua->reply, text, strlen(text));
}

static void put_number(apus_lua *lua, char type, long long number) {
  char text[HEAD_BYTES];
  char *at = text + sizeof text;
  *--at = '\n';
  *--at = '\r';
  unsigned long long rest = number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number;
  do *--at = (char)('0' + rest % 10);
  while (rest /= 10);
  if (number < 0) *--at = '-';
  *--at = type;
  apus_buffer_append(&lua->reply, at, (size_t)(text + sizeof text - at));
}

// Writes a line of text; line ends within it would end the reply.
static void put_line(apus_lua *lua, char type, const char *text, size_t count) {
  apus_buffer_append(&lua->reply, &type, 1);
  size_t start = lua->reply.count;
  apus_buffer_append(&lua->reply, text, count);
  for (size_t i = start; i < lua->reply.count; i++)
    if (lua->reply.bytes[i] == '\r' || lua->reply.bytes[i] == '\n') lua->reply.bytes[i] = ' ';
  put(lua, "\r\n");
}

static void put_bulk(apus_lua *lua, const char *text, size_t count) {
  put_number(lua, '$', (long long)count);
  apus_buffer_append(&lua->reply, text, count);
  put(lua, "\r\n");
}

static void put_null(apus_lua *lua) { put(lua, lua->client_resp == 3 ? "_\r\n" : "$-1\r\n"); }

static void put_boolean(apus_lua *lua, int value) {
  if (lua->resp == 2) {
    if (value)
      put(lua, ":1\r\n");
    else
      put_null(lua);
  } else if (lua->client_resp == 3) {
    put(lua, value ? "#t\r\n" : "#f\r\n");
  } else {
    put(lua, value ? ":1\r\n" : ":0\r\n");
  }
}

static void put_double(apus_lua *lua, double number) {
  char text[64];
  size_t count = lua->host.write_number(number, text);
  if (number == 0 && signbit(number)) {
    memcpy(text, "-0", 2);
    count = 2;
  }
  if (lua->client_resp == 3)
    put_line(lua, ',', text, count);
  else
    put_bulk(lua, text, count);
}

static void put_verbatim(apus_lua *lua, const char *format, const char *text, size_t count) {
  if (lua->client_resp != 3) {
    put_bulk(lua, text, count);
    return;
  }
  char name[5] = "   :";
  size_t letters = strlen(format);
  memcpy(name, format, letters < 3 ? letters : 3);
  put_number(lua, '=', (long long)count + 4);
  apus_buffer_append(&lua->reply, name, 4);
  apus_buffer_append(&lua->reply, text, count);
  put(lua, "\r\n");
}

// Pushes a field of the table on top; if its type differs, pushes nothing and returns 0.
static int push_field(lua_State *state, const char *name, int type) {
  lua_pushstring(state, name);
  lua_rawget(state, -2);
  if (lua_type(state, -1) == type) return 1;
  lua_pop(state, 1);
  return 0;
}

static void put_pairs(lua_State *state, apus_lua *lua, int is_map) {
  long long count = 0;
  lua_pushnil(state);
  while (lua_next(state, -2)) {
    lua_pop(state, 1);
    count++;
  }
  if (lua->client_resp == 3)
    put_number(lua, is_map ? '%' : '~', count);
  else
    put_number(lua, '*', is_map ? 2 * count : count);
  lua_pushnil(state);
  while (lua_next(state, -2)) {
    lua_pushvalue(state, -2);
    write_value(state, lua);
    if (is_map)
      write_value(state, lua);
    else
      lua_pop(state, 1);
  }
}

static void put_array(lua_State *state, apus_lua *lua) {
  int count = 0;
  for (;;) {
    lua_rawgeti(state, -1, count + 1);
    int is_end = lua_isnil(state, -1);
    lua_pop(state, 1);
    if (is_end) break;
    count++;
  }
  put_number(lua, '*', count);
  for (int i = 1; i <= count && !lua->reply.is_full; i++) {
    lua_rawgeti(state, -1, i);
    write_value(state, lua);
  }
}

static int put_special(lua_State *state, apus_lua *lua) {
  size_t count;
  const char *text;
  if (push_field(state, "err", LUA_TSTRING)) {
    text = lua_tolstring(state, -1, &count);
    put_line(lua, '-', text, count);
  } else if (push_field(state, "ok", LUA_TSTRING)) {
    text = lua_tolstring(state, -1, &count);
    put_line(lua, '+', text, count);
  } else if (push_field(state, "double", LUA_TNUMBER)) {
    put_double(lua, lua_tonumber(state, -1));
  } else if (push_field(state, "map", LUA_TTABLE)) {
    put_pairs(state, lua, 1);
  } else if (push_field(state, "set", LUA_TTABLE)) {
    put_pairs(state, lua, 0);
  } else if (push_field(state, "big_number", LUA_TSTRING)) {
    text = lua_tolstring(state, -1, &count);
    if (lua->client_resp == 3)
      put_line(lua, '(', text, count);
    else {
      size_t start;
      put_number(lua, '$', (long long)count);
      start = lua->reply.count;
      apus_buffer_append(&lua->reply, text, count);
      for (size_t i = start; i < lua->reply.count; i++)
        if (lua->reply.bytes[i] == '\r' || lua->reply.bytes[i] == '\n') lua->reply.bytes[i] = ' ';
      put(lua, "\r\n");
    }
  } else if (push_field(state, "verbatim_string", LUA_TTABLE)) {
    if (push_field(state, "format", LUA_TSTRING)) {
      const char *format = lua_tostring(state, -1);
      lua_pop(state, 1);
      if (push_field(state, "string", LUA_TSTRING)) {
        text = lua_tolstring(state, -1, &count);
        put_verbatim(lua, format, text, count);
        lua_pop(state, 2);
        return 1;
      }
    }
    lua_pop(state, 1);
    return 0;
  } else {
    return 0;
  }
  lua_pop(state, 1);
  return 1;
}

// Writes the value on top of the stack and pops it.
static void write_value(lua_State *state, apus_lua *lua) {
  if (lua->reply.is_full || !lua_checkstack(state, 6)) {
    put_line(lua, '-', "ERR reached lua stack limit", 27);
    lua_pop(state, 1);
    return;
  }
  switch (lua_type(state, -1)) {
    case LUA_TSTRING: {
      size_t count;
      const char *text = lua_tolstring(state, -1, &count);
      put_bulk(lua, text, count);
      break;
    }
    case LUA_TNUMBER: {
      double number = lua_tonumber(state, -1);
      // Like a conversion to a 64-bit integer on x86: out of range becomes the smallest integer.
      int fits = number >= -0x1p63 && number < 0x1p63;
      put_number(lua, ':', fits ? (long long)number : (long long)(-0x7FFFFFFFFFFFFFFFLL - 1));
      break;
    }
    case LUA_TBOOLEAN: put_boolean(lua, lua_toboolean(state, -1)); break;
    case LUA_TTABLE:
      if (!put_special(state, lua)) put_array(state, lua);
      break;
    default: put_null(lua);
  }
  lua_pop(state, 1);
}

void apus_write_reply(lua_State *state, apus_lua *lua) { write_value(state, lua); }
