"""Kernels that take more than their share or try to outlive their worker, as text.

Each text is the body of a function that is called before every answer; see `attacks.PRELUDE` for
the names that it can use.
"""

from __future__ import annotations

GREEDY = {
    "private memory": """
        try:
            KEPT.append(bytearray(os.urandom(1 << 20)) * 4096)
        except MemoryError as error:
            raise ValueError("MemoryError") from error
    """,
    "children's memory": """
        for _ in range(6):
            if os.fork() == 0:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                block = bytearray(400 << 20)
                for at in range(0, len(block), 4096):
                    block[at] = 1
                time.sleep(600)
        time.sleep(60)
    """,
    "files in /dev/shm": """
        try:
            for number in range(100):
                with open(f"/dev/shm/held-by-a-kernel-{os.getpid()}-{number}", "wb") as stream:
                    stream.write(bytes(64 << 20))
        except OSError as error:
            raise ValueError(str(error)) from error
        time.sleep(60)
    """,
    "memory without a name": """
        for number in range(100):
            KEPT.append(os.memfd_create("held"))
            os.write(KEPT[-1], bytes(64 << 20))
        time.sleep(60)
    """,
    "shared pages": """
        for number in range(100):
            KEPT.append(mmap.mmap(-1, 64 << 20))
            for at in range(0, 64 << 20, 4096):
                KEPT[-1][at] = 1
        time.sleep(60)
    """,
    "System V segments": """
        LIBC.shmat.restype = ctypes.c_void_p
        for number in range(100):
            segment = LIBC.shmget(0, ctypes.c_size_t(64 << 20), 0o1600)
            call(segment)
            there = LIBC.shmat(segment, None, 0)
            ctypes.memset(there, 1, 64 << 20)
            LIBC.shmdt(ctypes.c_void_p(there))
        time.sleep(60)
    """,
}
"""What takes memory, each in another way."""

FILLING = {
    "one large file": """
        try:
            with tempfile.TemporaryFile() as stream:
                while True:
                    stream.write(bytes(16 << 20))
        except OSError as error:
            raise ValueError(str(error)) from error
    """,
    "many large files": """
        for number in range(1000):
            Path(tempfile.gettempdir(), str(number)).write_bytes(bytes(16 << 20))
        time.sleep(60)
    """,
    "removed files": """
        for number in range(1000):
            KEPT.append(tempfile.TemporaryFile())
            KEPT[-1].write(bytes(16 << 20))
            KEPT[-1].flush()
            os.fsync(KEPT[-1].fileno())
        time.sleep(60)
    """,
    "empty files": """
        for number in range(10_000_000):
            Path(tempfile.gettempdir(), f"{number}").touch()
    """,
    "files of children": """
        for number in range(1000):
            subprocess.run([sys.executable, "-S", "-c",
                "import os, sys; open(sys.argv[1], 'wb').write(os.urandom(16 << 20))",
                os.path.join(tempfile.gettempdir(), str(number))])
    """,
}
"""What fills the disk."""

MULTIPLYING = {
    "a fork bomb": """
        while True:
            try:
                os.fork()
            except OSError:
                time.sleep(0.01)
    """,
    "sleepers": """
        for _ in range(2000):
            if os.fork() == 0:
                time.sleep(600)
                os._exit(0)
        time.sleep(60)
    """,
    "sleepers that got away": """
        for _ in range(2000):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(600)
                os._exit(0)
        time.sleep(60)
    """,
}
"""What starts too many processes."""

OUTLIVING = {
    "a child": 'subprocess.Popen(["/bin/sh", "-c", WAIT])',
    "a session of its own": """
        subprocess.Popen(["/bin/sh", "-c", WAIT], start_new_session=True)
    """,
    "a daemon": """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for number in range(3, 256):
                    try:
                        os.close(number)
                    except OSError:
                        pass
                os.execve("/bin/sh", ["/bin/sh", "-c", WAIT], {})
            os._exit(0)
        os.wait()
    """,
    "a daemon that ignores signals": """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for number in range(1, 65):
                    try:
                        signal.signal(number, signal.SIG_IGN)
                    except (OSError, ValueError):
                        pass
                os.execv("/bin/sh", ["/bin/sh", "-c", WAIT])
            os._exit(0)
        os.wait()
    """,
    "a process that starts another as it ends": """
        if os.fork() == 0:
            os.setsid()
            while True:
                if os.fork():
                    os._exit(0)
                time.sleep(0.005)
                if os.path.exists(STOP):
                    os._exit(0)
    """,
    "at the end of Python": """
        import atexit
        atexit.register(lambda: subprocess.Popen(["/bin/sh", "-c", WAIT], start_new_session=True))
    """,
    "a finalizer": """
        class Last:
            def __del__(self, start=subprocess.Popen):
                start(["/bin/sh", "-c", WAIT], start_new_session=True)
        KEPT.append(Last())
        KEPT.append(KEPT)
    """,
    "a worker that ignores SIGTERM": """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        threading.Thread(target=lambda: time.sleep(600), daemon=False).start()
    """,
    "a group that kills itself": 'subprocess.Popen(["/bin/sh", "-c", WAIT]); os.killpg(0, 9)',
    "a stopped worker": "os.kill(os.getpid(), signal.SIGSTOP)",
}
"""What tries to be there after the check: the command of each holds a word that is looked for."""
