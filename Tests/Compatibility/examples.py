"""Runs the examples of one page as a reader would: examples.py PAGE SERVER.

A server listens on the usual ports of a network of its own, so that examples run as they are
written, and print what the page says they print. Must be started by `run`, which makes that network.
Python blocks of a page share their names; lines of a console block run in a shell; a block of shell
that is a whole script runs with a folder as its argument.
"""

import contextlib
import fcntl
import functools
import io
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

import documents

PROMPT = "127.0.0.1:6379> "


@functools.cache
def network():
    """The words that give a command a network of its own, or None where that is not permitted."""
    if shutil.which("unshare") is None:
        return None
    for words in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if subprocess.run([*words, "true"], capture_output=True).returncode == 0:
            return words
    return None


def run(page, server):
    """What the examples of `page` did that they should not have done, as a list of texts."""
    done = subprocess.run(
        [*network(), sys.executable, __file__, str(page), server], capture_output=True, text=True,
        timeout=90)
    if done.returncode != 0:
        return [done.stdout + done.stderr]
    return json.loads(done.stdout.splitlines()[-1])


def raise_loopback():
    """Switches on the interface `lo`, which a new network has, but down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(probe, 0x8913, request))[1]
        fcntl.ioctl(probe, 0x8914, struct.pack("16sh22x", b"lo", flags | 1))


@contextlib.contextmanager
def serving(server, folder):
    """A server on the usual ports."""
    raise_loopback()
    process = subprocess.Popen(
        [server, "--bind", "127.0.0.1", "-::1", "--memcached-port", "11211", "--threads", "2",
         "--dir", folder], stdout=subprocess.DEVNULL)
    try:
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", 6379)):
                break
            time.sleep(0.02)
        yield
    finally:
        process.kill()
        process.wait()


def different(block, printed):
    if block.output is None or printed == block.output:
        return []
    return [f"line {block.line}: printed\n{printed}\ninstead of\n{block.output}"]


def run_python(block, names, page):
    """Runs the block with the names that earlier blocks left."""
    output = io.StringIO()
    try:
        code = compile("\n" * block.line + block.text, str(page), "exec")
        with contextlib.redirect_stdout(output):
            exec(code, names)
    except Exception:
        return [f"line {block.line}: {traceback.format_exc()}"]
    return different(block, output.getvalue())


def transcript(block):
    """The requests of a console block with the replies that they should get."""
    found = []
    for line in block.text.splitlines():
        prompt = re.match(rf"\$ |{re.escape(PROMPT)}", line)
        if prompt:
            found.append([prompt[0], line[prompt.end():], []])
        else:
            found[-1][2].append(line)
    # Where prompts follow, the first line only starts the client.
    if len(found) > 1 and found[0][0] == "$ " and found[1][0] == PROMPT:
        del found[0]
    return found


def run_console(block, folder, environment):
    wrong = []
    for prompt, request, reply in transcript(block):
        if prompt == PROMPT:
            words, given = ["apus-cli", "--no-raw"], request + "\n"
        else:
            words, given = ["bash", "-c", request], None
        done = subprocess.run(
            words, input=given, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=30)
        if done.stdout.splitlines() != reply:
            wrong.append(f"line {block.line}: {request}\nprinted\n{done.stdout}\ninstead of\n"
                         + "\n".join(reply))
    return wrong


def run_script(block, folder, environment):
    done = subprocess.run(
        ["sh", "-c", block.text, "sh", folder], cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
    return [] if done.returncode == 0 else [f"line {block.line}: {done.stdout}"]


def main(page, server):
    page = pathlib.Path(page)
    names, wrong = {"__name__": "example"}, []
    programs = os.path.dirname(os.path.abspath(server))
    environment = dict(os.environ, PATH=f"{programs}:{os.environ['PATH']}", LC_ALL="C.UTF-8")
    with tempfile.TemporaryDirectory(prefix="apus-examples-") as folder, serving(server, folder):
        for block in documents.blocks(page):
            if block.language == "python" and not block.title:
                wrong += run_python(block, names, page)
            elif block.language == "console":
                wrong += run_console(block, folder, environment)
            elif block.text.startswith("#!/bin/sh"):
                wrong += run_script(block, folder, environment)
    print(json.dumps(wrong))


if __name__ == "__main__":
    main(*sys.argv[1:])
