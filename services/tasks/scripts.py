"""What happens inside Valkey: the keys of the queue, and each change of a task as one atomic script.

A script either happened whole or not at all, in memory and in the append-only file, so a task is never in two places
and a process may die between any two of them. A task is a hash; the stream holds the ids that wait for a worker or are
with one; the hash knows its place in the stream. Task keys are made from ids inside the scripts, which cluster mode
allows because one hash tag keeps all keys in one slot.

Nothing but counting and moving is decided here: when to retry is in retry.py.
"""

import hashlib
from dataclasses import dataclass, field

PREFIX = "{slipway}:"
STREAM = f"{PREFIX}tasks"
"""Its length is the number of tasks that wait for a worker or are with one."""
DELAYED = f"{PREFIX}tasks:delayed"
DEAD = f"{PREFIX}tasks:dead"
COUNTS = f"{PREFIX}tasks:counts"
"""Totals since the queue was made: put, done, retried, dead."""
TASK = f"{PREFIX}task:"
KEY = f"{PREFIX}key:"
FINISHED = f"{PREFIX}finished:"
GROUP = "workers"
CONSUMER = "worker"
"""All workers share it: who holds a task is told by its attempt, and no names of dead workers pile up."""


@dataclass(frozen=True)
class Script:
    """source: Lua. sha: the name that Valkey knows it by, once it has seen it."""

    source: str
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha", hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest())


def _script(body: str, *, when_full: bool = True) -> Script:
    """when_full: whether it may run when the memory is full; all that lets the queue drain must."""
    flags = " flags=allow-oom" if when_full else ""
    return Script(f"#!lua{flags}\n{_SHARED}{body}")


_SHARED = f"""
local STREAM, DELAYED, DEAD, COUNTS = '{STREAM}', '{DELAYED}', '{DEAD}', '{COUNTS}'
local TASK, KEY, FINISHED, GROUP, CONSUMER = '{TASK}', '{KEY}', '{FINISHED}', '{GROUP}', '{CONSUMER}'

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function enqueue(id)
  redis.call('HSET', TASK .. id, 'state', 'queued', 'entry', redis.call('XADD', STREAM, '*', 'id', id))
end

local function dequeue(entry)
  redis.call('XACK', STREAM, GROUP, entry)
  redis.call('XDEL', STREAM, entry)
end

-- ends a task: its answer stays for ttl, its payload goes, whoever waits is told
local function finish(id, state, field, value, ttl)
  local task = TASK .. id
  local entry, key = unpack(redis.call('HMGET', task, 'entry', 'key'))
  if entry then dequeue(entry) end
  redis.call('HSET', task, 'state', state, field, value, 'finished', now_ms())
  redis.call('HDEL', task, 'payload', 'entry')
  redis.call('PEXPIRE', task, ttl)
  if key then redis.call('PEXPIRE', KEY .. key, ttl) end
  redis.call('HINCRBY', COUNTS, state, 1)
  redis.call('PUBLISH', FINISHED .. id, state)
end

local function die(id, reason, ttl, max_dead)
  local attempts, payload = unpack(redis.call('HMGET', TASK .. id, 'attempts', 'payload'))
  redis.call('XADD', DEAD, 'MAXLEN', '~', max_dead, '*',
    'id', id, 'error', reason, 'attempts', attempts, 'payload', payload)
  finish(id, 'dead', 'error', reason, ttl)
end

-- whether this attempt still has the task; a worker thought dead may come back after another got it
local function holds(id, attempt)
  local state, attempts = unpack(redis.call('HMGET', TASK .. id, 'state', 'attempts'))
  return state == 'running' and attempts == attempt
end
"""

PUT = _script(
    """
local id, payload, key, digest, max_tasks = unpack(ARGV)
if key ~= '' then
  local known = redis.call('HMGET', KEY .. key, 'id', 'digest')
  if known[1] then return {known[2] == digest and 'known' or 'reused', known[1]} end
end
if redis.call('XLEN', STREAM) + redis.call('ZCARD', DELAYED) >= tonumber(max_tasks) then return {'full', ''} end
redis.call('HSET', TASK .. id, 'payload', payload, 'attempts', 0, 'created', now_ms())
if key ~= '' then
  redis.call('HSET', TASK .. id, 'key', key)
  redis.call('HSET', KEY .. key, 'id', id, 'digest', digest)
end
enqueue(id)
redis.call('HINCRBY', COUNTS, 'put', 1)
return {'put', id}
""",
    when_full=False,
)
"""Gives what became of it (put, known, reused, full) and the id."""

CLAIM = _script(
    """
local max_tasks, visibility, max_attempts, cursor, ttl, max_dead = unpack(ARGV)
max_tasks = tonumber(max_tasks)
local function take_stalled()
  return redis.pcall('XAUTOCLAIM', STREAM, GROUP, CONSUMER, visibility, cursor, 'COUNT', max_tasks)
end
local stalled = take_stalled()
if stalled.err and stalled.err:find('NOGROUP', 1, true) then
  -- from the stream's beginning: what a lost group had given out is given out again
  redis.call('XGROUP', 'CREATE', STREAM, GROUP, '0', 'MKSTREAM')
  stalled = take_stalled()
end
if stalled.err then return stalled end
local entries = stalled[2]

local now = now_ms()
for _, id in ipairs(redis.call('ZRANGEBYSCORE', DELAYED, '-inf', now, 'LIMIT', 0, max_tasks)) do
  redis.call('ZREM', DELAYED, id)
  enqueue(id)
end

if #entries < max_tasks then
  local room = max_tasks - #entries
  local fresh = redis.call('XREADGROUP', 'GROUP', GROUP, CONSUMER, 'COUNT', room, 'STREAMS', STREAM, '>')
  if fresh then
    for _, entry in ipairs(fresh[1][2]) do entries[#entries + 1] = entry end
  end
end

local claims = {}
for _, entry in ipairs(entries) do
  local id = entry[2][2]
  local payload, attempts = unpack(redis.call('HMGET', TASK .. id, 'payload', 'attempts'))
  if not payload then
    dequeue(entry[1])
  elseif tonumber(attempts) >= tonumber(max_attempts) then
    die(id, 'its worker ended or fell silent in each of ' .. attempts .. ' attempts', ttl, max_dead)
  else
    redis.call('HSET', TASK .. id, 'state', 'running', 'attempts', attempts + 1, 'started', now)
    claims[#claims + 1] = {id, attempts + 1, payload}
  end
end

local due = redis.call('ZRANGE', DELAYED, 0, 0, 'WITHSCORES')
local newest = redis.call('XREVRANGE', STREAM, '+', '-', 'COUNT', 1)
return {claims, stalled[1], due[2] and math.max(0, due[2] - now) or -1, newest[1] and newest[1][1] or '0-0'}
"""
)
"""Gives the claims, where to look for stalled ones next, milliseconds to the next retry (or -1), and the newest entry:
what a worker that got nothing waits behind."""

COMPLETE = _script(
    """
local id, result, ttl = unpack(ARGV)
local state = redis.call('HGET', TASK .. id, 'state')
if not state or state == 'done' or state == 'dead' then return 0 end
if state == 'failed' then redis.call('ZREM', DELAYED, id) end
redis.call('HDEL', TASK .. id, 'error')
finish(id, 'done', 'result', result, ttl)
return 1
"""
)
"""A result is right whoever brings it, so it counts also when the claim was lost meanwhile."""

FAIL = _script(
    """
local id, attempt, reason, delay, ttl, max_dead = unpack(ARGV)
if not holds(id, attempt) then return false end
if delay == '' then
  die(id, reason, ttl, max_dead)
  return 'dead'
end
dequeue(redis.call('HGET', TASK .. id, 'entry'))
redis.call('HSET', TASK .. id, 'state', 'failed', 'error', reason)
redis.call('HDEL', TASK .. id, 'entry')
redis.call('ZADD', DELAYED, now_ms() + delay, id)
redis.call('HINCRBY', COUNTS, 'retried', 1)
return 'failed'
"""
)

GIVE_BACK = _script(
    """
for i = 1, #ARGV, 2 do
  local id, attempt = ARGV[i], ARGV[i + 1]
  if holds(id, attempt) then
    dequeue(redis.call('HGET', TASK .. id, 'entry'))
    redis.call('HINCRBY', TASK .. id, 'attempts', -1)
    enqueue(id)
  end
end
"""
)

KEEP = _script(
    """
for i = 1, #ARGV, 2 do
  local id, attempt = ARGV[i], ARGV[i + 1]
  if holds(id, attempt) then
    redis.call('XCLAIM', STREAM, GROUP, CONSUMER, 0, redis.call('HGET', TASK .. id, 'entry'), 'JUSTID')
  end
end
"""
)

DEPTH = _script(
    """
local pending = redis.pcall('XPENDING', STREAM, GROUP)
local running = pending.err and 0 or pending[1]
return {redis.call('XLEN', STREAM) - running, running, redis.call('ZCARD', DELAYED), redis.call('XLEN', DEAD)}
"""
)
"""Without a group nobody has claimed anything yet."""
