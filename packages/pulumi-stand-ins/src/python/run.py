"""Connects the SDK to the engine, then runs the program: run.py SETTINGS-AS-JSON PROGRAM ARGUMENT..."""

import asyncio
import json
import logging
import os
import runpy
import sys
import traceback

import pulumi

TOLD_THE_USER = 32


def main() -> int:
    settings, program = json.loads(sys.argv[1]), sys.argv[2]
    runtime = pulumi.runtime
    runtime.set_all_config(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    runtime.configure(runtime.Settings(**settings))
    sys.argv = sys.argv[2:]
    folder = program if os.path.isdir(program) else os.path.dirname(program)
    sys.path[0] = folder
    # What a failed program leaves unawaited is nobody's concern.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(
            runtime.run_in_stack(lambda: runpy.run_path(program, run_name="__main__"))
        )
        return 0
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return 1
    except Exception:
        pulumi.log.error("Program failed with an unhandled exception:\n" + traceback.format_exc())
        return TOLD_THE_USER
    finally:
        loop.close()


sys.exit(main())
