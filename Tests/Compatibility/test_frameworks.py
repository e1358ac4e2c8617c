"""Frameworks that keep queues, results and caches in a server, with a workload of their users' kind from end to end."""

import contextlib
import os
import subprocess
import sys
import time

import pytest
import redis

import servers

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "frameworks")
sys.path.insert(0, HERE)

RUNS = [("oracle", 1)] + [("apus", threads) for threads in (1, 4)]


@pytest.fixture(params=RUNS, ids=lambda run: f"{run[0]}-{run[1]}")
def url(request, start):
    which, threads = request.param
    return f"redis://127.0.0.1:{start(which, threads=threads).port}/0"


@contextlib.contextmanager
def celery_worker(url):
    words = [sys.executable, "-m", "celery", "-A", "celery_tasks", "worker", "--concurrency", "2", "--pool", "threads",
             "--loglevel", "WARNING", "--without-gossip"]
    process = subprocess.Popen(words, cwd=HERE, env=dict(os.environ, SERVER=url), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@pytest.fixture
def celery_tasks(url, monkeypatch):
    monkeypatch.setenv("SERVER", url)
    import celery_tasks as tasks
    tasks.app.conf.update(broker_url=url, result_backend=url)
    # What an earlier test connected to is gone.
    tasks.app.close()
    for name in ("backend", "amqp", "producer_pool"):
        tasks.app.__dict__.pop(name, None)
    tasks.app._local = type(tasks.app._local)()
    return tasks


def test_celery(url, celery_tasks):
    """Tasks, a group, a chord, a retry and a countdown."""
    from celery import chord, group

    with redis.Redis.from_url(url) as connection:
        # The worker takes a lock by a script.
        if "evalsha" not in connection.command():
            pytest.skip("the server does not know scripts yet")

    with celery_worker(url):
        results = [celery_tasks.add.delay(number, 1) for number in range(60)]
        assert sum(result.get(timeout=30) for result in results) == sum(range(60)) + 60
        assert sum(group(celery_tasks.add.s(n, n) for n in range(20))().get(timeout=30)) == 2 * sum(range(20))
        chained = chord((celery_tasks.add.s(number, 1) for number in range(10)), celery_tasks.total.s())()
        assert chained.get(timeout=30) == sum(range(10)) + 10
        assert celery_tasks.stumble.delay("k").get(timeout=30) == 2
        assert celery_tasks.add.apply_async((1, 2), countdown=0.5).get(timeout=30) == 3


def test_rq(url):
    """Jobs that work, fail, depend on each other and are scheduled, with a worker that empties the queue."""
    from rq import Queue, SimpleWorker
    import rq_jobs

    with redis.Redis.from_url(url) as connection:
        queue = Queue("default", connection=connection)
        jobs = [queue.enqueue(rq_jobs.add, number, 1) for number in range(20)]
        failing = queue.enqueue(rq_jobs.fail)
        dependent = queue.enqueue(rq_jobs.add, 5, 5, depends_on=jobs[-1])
        SimpleWorker([queue], connection=connection).work(burst=True, logging_level="ERROR")
        assert sum(job.return_value() for job in jobs) == sum(range(20)) + 20
        assert failing.get_status() == "failed" and len(queue.failed_job_registry) == 1
        assert dependent.return_value() == 10


def test_rq_workers_share_a_queue(url):
    words = [os.path.join(os.path.dirname(sys.executable), "rq"), "worker", "--burst", "--url", url, "--quiet", "shared"]
    from rq import Queue
    import rq_jobs

    with redis.Redis.from_url(url) as connection:
        queue = Queue("shared", connection=connection)
        jobs = [queue.enqueue(rq_jobs.add, number, 0) for number in range(8)]
        workers = [subprocess.Popen(words, cwd=HERE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
        assert [worker.wait(60) for worker in workers] == [0, 0]
        assert [job.return_value() for job in jobs] == list(range(8))


@pytest.fixture
def django_cache(url):
    import django
    from django.conf import settings
    if not settings.configured:
        settings.configure(CACHES={})
        django.setup()
    from django_redis.cache import RedisCache
    cache = RedisCache(url, {"OPTIONS": {"CLIENT_CLASS": "django_redis.client.DefaultClient"}})
    yield cache
    cache.close()


def test_django_redis(django_cache):
    """What a Django site does with its cache: values, counters, many at once, versions, patterns, sessions."""
    cache = django_cache
    cache.set("page", {"title": "Home", "items": [1, 2, 3]}, timeout=60)
    assert cache.get("page")["items"] == [1, 2, 3] and 50 < cache.ttl("page") <= 60
    assert cache.add("page", "other") is False and cache.add("new", "value", timeout=1) is True
    cache.set("hits", 1)
    assert cache.incr("hits", 4) == 5 and cache.decr("hits") == 4
    cache.set_many({f"user:{number}": number for number in range(50)})
    assert cache.get_many([f"user:{number}" for number in range(50)])["user:7"] == 7
    assert len(list(cache.iter_keys("user:*"))) == 50 and cache.delete_pattern("user:*") == 50
    assert cache.get_or_set("lazy", lambda: "made", 10) == "made"
    cache.touch("page", 5)
    assert cache.ttl("page") <= 5
    cache.set("versioned", "one", version=1)
    cache.incr_version("versioned")
    assert cache.get("versioned", version=2) == "one"
    deadline = time.monotonic() + 5
    while cache.get("new") is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert cache.get("new") is None
    cache.clear()
    assert cache.get("page") is None


def test_redis_py_queues_and_notices(url):
    """A producer, consumers that block, and a publisher whose subscriber hears of every job."""
    import threading
    done, count = [], 200

    def consume():
        with redis.Redis.from_url(url, decode_responses=True) as client:
            while True:
                _, word = client.blpop(["jobs"], timeout=20)
                if word == "stop":
                    return
                with client.pipeline(transaction=True) as pipe:
                    pipe.incr("done").rpush("log", word).publish("notices", word)
                    done.append(pipe.execute()[0])

    with redis.Redis.from_url(url, decode_responses=True) as client:
        heard = client.pubsub(ignore_subscribe_messages=True)
        heard.subscribe("notices")
        heard.get_message(timeout=5)
        consumers = [threading.Thread(target=consume) for _ in range(4)]
        for consumer in consumers:
            consumer.start()
        for number in range(count):
            client.rpush("jobs", number)
        client.rpush("jobs", *["stop"] * 4)
        for consumer in consumers:
            consumer.join(30)
        assert sorted(done) == list(range(1, count + 1))
        words = []
        while len(words) < count and (message := heard.get_message(timeout=5)):
            words.append(message["data"])
        assert words == client.lrange("log", 0, -1)
        assert sorted(map(int, words)) == list(range(count))
        heard.close()
