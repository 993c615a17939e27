"""A disk in memory whose power can be cut at an instant: ext4 in a sealed memory file.

The image is an anonymous memory file behind a loop device. Cutting the power seals it against
writes: the kernel checks the seal for each single write under the file's lock, so that the image
holds exactly what had reached the device before that instant. What the file system above still had
in its cache fails to be written from then on and is lost, as it is when the power goes. Needs root.
"""

import ctypes
import errno
import fcntl
import os
import random
import subprocess
import threading
import time

SIZE = 256 << 20
UNMOUNT_SECONDS = 10
LIBRARY = ctypes.CDLL(None, use_errno=True)
SYNC_FILE_RANGE_WRITE = 2


class Disk:
    """An image that can be mounted, cut off and copied."""

    def __init__(self):
        self.image = os.memfd_create("tally-disk", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.truncate(self.image, SIZE)

    @property
    def path(self):
        return f"/proc/{os.getpid()}/fd/{self.image}"

    def format(self):
        run("mkfs.ext4", "-q", "-F", "-m", "0", "-J", "size=8", "-E", "lazy_itable_init=0",
            self.path)

    def cut_power(self):
        """From now on no write reaches the image."""
        fcntl.fcntl(self.image, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)

    def copy(self):
        """A disk with the same bytes that can be written to."""
        other = Disk()
        for start, end in self._parts():
            while start < end:
                start += os.copy_file_range(self.image, other.image, end - start, start, start)
        return other

    def save(self, path):
        """Writes the image to a file, which `mount -o loop` takes."""
        with open(path, "wb") as file:
            file.truncate(SIZE)
            for start, end in self._parts():
                file.seek(start)
                file.write(os.pread(self.image, end - start, start))

    def _parts(self):
        """Where the image has bytes."""
        end = 0
        while True:
            try:
                start = os.lseek(self.image, end, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:
                    return
                raise
            end = os.lseek(self.image, start, os.SEEK_HOLE)
            yield start, end

    def close(self):
        os.close(self.image)


class Mounted:
    """A disk mounted on a folder; recovers the file system's own journal first."""

    def __init__(self, disk, folder):
        self.disk = disk
        self.folder = folder

    def __enter__(self):
        run("mount", "-t", "ext4", "-o", "loop", self.disk.path, self.folder)
        return self.folder

    def __exit__(self, *_):
        end = time.monotonic() + UNMOUNT_SECONDS
        while True:
            try:
                return run("umount", self.folder)
            except AssertionError:
                if time.monotonic() > end:
                    run("umount", "--lazy", self.folder)
                    raise


class Writeback:
    """Writes parts of what nobody has synced to the disk while it runs, as a kernel may any time.

    So the disk does not hold only what was synced: later writes may be on it without earlier ones.
    """

    def __init__(self, folder, seed):
        self.folder = folder
        self.random = random.Random(seed)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def _run(self):
        while not self._end.wait(self.random.uniform(0.001, 0.03)):
            try:
                self._write_back()
            except FileNotFoundError:
                pass

    def _write_back(self):
        names = [name for name in os.listdir(self.folder) if ".db" in name]
        if not names:
            return
        path = os.path.join(self.folder, self.random.choice(names))
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(file).st_size
            start = self.random.randrange(size + 1) & -4096
            if self.random.random() < 0.1:
                LIBRARY.syncfs(file)
            else:
                LIBRARY.sync_file_range(
                    file, ctypes.c_int64(start), ctypes.c_int64(self.random.choice([0, 4096])),
                    SYNC_FILE_RANGE_WRITE)
        finally:
            os.close(file)


def run(*command):
    """Runs a command that must succeed."""
    done = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.stderr.strip()}")
