"""meter - processor time and memory of all processes of one server"""
import os
import pathlib
import time

V2 = [pathlib.Path("/sys/fs/cgroup"), pathlib.Path("/sys/fs/cgroup/unified")]
V1 = pathlib.Path("/sys/fs/cgroup/cpuacct")


def meter(name):
    """The best meter that this machine has."""
    name = f"mailbench-{os.getpid()}-{name}"
    if (V1 / "cpuacct.usage").exists() and os.access(V1, os.W_OK):
        return Group(V1 / name, "cpuacct.usage", lambda text: int(text) / 1e9, "cgroup v1 cpuacct")
    for root in V2:
        if (root / "cgroup.controllers").exists() and os.access(root, os.W_OK):
            return Group(root / name, "cpu.stat", lambda text: int(text.split()[1]) / 1e6, "cgroup v2 cpu.stat")
    return Tree()


def parent_and_ticks(pid):
    """Of a process: its parent, and its ticks with those of the children it has waited for."""
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(words[1]), sum(map(int, words[11:15]))


class Meter:
    def adopt(self, pid):
        """Called in a new process, before it becomes the server."""

    def started(self, pid):
        """Called with each process that was started."""

    def close(self):
        pass

    def processes(self):
        return []

    def pss(self):
        """Memory in bytes; a page that several processes share is divided among them."""
        total = 0
        for pid in self.processes():
            try:
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
        return total * 1024


class Group(Meter):
    """A control group: it counts processes that have ended, too, and in nanoseconds."""

    def __init__(self, folder, file, seconds, how):
        self.folder, self.file, self.seconds, self.how = folder, file, seconds, how
        folder.mkdir()

    def adopt(self, pid):
        (self.folder / "cgroup.procs").write_text(str(pid))

    def cpu(self):
        return self.seconds((self.folder / self.file).read_text())

    def processes(self):
        return [int(pid) for pid in (self.folder / "cgroup.procs").read_text().split()]

    def close(self):
        """Remove the group; its processes are ending."""
        for _ in range(50):
            try:
                self.folder.rmdir()
                return
            except OSError:
                time.sleep(0.1)


class Tree(Meter):
    """Sums of /proc/PID/stat: the processes that live, and the dead that one of them waited for."""
    how = "/proc/PID/stat"

    def __init__(self):
        self.roots = []
        self.ticks = os.sysconf("SC_CLK_TCK")

    def started(self, pid):
        self.roots.append(pid)

    def all(self):
        """{pid: ticks} of the roots and all below them."""
        rows = {}
        for name in os.listdir("/proc"):
            try:
                rows[int(name)] = parent_and_ticks(name)
            except (ValueError, OSError):
                continue
        ours = {}
        for pid in rows:
            at = pid
            while at in rows and at not in self.roots:
                at = rows[at][0]
            if at in self.roots and at in rows:
                ours[pid] = rows[pid][1]
        return ours

    def cpu(self):
        return sum(self.all().values()) / self.ticks

    def processes(self):
        return list(self.all())
