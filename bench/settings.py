"""What a run is asked for, from the environment. Without any, every section is short; with
MX_BENCH_FULL=1 it is the whole matrix. See README.md."""
import os
import resource

FULL = os.environ.get("MX_BENCH_FULL", "0") not in ("", "0")


def number(name, short, full):
    return int(os.environ.get("MX_BENCH_" + name) or (full if FULL else short))


def words(name, short, full):
    return (os.environ.get("MX_BENCH_" + name) or (full if FULL else short)).split(",")


def numbers(name, short, full):
    return [int(word) for word in words(name, short, full)]


SECONDS = number("SECONDS", 2, 3)  # of one measurement
ROUNDS = number("ROUNDS", 3, 3)  # medians of so many, interleaved
STOLEN = number("STOLEN", 10, 10)  # percent; a round that lost more to the host is measured again
CLIENTS = numbers("CLIENTS", "16,64", "1,16,64,256")  # sysbench
TESTS = words("TESTS", "oltp_point_select", "oltp_point_select,oltp_read_only,oltp_read_write")
LOAD_CLIENTS = numbers("LOAD_CLIENTS", "16,64,256", "1,16,64,256,1000,10000")
IDLE = numbers("IDLE", "1000", "1000,10000")
RESULT_MB = number("RESULT_MB", 256, 1024)  # of the big result
STATEMENTS = number("STATEMENTS", 2000, 4000)  # that are counted, not timed


def descriptor_limit():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def raise_descriptor_limit():
    """10,000 sessions on two servers are 30,000 descriptors; root may go beyond the hard limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 200_000
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def fits(sessions, descriptors):
    """As many sessions as a process can have that needs so many descriptors for each."""
    return min(sessions, (descriptor_limit() - 500) // descriptors)
