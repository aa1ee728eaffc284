"""slow_disk - a disk that does not come to an end with a flush until the test lets it

    server.environ = slow_disk.environ(folder)   before it starts
    slow_disk.stick(folder)                      every flush that begins now waits
    slow_disk.waits(folder)                      one does
    slow_disk.free(folder)
"""
import pathlib
import subprocess

CODE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_here(void)
{
	if (access(getenv("STUCK"), F_OK) == 0)
		close(creat(getenv("WAITS"), 0600));
	while (access(getenv("STUCK"), F_OK) == 0)
		usleep(5000);
}

int fsync(int fd)
{
	wait_here();
	return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd)
{
	wait_here();
	return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
"""


def environ(folder):
    folder = pathlib.Path(folder)
    source, library = folder / "slow.c", folder / "slow.so"
    source.write_text(CODE)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "STUCK": str(folder / "stuck"), "WAITS": str(folder / "waits")}


def stick(folder):
    (pathlib.Path(folder) / "waits").unlink(missing_ok=True)
    (pathlib.Path(folder) / "stuck").touch()


def waits(folder):
    return (pathlib.Path(folder) / "waits").exists()


def free(folder):
    (pathlib.Path(folder) / "stuck").unlink(missing_ok=True)
