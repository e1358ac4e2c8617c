// The functions of `redis`, which is also called `server`.
#include "state.h"

#include <string.h>

// A call with more words allocates memory for them.
#define WORDS_AT_HAND 32
#define NUMBER_BYTES 40

static void push_error(lua_State *state, const char *message) {
  apus_push_error(state, message, strlen(message));
}

static int raise_error(lua_State *state, const char *message) {
  push_error(state, message);
  return lua_error(state);
}

// Fills `words` from the arguments; numbers become strings, which the stack keeps alive.
static int gather(lua_State *state, apus_text *words, int count) {
  apus_lua *lua = apus_owner(state);
  for (int i = 0; i < count; i++) {
    if (lua_type(state, i + 1) == LUA_TNUMBER) {
      char text[NUMBER_BYTES];
      size_t bytes = lua->host.write_number(lua_tonumber(state, i + 1), text);
      lua_pushlstring(state, text, bytes);
      lua_replace(state, i + 1);
    } else if (lua_type(state, i + 1) != LUA_TSTRING) {
      return 0;
    }
    size_t bytes;
    words[i].bytes = (const uint8_t *)lua_tolstring(state, i + 1, &bytes);
    words[i].count = bytes;
  }
  return 1;
}

// Calls `use` with the arguments as words; if they are invalid, pushes an error and returns 0.
static int with_words(lua_State *state, void (*use)(apus_lua *, const apus_text *, int, void *),
                      void *context) {
  int count = lua_gettop(state);
  if (count == 0) {
    push_error(state, "Please specify at least one argument for this redis lib call");
    return 0;
  }
  apus_text at_hand[WORDS_AT_HAND];
  apus_text *words = at_hand;
  if (count > WORDS_AT_HAND) {
    // Freed once it is off the stack.
    luaL_checkstack(state, 4, "too many arguments");
    words = lua_newuserdata(state, (size_t)count * sizeof *words);
  }
  if (!gather(state, words, count)) {
    push_error(state, "Lua redis lib command arguments must be strings or integers");
    return 0;
  }
  use(apus_owner(state), words, count, context);
  return 1;
}

static void call_host(apus_lua *lua, const apus_text *words, int count, void *context) {
  lua->host.call(lua->host.context, words, (size_t)count, lua->resp, lua->replication,
                 context);
}

// Runs a command and pushes its reply or an error; returns whether it is a reply.
static int run_command(lua_State *state) {
  if (apus_owner(state)->is_loading)
    return luaL_error(state, "Script attempted to access nonexistent global variable 'call'");
  apus_text reply = {(const uint8_t *)"", 0};
  if (!with_words(state, call_host, &reply)) return 0;
  apus_push_reply(state, &reply);
  return reply.count == 0 || reply.bytes[0] != '-';
}

static int call(lua_State *state) { return run_command(state) ? 1 : lua_error(state); }

static int call_protected(lua_State *state) {
  run_command(state);
  return 1;
}

static void ask_host(apus_lua *lua, const apus_text *words, int count, void *context) {
  *(int *)context = lua->host.may_run(lua->host.context, words, (size_t)count);
}

static int check_access(lua_State *state) {
  int answer = 0;
  if (!with_words(state, ask_host, &answer)) return lua_error(state);
  if (answer < 0) return raise_error(state, "Invalid command passed to redis.acl_check_cmd()");
  lua_pushboolean(state, answer);
  return 1;
}

static int push_single(lua_State *state, const char *field) {
  if (lua_gettop(state) != 1 || lua_type(state, 1) != LUA_TSTRING) {
    apus_push_error(state, "wrong number or type of arguments", 33);
    return 1;
  }
  lua_newtable(state);
  lua_pushstring(state, field);
  lua_pushvalue(state, 1);
  lua_rawset(state, -3);
  return 1;
}

static int error_reply(lua_State *state) {
  if (lua_gettop(state) != 1 || lua_type(state, 1) != LUA_TSTRING) return push_single(state, "err");
  size_t count;
  const char *text = lua_tolstring(state, 1, &count);
  // With the dash, which means that the first word is the code.
  if (count == 0 || text[0] != '-') {
    lua_pushliteral(state, "-");
    lua_insert(state, 1);
    lua_concat(state, 2);
    text = lua_tolstring(state, 1, &count);
  }
  apus_push_error(state, text, count);
  return 1;
}

static int status_reply(lua_State *state) { return push_single(state, "ok"); }

static int sha1(lua_State *state) {
  if (lua_gettop(state) != 1) return raise_error(state, "wrong number of arguments");
  size_t count;
  const char *text = lua_tolstring(state, 1, &count);
  char digits[40];
  apus_owner(state)->host.sha1((const uint8_t *)(text ? text : ""), text ? count : 0, digits);
  lua_pushlstring(state, digits, sizeof digits);
  return 1;
}

static int write_log(lua_State *state) {
  int count = lua_gettop(state);
  if (count < 2) return raise_error(state, "redis.log() requires two arguments or more.");
  if (!lua_isnumber(state, 1))
    return raise_error(state, "First argument must be a number (log level).");
  int level = (int)lua_tonumber(state, 1);
  if (level < 0 || level > 3) return raise_error(state, "Invalid debug level.");
  luaL_Buffer line;
  luaL_buffinit(state, &line);
  int is_first = 1;
  for (int i = 2; i <= count; i++) {
    if (!lua_isstring(state, i)) continue;
    if (!is_first) luaL_addchar(&line, ' ');
    is_first = 0;
    lua_pushvalue(state, i);
    luaL_addvalue(&line);
  }
  luaL_pushresult(&line);
  size_t bytes;
  const char *text = lua_tolstring(state, -1, &bytes);
  apus_lua *lua = apus_owner(state);
  lua->host.log(lua->host.context, level, (const uint8_t *)text, bytes);
  return 0;
}

static int set_protocol(lua_State *state) {
  if (lua_gettop(state) != 1) return raise_error(state, "redis.setresp() requires one argument.");
  int version = (int)luaL_checknumber(state, 1);
  if (version != 2 && version != 3) return raise_error(state, "RESP version must be 2 or 3.");
  apus_owner(state)->resp = version;
  return 0;
}

// Scripts always replicate their effects, all of them.
static int replicate_commands(lua_State *state) {
  lua_pushboolean(state, 1);
  return 1;
}

static int set_replication(lua_State *state) {
  if (lua_gettop(state) != 1) return raise_error(state, "redis.set_repl() requires two arguments.");
  int flags = (int)luaL_checknumber(state, 1);
  if (flags & ~REPLICATION_ALL)
    return raise_error(state,
        "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
  apus_owner(state)->replication = flags;
  return 0;
}

// There is no debugger, so nothing stops.
static int stop_here(lua_State *state) {
  lua_pushboolean(state, 0);
  return 1;
}

static int debug_print(lua_State *state) {
  (void)state;
  return 0;
}

// Registering the functions of libraries

typedef struct {
  apus_text name, description;
  apus_text flags[16];
  size_t flag_count;
} declaration;

static apus_text text_at(lua_State *state, int index) {
  size_t count = 0;
  const char *text = lua_tolstring(state, index, &count);
  return (apus_text){(const uint8_t *)(text ? text : ""), count};
}

static int read_flags(lua_State *state, int index, declaration *made) {
  if (!lua_istable(state, index))
    return raise_error(state,
        "flags argument to redis.register_function must be a table representing function "
        "flags");
  for (int i = 1;; i++) {
    lua_rawgeti(state, index, i);
    if (lua_isnil(state, -1)) {
      lua_pop(state, 1);
      return 0;
    }
    if (lua_type(state, -1) != LUA_TSTRING || made->flag_count == 16)
      return raise_error(state, "unknown flag given");
    // The table of flags keeps the text alive.
    made->flags[made->flag_count++] = text_at(state, -1);
    lua_pop(state, 1);
  }
}

static int read_named(lua_State *state, declaration *made) {
  int has_name = 0, function = 0;
  if (!lua_istable(state, 1))
    return raise_error(state,
        "calling redis.register_function with a single argument is only applicable to Lua "
        "table (representing named arguments).");
  lua_pushnil(state);
  while (lua_next(state, 1)) {
    if (lua_type(state, -2) != LUA_TSTRING)
      return raise_error(state,
          "named argument key given to redis.register_function is not a string");
    const char *key = lua_tostring(state, -2);
    if (strcmp(key, "function_name") == 0) {
      if (lua_type(state, -1) != LUA_TSTRING)
        return raise_error(state,
            "function_name argument given to redis.register_function must be a string");
      made->name = text_at(state, -1);
      has_name = 1;
    } else if (strcmp(key, "description") == 0) {
      if (lua_type(state, -1) != LUA_TSTRING)
        return raise_error(state,
            "description argument given to redis.register_function must be a string");
      made->description = text_at(state, -1);
    } else if (strcmp(key, "callback") == 0) {
      if (!lua_isfunction(state, -1))
        return raise_error(state,
            "callback argument given to redis.register_function must be a function");
      lua_pushvalue(state, -1);
      function = luaL_ref(state, LUA_REGISTRYINDEX);
    } else if (strcmp(key, "flags") == 0) {
      read_flags(state, lua_gettop(state), made);
    } else {
      return raise_error(state, "unknown argument given to redis.register_function");
    }
    lua_pop(state, 1);
  }
  if (!has_name)
    return raise_error(state, "redis.register_function must get a function name argument");
  if (!function) return raise_error(state, "redis.register_function must get a callback argument");
  return function;
}

static int register_function(lua_State *state) {
  apus_lua *lua = apus_owner(state);
  // Behave as if the function did not exist.
  if (!lua->is_loading)
    return luaL_error(state, "attempt to call field 'register_function' (a nil value)");
  declaration made = {.name = {(const uint8_t *)"", 0}, .description = {(const uint8_t *)"", 0}};
  int count = lua_gettop(state), function;
  if (count == 1) {
    function = read_named(state, &made);
  } else if (count == 2) {
    if (lua_type(state, 1) != LUA_TSTRING)
      return raise_error(state, "first argument to redis.register_function must be a string");
    if (!lua_isfunction(state, 2))
      return raise_error(state, "second argument to redis.register_function must be a function");
    made.name = text_at(state, 1);
    lua_pushvalue(state, 2);
    function = luaL_ref(state, LUA_REGISTRYINDEX);
  } else {
    return raise_error(state, "wrong number of arguments to redis.register_function");
  }
  apus_text error = {(const uint8_t *)"", 0};
  lua->host.register_function(lua->host.context, &made.name, &made.description, made.flags,
                              made.flag_count, function, &error);
  if (!error.count) return 0;
  luaL_unref(state, LUA_REGISTRYINDEX, function);
  apus_push_error(state, (const char *)error.bytes, error.count);
  return lua_error(state);
}

static void set_number(lua_State *state, const char *name, double number) {
  lua_pushnumber(state, number);
  lua_setfield(state, -2, name);
}

static void set_text(lua_State *state, const char *name, const char *text) {
  lua_pushstring(state, text);
  lua_setfield(state, -2, name);
}

void apus_push_api(lua_State *state) {
  static const luaL_Reg functions[] = {
      {"call", call},
      {"pcall", call_protected},
      {"acl_check_cmd", check_access},
      {"error_reply", error_reply},
      {"status_reply", status_reply},
      {"sha1hex", sha1},
      {"log", write_log},
      {"setresp", set_protocol},
      {"replicate_commands", replicate_commands},
      {"set_repl", set_replication},
      {"breakpoint", stop_here},
      {"debug", debug_print},
      {"register_function", register_function},
      {NULL, NULL},
  };
  lua_newtable(state);
  luaL_register(state, NULL, functions);
  set_number(state, "LOG_DEBUG", 0);
  set_number(state, "LOG_VERBOSE", 1);
  set_number(state, "LOG_NOTICE", 2);
  set_number(state, "LOG_WARNING", 3);
  set_number(state, "REPL_NONE", REPLICATION_NONE);
  set_number(state, "REPL_AOF", REPLICATION_LOG);
  set_number(state, "REPL_SLAVE", REPLICATION_REPLICAS);
  set_number(state, "REPL_REPLICA", REPLICATION_REPLICAS);
  set_number(state, "REPL_ALL", REPLICATION_ALL);
  const apus_lua_host *host = &apus_owner(state)->host;
  set_text(state, "REDIS_VERSION", host->version);
  set_number(state, "REDIS_VERSION_NUM", host->version_number);
  set_text(state, "SERVER_NAME", "apus");
  set_text(state, "SERVER_VERSION", host->version);
  set_number(state, "SERVER_VERSION_NUM", host->version_number);
}
