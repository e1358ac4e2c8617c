"""Libraries that work by scripts: locks, rate limiters, containers and a task queue."""

import threading
import time

import pytest
import redis

RUNS = [("oracle", 1)] + [("apus", threads) for threads in (1, 4)]


@pytest.fixture(params=RUNS, ids=lambda run: f"{run[0]}-{run[1]}")
def url(request, start):
    which, threads = request.param
    return f"redis://127.0.0.1:{start(which, threads=threads).port}/0"


@pytest.fixture
def client(url):
    with redis.Redis.from_url(url) as connection:
        yield connection


def test_the_lock_of_redis_py(url, client):
    inside, most = [], []

    def work():
        with redis.Redis.from_url(url) as own:
            for _ in range(10):
                with own.lock("lock", timeout=10, blocking_timeout=20, sleep=0.001):
                    inside.append(1)
                    most.append(len(inside))
                    time.sleep(0.0005)
                    inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 40
    lock = client.lock("other", timeout=5)
    assert lock.acquire() and lock.extend(5) and lock.reacquire()
    assert not client.lock("other").acquire(blocking=False)
    lock.release()
    with pytest.raises(redis.exceptions.LockError):
        lock.release()


def test_scripts_of_redis_py(client):
    script = client.register_script("return redis.call('incrby', KEYS[1], ARGV[1])")
    assert script(keys=["n"], args=[5]) == 5
    client.script_flush()
    assert script(keys=["n"], args=[5]) == 10
    pipe = client.pipeline()
    client.script_flush()
    script(keys=["n"], args=[1], client=pipe)
    pipe.get("n")
    assert pipe.execute() == [11, b"11"]
    assert client.function_load("#!lua name=l\nredis.register_function('f', function(k, a) return a[1] end)") in ("l", b"l")
    assert client.fcall("f", 0, "x") == b"x" and len(client.function_list()) == 1


def test_redlock(url):
    from redlock import Redlock

    manager = Redlock([url], retry_count=1)
    lock = manager.lock("resource", 5000)
    assert lock and not manager.lock("resource", 1000)
    manager.unlock(lock)
    assert manager.lock("resource", 1000)


@pytest.mark.parametrize("name", ["FixedWindowRateLimiter", "MovingWindowRateLimiter", "SlidingWindowCounterRateLimiter"])
def test_rate_limiters(url, name):
    import limits
    from limits import strategies

    limiter = getattr(strategies, name)(limits.storage.storage_from_string(url))
    rate = limits.parse("20/hour")
    results = []

    def hit():
        for _ in range(10):
            results.append(limiter.hit(rate, "user"))

    threads = [threading.Thread(target=hit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count(True) == 20 and not limiter.test(rate, "user")
    assert limiter.get_window_stats(rate, "user").remaining == 0


def test_walrus(client, url):
    from walrus import Database

    database = Database.from_url(url)
    limit = database.rate_limit("limited", limit=3, per=60)
    assert [limit.limit("x") for _ in range(5)] == [False, False, False, True, True]
    with database.lock("walrus", ttl=5000):
        assert not database.lock("walrus", ttl=5000).acquire(block=False)
    words = database.Hash("hash")
    words.update(a="1", b="2")
    assert words.as_dict(decode=True) == {"a": "1", "b": "2"}


def test_dramatiq(url):
    import dramatiq
    from dramatiq.brokers.redis import RedisBroker
    from dramatiq.rate_limits import ConcurrentRateLimiter
    from dramatiq.rate_limits.backends import RedisBackend

    broker = RedisBroker(url=url)
    dramatiq.set_broker(broker)
    done, tries = [], []

    @dramatiq.actor(broker=broker)
    def note(number):
        done.append(number)

    @dramatiq.actor(broker=broker, min_backoff=10, max_backoff=20, max_retries=5)
    def stumble():
        tries.append(1)
        if len(tries) < 3:
            raise ValueError

    worker = dramatiq.Worker(broker, worker_timeout=100, worker_threads=4)
    worker.start()
    try:
        for number in range(100):
            note.send(number)
        note.send_with_options(args=(1000,), delay=50)
        stumble.send()
        deadline = time.monotonic() + 30
        while (len(done) < 101 or len(tries) < 3) and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        worker.stop()
    assert sorted(done) == [*range(100), 1000] and len(tries) == 3
    mutex = ConcurrentRateLimiter(RedisBackend(url=url), "mutex", limit=1)
    with mutex.acquire() as first, mutex.acquire(raise_on_failure=False) as second:
        assert first and not second
    broker.close()
