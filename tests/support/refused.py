"""refused.py NAME=ERRNO[,...] COMMAND...: runs the command where the kernel refuses these system calls (a seccomp
filter, as a container's profile is one); NAME may also be "memlock", the limit on locked memory, which is 0 then.
x86-64 and aarch64."""
import ctypes
import errno
import os
import platform
import resource
import struct
import sys

NUMBERS = {"io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
           "sched_setscheduler": {"x86_64": 144, "aarch64": 119}.get(platform.machine())}
PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 22, 24, 38
FILTER_MODE, CAP_IPC_LOCK = 2, 14
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06  # of 32 bits, at the place of the call's number; with a constant
ALLOW, REFUSE = 0x7FFF0000, 0x00050000


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def prctl(*arguments):
    if ctypes.CDLL(None, use_errno=True).prctl(*arguments) != 0:
        sys.exit(f"prctl{arguments[:2]}: {os.strerror(ctypes.get_errno())}")


def refuse(number, code):
    lines = [(LOAD, 0, 0, 0), (JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE | code), (RETURN, 0, 0, ALLOW)]
    text = b"".join(struct.pack("=HBBI", *line) for line in lines)
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    prctl(PR_SET_SECCOMP, FILTER_MODE, ctypes.byref(Program(len(lines), text)), 0, 0)


def forbid_locked_memory():
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    if os.geteuid() == 0:
        prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK, 0, 0, 0)  # the limit does not count for who has it


def main():
    for what in sys.argv[1].split(","):
        name, _, code = what.partition("=")
        if name == "memlock":
            forbid_locked_memory()
        else:
            refuse(NUMBERS[name], getattr(errno, code))
    os.execvp(sys.argv[2], sys.argv[2:])


main()
