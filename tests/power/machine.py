"""machine - a virtual machine of its own for signetd, whose power can be cut

Its kernel is Debian's (linux-image-cloud-amd64), its root lies in memory and holds nothing but busybox, the two programs
and their libraries; DATA lies on an ext4 disk. Cutting the power is SIGKILL to qemu: what the machine's kernel had not
written to the disk is gone, in the order in which it happened not to be written.
"""
import glob
import os
import pathlib
import shutil
import socket
import subprocess
import time

MODULES = ("virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_blk",
           "failover", "net_failover", "virtio_net")
PORTS = {"smtp": 25, "imaps": 993}

INIT = """#!/bin/busybox sh
export PATH=/bin
busybox mount -t proc proc /proc; busybox --install -s /bin
mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/pts /run /tmp /data; mount -t tmpfs tmp /tmp
for m in {modules}; do insmod /modules/$m.ko; done
ip link set lo up; ip link set eth0 up
ip address add 10.0.2.15/24 dev eth0; ip route add default via 10.0.2.2
echo {writeback} > /proc/sys/vm/dirty_writeback_centisecs
echo {expire} > /proc/sys/vm/dirty_expire_centisecs
mount -t ext4 /dev/vda /data || echo NO-DISK
signetd -d /data/signet -f -u root 2>/tmp/log >/tmp/out &
while ! grep -q ^ready /tmp/out; do
    if ! kill -0 $! 2>/dev/null; then cat /tmp/log; echo SIGNETD-ENDED; poweroff -f; fi
    sleep 0.05
done
if [ ! -e /data/filled ]; then
    {fill}
    touch /data/filled; sync
fi
echo SIGNET-READY
while read line; do $line 2>&1; echo "SIGNET-DONE $?"; done
"""


class PowerFailed(Exception):
    """The machine did not come up."""


def kernel():
    found = sorted(glob.glob("/boot/vmlinuz-*-cloud-amd64"))
    if not found:
        raise PowerFailed("no kernel: apt-get install linux-image-cloud-amd64")
    return found[-1]


def libraries(program):
    for line in subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.splitlines():
        for word in line.split():
            if word.startswith("/"):
                yield word


class Machine:
    def __init__(self, folder, programs, fill):
        """fill: shell lines that are run once, on the empty server."""
        self.folder, self.programs, self.fill = pathlib.Path(folder), pathlib.Path(programs), fill
        self.disk = self.folder / "disk"
        self.qemu, self.ports = None, {}
        with open(self.disk, "wb") as disk:
            disk.truncate(1 << 30)
        subprocess.run(["mkfs.ext4", "-q", "-F", self.disk], check=True)

    # -- its root

    def copy(self, root, path):
        there = root / str(path).lstrip("/")
        if not there.exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, there)

    def image(self, writeback):
        """Beside a lazy kernel one that writes back all the time: then some of it is on the disk, and some is not."""
        root = self.folder / "root"
        shutil.rmtree(root, ignore_errors=True)
        for sub in ("bin", "proc", "sys", "dev", "etc", "modules"):
            (root / sub).mkdir(parents=True)
        (root / "etc/passwd").write_text("root:x:0:0:root:/:/bin/sh\n")
        shutil.copy("/bin/busybox", root / "bin")
        plugins = glob.glob("/usr/lib/*/sasl2/*.so")
        for path in [self.programs / "signetd", self.programs / "signet", *plugins]:
            for library in libraries(path):
                self.copy(root, library)
        for plugin in plugins:
            self.copy(root, plugin)
        for program in ("signetd", "signet"):
            shutil.copy(self.programs / program, root / "bin")
        release = kernel().removeprefix("/boot/vmlinuz-")
        for name in MODULES:
            shutil.copy(glob.glob(f"/lib/modules/{release}/**/{name}.ko", recursive=True)[0], root / "modules")
        (root / "init").write_text(INIT.format(modules=" ".join(MODULES), fill=self.fill,
                                               writeback=1 if writeback else 500, expire=1 if writeback else 3000))
        (root / "init").chmod(0o755)
        subprocess.run("find . | cpio -o -H newc --quiet > ../image", shell=True, cwd=root, check=True)

    # -- its life

    def start(self, writeback=False):
        self.image(writeback)
        for name in PORTS:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.ports[name] = free.getsockname()[1]
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{self.ports[name]}-:{port}" for name, port in PORTS.items())
        self.qemu = subprocess.Popen(
            ["qemu-system-x86_64", "-cpu", "max", "-m", "1024", "-smp", "2", "-nographic", "-no-reboot", "-kernel", kernel(),
             "-initrd", self.folder / "image", "-append", "console=ttyS0 quiet panic=1 no_timer_check",
             "-drive", f"file={self.disk},format=raw,if=virtio,cache=writeback",
             "-netdev", f"user,id=n0{forwards}", "-device", "virtio-net-pci,netdev=n0"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return self.hear("SIGNET-READY")

    def hear(self, word):
        """What it says on its console until that word, and the line with it."""
        said = []
        for line in self.qemu.stdout:
            said.append(line.decode(errors="replace").rstrip())
            if word in said[-1]:
                return said
        raise PowerFailed("\n".join(said[-40:]))

    def run(self, command):
        """A command in the machine: its output; it must succeed."""
        self.qemu.stdin.write(command.encode() + b"\n")
        self.qemu.stdin.flush()
        said = self.hear("SIGNET-DONE")
        if not said[-1].endswith("SIGNET-DONE 0"):
            raise PowerFailed("\n".join(said))
        return "\n".join(said[:-1])

    def cut(self):
        """The power is gone."""
        if self.qemu:
            self.qemu.kill()
            self.qemu.wait()
            self.qemu.stdin.close()
            self.qemu.stdout.close()
            self.qemu = None
