"""The command line. Each command is a module, imported only when it is used."""

import argparse
import os
import sys
from collections.abc import Sequence

from ..errors import ConfigError, Misused, NotDone
from .arguments import read_arguments


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="replace")  # a pipe on a Chinese Windows is GBK, which has no emoji
    try:
        code = _run(read_arguments(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read it has enough, such as `| head -1`; Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # 128 + SIGPIPE, as a shell has it
    except ConfigError as error:
        print(f"❌ {error.detail}", file=sys.stderr)
        return 2
    except Misused as error:
        print(f"❌ {error}", file=sys.stderr)
        return 2
    except NotDone as error:
        print(f"❌ {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130  # 128 + SIGINT, as a shell has it
    return code


def _run(options: argparse.Namespace) -> int:
    match options.command:
        case "demo":
            from .demo import run_demo

            return run_demo(once=options.once)
        case "push":
            from .push import run_push

            return run_push(options)
        case "doctor":
            from .doctor import run_doctor

            return run_doctor(send=not options.no_send)
        case "test":
            from .test import run_test

            return run_test(options.names)
        case "explain":
            from .explain import run_explain

            return run_explain(options)
        case "address":
            from .address import run_address

            return run_address(options.tool)
        case "channels":
            from .channels import run_channels

            return run_channels(options.type)
        case "move":
            from .move import run_move

            return run_move(options.source, options.target)
        case "backup":
            from .backup import run_backup

            return run_backup(options.file)
        case _:
            from .run import run

            return run()
