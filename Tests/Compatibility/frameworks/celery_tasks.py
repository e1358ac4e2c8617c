"""A Celery application for the tests, with the server under test as broker and backend."""

import os
from celery import Celery

app = Celery("celery_tasks", broker=os.environ["SERVER"], backend=os.environ["SERVER"])
app.conf.update(worker_prefetch_multiplier=4, task_track_started=True, broker_connection_retry_on_startup=False)


@app.task
def add(left, right):
    return left + right


@app.task
def total(numbers):
    return sum(numbers)


@app.task(bind=True, max_retries=3)
def stumble(self, key):
    if self.request.retries < 2:
        raise self.retry(countdown=0)
    return self.request.retries
